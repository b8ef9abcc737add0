using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using RegexGroup = System.Text.RegularExpressions.Group;

namespace Engine.Gpu;

/// <summary>
/// The parameters of a kernel that ILGPU compiles, as they are expected from the method, and whether the text declares just these: their order
/// and sizes are no contract of ILGPU's, so another version of it must fail here and not compute with the wrong numbers.
/// </summary>
internal sealed partial class IlgpuSignature
{
    private readonly GpuApi _api;

    public IlgpuSignature(MethodInfo method, GpuApi api)
    {
        _api = api;
        Method = method;
        Parameters = [.. method.GetParameters().Select(parameter => IlgpuParameter.Of(parameter.ParameterType, api))];
        IndexRank = Parameters.Count == 0 ? 0 : RankOfIndex(Parameters[0].Type);
    }

    /// <summary>The method.</summary>
    public MethodInfo Method { get; }

    /// <summary>All parameters of the method, an index's extent among them.</summary>
    public IReadOnlyList<IlgpuParameter> Parameters { get; }

    /// <summary>How many coordinates the index has that comes first; 0 where the kernel finds its index by groups.</summary>
    public int IndexRank { get; }

    /// <summary>Dimensions of an index type of ILGPU's; 0 of any other type.</summary>
    public static int RankOfIndex(Type type) => type == typeof(Index1D) ? 1 : type == typeof(Index2D) ? 2 : type == typeof(Index3D) ? 3 : 0;

    /// <summary>Compares the parameters with the compiled ones.</summary>
    /// <exception cref="KernelCompilationException">The text declares something else.</exception>
    public void Check(string kernel, string text, bool takesSharedMemory)
    {
        if (_api == GpuApi.Cuda)
        {
            CheckPtx(kernel, text);
        }
        else
        {
            CheckOpenCl(kernel, text, takesSharedMemory);
        }
    }

    /// <summary>The arguments of a launch, in order.</summary>
    public KernelSignature ToKernelSignature(bool takesSharedMemory)
    {
        List<ParameterSlot> slots = [];
        IEnumerable<IlgpuField> views = Parameters.SelectMany(static parameter => parameter.Fields).Where(static field => field.Kind == IlgpuFieldKind.ViewStart);
        if (_api == GpuApi.OpenCl)
        {
            if (takesSharedMemory)
            {
                slots.Add(Slot("dynamic_shared_memory", ArgumentKind.SharedMemory));
                slots.Add(Slot("dynamic_shared_memory_length", ArgumentKind.Int32));
            }

            slots.AddRange(views.Select(static (view, i) => Memory($"view_{i}", ArgumentKind.Memory, view.Type)));
        }

        ParameterInfo[] parameters = Method.GetParameters();
        for (int i = 0; i < parameters.Length; i++)
        {
            AddSlots(slots, parameters[i].Name ?? $"p{i}", Parameters[i]);
        }

        return KernelSignature.Of([.. slots]);
    }

    private void AddSlots(List<ParameterSlot> slots, string name, IlgpuParameter parameter)
    {
        if (!parameter.IsStructure)
        {
            slots.Add(Slot(name, KindOf(parameter.Fields[0].Type)));
            return;
        }

        for (int word = 0; word < parameter.Size; word += sizeof(long))
        {
            IlgpuField? view = _api == GpuApi.Cuda
                ? parameter.Fields.FirstOrDefault(field => field.Kind == IlgpuFieldKind.ViewStart && field.Offset == word)
                : null;
            slots.Add(view is null ? Slot(name, ArgumentKind.Bytes) : Memory(name, ArgumentKind.Buffer, view.Type));
        }
    }

