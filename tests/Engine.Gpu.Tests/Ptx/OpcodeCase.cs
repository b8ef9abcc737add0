namespace Engine.Gpu.Tests;

/// <summary>An operation on arguments of given types, and what C# makes of it. Values are bits: of floats their own, of integers the number.</summary>
internal sealed record OpcodeCase(
    Opcode Op,
    RegisterType[] Inputs,
    RegisterType Output,
    Func<KernelBuilder, Value[], Value> Build,
    Func<long[], long> Reference)
{
    /// <summary>Arguments for which the operation is defined; null for all.</summary>
    public Func<long[], bool>? IsDefined { get; init; }

    /// <summary>Relative error that the operation may have; 0 for the same bits.</summary>
    public double RelativeError { get; init; }

    /// <summary>Values worth trying.</summary>
    public static long[] Samples(RegisterType type) => type switch
    {
        RegisterType.Bool => [0, 1],
        RegisterType.Int32 => [0, 1, -1, 2, 7, -7, 31, 32, 12345, -98765, 65535, 65536, int.MaxValue, int.MinValue, int.MinValue + 1],
        RegisterType.UInt32 => [0, 1, 2, 7, 31, 32, 12345, 65535, 65536, int.MaxValue, 0x80000000, uint.MaxValue, uint.MaxValue - 1],
        RegisterType.Int64 => [0, 1, -1, 3, -3, 63, uint.MaxValue, 1L << 32, -(1L << 32), 1L << 53, long.MaxValue, long.MinValue, long.MinValue + 1, 0x123456789ABCDEF],
        RegisterType.Float32 => [.. s_float32.Select(number => (long)BitConverter.SingleToUInt32Bits(number))],
        _ => [.. s_float64.Select(BitConverter.DoubleToInt64Bits)],
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Op}({string.Join(", ", Inputs)}) as {Output}";

    private static readonly float[] s_float32 =
    [
        0, -0f, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 3.7f, -3.7f, 0.1f, 1e-3f, 1e30f, -1e30f, 3e9f, -3e9f, 1e19f,
        float.Epsilon, -float.Epsilon, 1.1754942e-38f, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 16777217, 8388609.5f,
    ];

    private static readonly double[] s_float64 =
    [
        0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 0.1, 1e-3, 1e300, -1e300, 3e9, -3e9, 1e19, -1e19, 1e-310,
        double.Epsilon, double.MaxValue, double.PositiveInfinity, double.NegativeInfinity, double.NaN, 9007199254740993, 1.0000000596046448, 1e-46, 3.5e38,
    ];
}
