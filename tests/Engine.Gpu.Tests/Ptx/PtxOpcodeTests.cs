using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Every operation of the kernel language in PTX: it has a row, and the rendered text computes what C# does.</summary>
[TestFixture]
internal sealed class PtxOpcodeTests
{
    private static readonly Opcode[] s_mathFunctions =
        [Opcode.Exp, Opcode.Log, Opcode.Log1p, Opcode.Expm1, Opcode.Sin, Opcode.Cos, Opcode.Tan, Opcode.Tanh, Opcode.Erf, Opcode.Pow];

    private static IEnumerable<OpcodeCase> Cases => OpcodeCases.All();

    [Test]
    public void Opcodes_All_AreCoveredHere()
    {
        Opcode[] elsewhere =
        [
            Opcode.Constant, Opcode.Parameter, Opcode.LocalId, Opcode.GroupId, Opcode.GroupCount, Opcode.Counter, Opcode.Read, Opcode.ShuffleXor,
            Opcode.RoundTf32, Opcode.PackFloat16, Opcode.PackBFloat16, Opcode.FastPowerOfTwo, // with the tensor cores
            .. s_mathFunctions,
        ];

        Assert.That(Cases.Select(row => row.Op).Concat(elsewhere).Distinct(), Is.EquivalentTo(Enum.GetValues<Opcode>()));
    }

    [TestCaseSource(nameof(s_mathFunctions))]
    public void MathFunction_InPtx_IsRefusedByName(Opcode op)
    {
        // The builder expands these for CUDA; a renderer that met one must not invent an instruction.
        GpuTarget target = PtxTarget.Ampere with { HasMathFunctions = true };
        KernelBuilder k = new("math", target, 32);
        Memory x = k.Buffer("x", DType.Float32);
        Value a = k.Load(x, k.LocalId);
        k.Store(x, k.LocalId, op == Opcode.Pow ? k.Binary(op, a, a) : k.Unary(op, a));
        Kernel kernel = k.Build();

        Assert.That(() => PtxRenderer.Render(kernel, target), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains(op.ToString()));
    }