    /// <summary>How a number is passed.</summary>
    public static ArgumentKind KindOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int32 => ArgumentKind.Int32,
        TypeCode.UInt32 => ArgumentKind.UInt32,
        TypeCode.Single => ArgumentKind.Float32,
        TypeCode.Int64 or TypeCode.UInt64 => ArgumentKind.Int64,
        TypeCode.Double => ArgumentKind.Float64,
        _ => ArgumentKind.Bytes,
    };

    private static ParameterSlot Slot(string name, ArgumentKind kind) => new(name, kind, null, false, false);

    // A method does not say which of its views it writes.
    private static ParameterSlot Memory(string name, ArgumentKind kind, Type element) => new(name, kind, TensorElements.TypeOf(element), true, true);

    private void CheckPtx(string kernel, string text)
    {
        Match entry = PtxEntry().Match(text);
        MatchCollection declared = PtxParameter().Matches(entry.Groups["parameters"].Value);
        Require(kernel, entry.Success && entry.Groups["name"].Value == kernel && declared.Count == Parameters.Count, $"{declared.Count} parameters");
        ILookup<string, (int Offset, int Bits)> loads = PtxLoad().Matches(text).ToLookup(
            static load => load.Groups["name"].Value,
            static load => (load.Groups["offset"] is { Success: true } offset ? Number(offset) : 0, Number(load.Groups["bits"])));
        for (int i = 0; i < declared.Count; i++)
        {
            IlgpuParameter parameter = Parameters[i];
            RegexGroup size = declared[i].Groups["size"];
            // A number of fewer than four bytes may have a wider slot.
            bool fits = parameter.IsStructure
                ? size.Success && Number(size) == parameter.Size
                : !size.Success && Number(declared[i].Groups["bits"]) == 8 * parameter.Size;
            Require(kernel, fits, declared[i].Value.Trim());
            foreach ((int offset, int bits) in loads[declared[i].Groups["name"].Value])
            {
                Require(kernel, parameter.Fields.Any(field => field.Offset == offset && 8 * field.Size == bits), $"a load of {bits} bits at {offset} of {declared[i].Groups["name"].Value}");
            }
        }
    }

    private void CheckOpenCl(string kernel, string text, bool takesSharedMemory)
    {
        Match entry = OpenClEntry().Match(text);
        string[] declared = entry.Groups["parameters"].Value.Split(',', StringSplitOptions.TrimEntries);
        int shared = takesSharedMemory ? 2 : 0, views = Parameters.Sum(static parameter => parameter.Views);
        Require(kernel, entry.Success && entry.Groups["name"].Value == kernel && declared.Length == shared + views + Parameters.Count, $"{declared.Length} parameters");
        if (takesSharedMemory)
        {
            Require(kernel, declared[0].StartsWith("local char*", StringComparison.Ordinal) && declared[1].StartsWith("int ", StringComparison.Ordinal), declared[0]);
        }

        for (int i = 0; i < views; i++)
        {
            string view = declared[shared + i];
            Require(kernel, view.StartsWith("global ", StringComparison.Ordinal) && view.EndsWith($" view_{i}", StringComparison.Ordinal), view);
        }

        for (int i = 0; i < Parameters.Count; i++)
        {
            string declaration = declared[shared + views + i];
            string type = declaration[..Math.Max(0, declaration.LastIndexOf(' '))];
            int[] sizes = Parameters[i].IsStructure ? FieldsOf(text, type) : [SizeOfOpenCl(type)];
            Require(kernel, sizes.SequenceEqual(Parameters[i].Fields.Select(static field => field.Size)), declaration);
        }
    }

    private static int[] FieldsOf(string text, string structure)
    {
        Match definition = Regex.Match(text, $@"{Regex.Escape(structure)}\s*\{{(?<fields>[^}}]*)\}}");
        return definition.Success && structure.StartsWith("struct ", StringComparison.Ordinal)
            ? [.. definition.Groups["fields"].Value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(static field => SizeOfOpenCl(field[..Math.Max(0, field.LastIndexOf(' '))]))]
            : [];
    }

    private static int SizeOfOpenCl(string type) => type switch
    {
        "char" or "uchar" => 1,
        "short" or "ushort" or "half" => 2,
        "int" or "uint" or "float" => 4,
        "long" or "ulong" or "double" => 8,
        _ => 0,
    };

    private static int Number(RegexGroup digits) => int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    private void Require(string kernel, bool condition, string found)
    {
        if (!condition)
        {
            throw new KernelCompilationException(
                $"{kernel}: the parameters in ILGPU's text are not those of {Method} as ILGPU 1.5.3 lays them out; it has {found}. This engine works with exactly that version: look which one is beside the program.");
        }
    }

    [GeneratedRegex(@"\.visible \.entry (?<name>\w+)\((?<parameters>[^)]*)\)")]
    private static partial Regex PtxEntry();

    [GeneratedRegex(@"\.param(?: \.align \d+)? \.[bfsu](?<bits>\d+) (?<name>\w+)(?:\[(?<size>\d+)\])?")]
    private static partial Regex PtxParameter();

    [GeneratedRegex(@"ld\.param\.[bfsu](?<bits>\d+)\s+%\w+, \[(?<name>\w+)(?:\+(?<offset>\d+))?\]")]
    private static partial Regex PtxLoad();

    [GeneratedRegex(@"kernel void (?<name>\w+)\((?<parameters>[^)]*)\)")]
    private static partial Regex OpenClEntry();
}
