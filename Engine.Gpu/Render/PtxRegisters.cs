using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Engine.Gpu;

/// <summary>The virtual registers of a kernel: <c>%p</c> predicates, <c>%h</c> 16 bits, <c>%r</c> and <c>%rd</c> 32 and 64 bits, <c>%f</c> and <c>%fd</c> floats.</summary>
internal sealed class PtxRegisters
{
    private static readonly (string Prefix, string Type)[] s_classes =
        [("%p", ".pred"), ("%h", ".b16"), ("%r", ".b32"), ("%rd", ".b64"), ("%f", ".f32"), ("%fd", ".f64")];

    private readonly int[] _counts = new int[s_classes.Length];
    private readonly Dictionary<Value, string> _names = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether something is computed in double precision.</summary>
    public bool UseFloat64 => _counts[^1] > 0;

    /// <summary>A fresh register.</summary>
    public string New(RegisterType type) => Next(type switch
    {
        RegisterType.Bool => 0,
        RegisterType.Int32 or RegisterType.UInt32 => 2,
        RegisterType.Int64 => 3,
        RegisterType.Float32 => 4,
        RegisterType.Float64 => 5,
        _ => throw new UnreachableException(),
    });

    /// <summary>A fresh register of 16 bits, which only loads and stores of half precision use.</summary>
    public string NewHalf() => Next(1);

    /// <summary>The register of a value.</summary>
    public string Of(Value value)
    {
        if (!_names.TryGetValue(value, out string? name))
        {
            name = New(value.Type);
            _names.Add(value, name);
        }

        return name;
    }

    /// <summary>Declares all of them.</summary>
    public void AppendDeclarations(StringBuilder text)
    {
        for (int i = 0; i < s_classes.Length; i++)
        {
            if (_counts[i] > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"    .reg {s_classes[i].Type} {s_classes[i].Prefix}<{_counts[i]}>;\n");
            }
        }
    }

    private string Next(int kind) => string.Create(CultureInfo.InvariantCulture, $"{s_classes[kind].Prefix}{_counts[kind]++}");
}