    [TestCaseSource(nameof(Cases))]
    public void Opcode_OnSpecialValues_ComputesWhatCSharpDoes(OpcodeCase row)
    {
        foreach (GpuTarget target in (GpuTarget[])[PtxTarget.Ampere, PtxTarget.Volta])
        {
            using PtxMachine machine = new(target);
            Check(row, machine, constantSecond: null);
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Opcode_WithConstants_ComputesWhatCSharpDoes(OpcodeCase row)
    {
        if (row.Inputs.Length < 2)
        {
            Assert.That(row.Inputs, Has.Length.EqualTo(1));
            return;
        }

        using PtxMachine machine = new(PtxTarget.Ampere);
        foreach (long constant in OpcodeCase.Samples(row.Inputs[1]))
        {
            Check(row, machine, constant);
        }
    }

    /// <summary>All combinations of samples in one launch; where a constant is given, it takes the place of the second argument.</summary>
    private static void Check(OpcodeCase row, PtxMachine machine, long? constantSecond)
    {
        List<long[]> arguments = [[]];
        for (int i = 0; i < row.Inputs.Length; i++)
        {
            long[] samples = i == 1 && constantSecond is { } constant ? [constant] : OpcodeCase.Samples(row.Inputs[i]);
            arguments = [.. arguments.SelectMany(_ => samples, (head, sample) => (long[])[.. head, sample])];
        }

        arguments = [.. arguments.Where(list => row.IsDefined?.Invoke(list) ?? true)];
        if (arguments.Count == 0)
        {
            return;
        }

        const int GroupSize = 64;
        KernelBuilder k = new("opcode", machine.Target, GroupSize);
        Memory[] inputs = [.. row.Inputs.Select((type, i) => k.Buffer($"x{i}", Element(type)))];
        Memory output = k.Buffer("y", Element(row.Output));
        Value n = k.Size("n");
        Value id = k.GlobalId;
        k.If(id < n, () =>
        {
            Value[] values = [.. inputs.Select((memory, i) => i == 1 && constantSecond is { } constant ? Constant(k, row.Inputs[i], constant) : Loaded(k.Load(memory, id), row.Inputs[i]))];
            k.Store(output, id, Stored(row.Build(k, values)));
        });

        int count = arguments.Count;
        nint[] buffers = [.. row.Inputs.Select((type, i) => machine.Upload(Bytes(arguments.Select(list => list[i]), type)))];
        nint result = machine.Allocate((long)count * Width(row.Output));
        machine.Run(
            k.Build(),
            new LaunchGrid((count + GroupSize - 1) / GroupSize),
            [.. buffers.Select(buffer => KernelArgument.Buffer(buffer, 0)), KernelArgument.Buffer(result, 0), count]);

        byte[] bytes = machine.Download(result, (long)count * Width(row.Output));
        for (int i = 0; i < count; i++)
        {
            long actual = row.Output switch
            {
                RegisterType.Int64 or RegisterType.Float64 => BitConverter.ToInt64(bytes, 8 * i),
                RegisterType.Int32 or RegisterType.Bool => BitConverter.ToInt32(bytes, 4 * i),
                _ => BitConverter.ToUInt32(bytes, 4 * i),
            };
            long expected = row.Reference(arguments[i]);
            Assert.That(
                Agrees(row, expected, actual),
                $"{row.Op} of {string.Join(", ", arguments[i].Select((bits, j) => Show(row.Inputs[j], bits)))}: {Show(row.Output, actual)} instead of {Show(row.Output, expected)}\n{machine.LastText}");
        }
    }

    private static bool Agrees(OpcodeCase row, long expected, long actual)
    {
        if (!row.Output.IsFloat())
        {
            return expected == actual;
        }

        double x = Number(row.Output, expected);
        double y = Number(row.Output, actual);
        return double.IsNaN(x) ? double.IsNaN(y)
            : row.RelativeError > 0 && double.IsFinite(x) && x != 0 ? Math.Abs(x - y) <= row.RelativeError * Math.Max(1, Math.Abs(x))
            : expected == actual || (row.RelativeError > 0 && x == y);
    }

    private static DType Element(RegisterType type) => type switch
    {
        RegisterType.Float32 => DType.Float32,
        RegisterType.Float64 => DType.Float64,
        RegisterType.Int64 => DType.Int64,
        _ => DType.Int32,
    };

    private static Value Loaded(Value value, RegisterType type) => type switch
    {
        RegisterType.Bool => value.IsNot(0),
        RegisterType.UInt32 => value.As(RegisterType.UInt32),
        _ => value,
    };

    private static Value Stored(Value value) => value.Type switch
    {
        RegisterType.Bool => value.To(RegisterType.Int32),
        RegisterType.UInt32 => value.As(RegisterType.Int32),
        _ => value,
    };

    private static Value Constant(KernelBuilder k, RegisterType type, long bits) => type switch
    {
        RegisterType.Bool => k.Bool(bits != 0),
        RegisterType.Int32 => k.Int32((int)bits),
        RegisterType.UInt32 => k.UInt32((uint)bits),
        RegisterType.Int64 => k.Int64(bits),
        RegisterType.Float32 => k.Float32(BitConverter.UInt32BitsToSingle((uint)bits)),
        _ => k.Float64(BitConverter.Int64BitsToDouble(bits)),
    };

    private static byte[] Bytes(IEnumerable<long> values, RegisterType type) =>
        [.. values.SelectMany(bits => BitConverter.GetBytes(bits).AsSpan(0, Width(type)).ToArray())];

    private static int Width(RegisterType type) => type is RegisterType.Int64 or RegisterType.Float64 ? 8 : 4;

    private static double Number(RegisterType type, long bits) =>
        type == RegisterType.Float32 ? BitConverter.UInt32BitsToSingle((uint)bits) : BitConverter.Int64BitsToDouble(bits);

    private static string Show(RegisterType type, long bits) => type.IsFloat() ? $"{Number(type, bits):R} (0x{bits:x})" : $"{bits}";
}
