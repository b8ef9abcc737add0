namespace Engine.Gpu.Tests;

/// <summary>Values at which arithmetic goes wrong.</summary>
internal static class Samples
{
    public static readonly float[] Singles =
    [
        0, -0f, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 3.14159f, 1e-40f, -1e-40f, float.Epsilon, 1e38f, -1e38f, float.MaxValue, float.MinValue,
        float.PositiveInfinity, float.NegativeInfinity, float.NaN, 2147483520f, 2147483648f, -2147483648f, 4294967296f, 127.5f, 255.5f, -128.75f, 16777217,
        65504, 65519, 65520, 1.0009766f, 6e-8f, 2.9e-8f, 0.3333333f, 1e10f,
    ];

    public static readonly double[] Doubles =
    [
        0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, Math.PI, 1e-310, 1e300, -1e300, double.MaxValue, double.PositiveInfinity, double.NegativeInfinity, double.NaN,
        2147483647.5, 2147483648, -2147483649, 4294967295.5, 9.3e18, -9.3e18, 1.9e19, 1e-50, 3.4e38, 3.5e38, 65519.99, 65520, 0.1,
    ];

    public static readonly int[] Ints = [0, 1, -1, 2, 3, -3, 7, -7, 31, 32, 33, 100, -100, 127, 128, -128, -129, 255, 256, 65535, 65536, 16777217, -16777217, int.MaxValue, int.MinValue, 0x12345678];

    public static readonly uint[] Uints = [.. Ints.Select(value => (uint)value)];

    public static readonly long[] Longs = [.. Ints.Select(value => (long)value), long.MaxValue, long.MinValue, 0x123456789ABCDEF0, 9007199254740993, 1L << 40, -(1L << 40), (1L << 62) + 1];

    public static readonly ulong[] Ulongs = [.. Longs.Select(value => (ulong)value)];

    public static readonly short[] Shorts = [0, 1, -1, 5, -5, 255, 256, 1000, short.MaxValue, short.MinValue];

    public static readonly ushort[] Ushorts = [.. Shorts.Select(value => (ushort)value)];
}
