using ILGPU;
using NUnit.Framework;
using static Engine.Gpu.Tests.IlgpuCase;
using static Engine.Gpu.Tests.Samples;
using Half = ILGPU.Half;

namespace Engine.Gpu.Tests;

/// <summary>Arithmetic, comparisons and conversions of every type of element, compiled by ILGPU, against the same method of C#.</summary>
[TestFixture]
internal sealed class IlgpuTypeTests
{
    // Their absolute value exists.
    private static readonly int[] s_ints = [.. Ints.Where(static x => x != int.MinValue)];
    private static readonly long[] s_longs = [.. Longs.Where(static x => x != long.MinValue)];
    private static readonly System.Half[] s_halves = [.. new[] { 0f, -0f, 1, -1, 0.5f, 2.5f, -7.25f, 100, -1000, 65504, 6e-5f, 3e-8f, 0.33325f, float.PositiveInfinity, float.NaN }.Select(static x => (System.Half)x)];

    [Test]
    public void Singles() => Check(SinglesKernel, 0, Pairs(SingleSamples).X, Pairs(SingleSamples).Y, new float[Pairs(SingleSamples).X.Length]);

    [Test]
    public void Doubles() => Check(DoublesKernel, 0, Pairs(Samples.Doubles).X, Pairs(Samples.Doubles).Y, new double[Pairs(Samples.Doubles).X.Length]);

    [Test]
    public void Integers()
    {
        Check(IntsKernel, 0, Pairs(s_ints).X, Pairs(s_ints).Y, new int[Pairs(s_ints).X.Length]);
        Check(UintsKernel, 0, Pairs(Uints).X, Pairs(Uints).Y, new uint[Pairs(Uints).X.Length]);
        Check(LongsKernel, 0, Pairs(s_longs).X, Pairs(s_longs).Y, new long[Pairs(s_longs).X.Length]);
        Check(UlongsKernel, 0, Pairs(Ulongs).X, Pairs(Ulongs).Y, new ulong[Pairs(Ulongs).X.Length]);
    }

    [Test]
    public void SmallIntegers()
    {
        Check(ShortsKernel, 0, (short[])[.. Shorts], (ushort[])[.. Ushorts], new short[Shorts.Length]);
        Check(BytesKernel, 0, (byte[])[0, 1, 99, 100, 101, 127, 128, 255], (sbyte[])[0, 1, -1, 50, -50, 127, -127, 3], new byte[8]);
    }

    [Test]
    public void Halves()
    {
        // Against System.Half: ILGPU's own cuts on the host where cards round.
        (System.Half[] x, System.Half[] y) = Pairs(s_halves);
        System.Half[] z = new System.Half[x.Length];
        int[] relations = new int[x.Length];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(HalvesKernel), new LaunchGrid((x.Length + 63) / 64), x.Length, x, y, z, relations);
        for (int i = 0; i < x.Length; i++)
        {
            (System.Half a, System.Half b) = (x[i], y[i]);
            System.Half s = ((a + b) * a) - (System.Half)0.25f;
            System.Half wanted = s > b ? s / (System.Half)3f : System.Half.Abs(-s);
            Assert.That(z[i], Is.EqualTo(wanted), $"{a}, {b}");
            Assert.That(relations[i], Is.EqualTo((a < b ? 1 : 0) + (a <= b ? 2 : 0) + (a > b ? 4 : 0) + (a >= b ? 8 : 0) + (a == b ? 16 : 0) + (a != b ? 32 : 0)), $"{a}, {b}");
        }
    }

    [Test]
    public void Comparisons()
    {
        Check(CompareSinglesKernel, 0, Pairs(SingleSamples).X, Pairs(SingleSamples).Y, new int[Pairs(SingleSamples).X.Length]);
        Check(CompareDoublesKernel, 0, Pairs(Samples.Doubles).X, Pairs(Samples.Doubles).Y, new int[Pairs(Samples.Doubles).X.Length]);
        Check(CompareIntegersKernel, 0, Pairs(Ints).X, Pairs(Uints).Y, new int[Pairs(Ints).X.Length]);
        Check(BooleansKernel, 0, Pairs(Ints).X, Pairs(Ints).Y);
    }

    [Test]
    public void Conversions()
    {
        float[] x = [0, 1.5f, 2.5f, 99.9375f, 127, 0.25f, 33.5f];
        int n = x.Length;
        Check(FromSingleKernel, 0, x, new double[n], new int[n], new uint[n], new long[n], new ulong[n], new byte[n], new short[n], new Half[n]);
        Check(FromDoubleKernel, 0, (double[])[-1.5, 3e9, -3e9, 1e18, 0.9999999, 4294967295, 2147483648.5], new float[n], new int[n], new long[n], new ulong[n]);
        Check(ToFloatKernel, 0, (int[])[.. Ints], (uint[])[.. Uints], new float[Ints.Length], new double[Ints.Length]);
        Check(ToFloat64Kernel, 0, (long[])[.. Longs], (ulong[])[.. Ulongs], new float[Longs.Length], new double[Longs.Length]);
        Check(ReinterpretKernel, 0, (float[])[.. SingleSamples], new int[SingleSamples.Length], new long[SingleSamples.Length]);
    }

    [Test]
    public void Bits() => Check(BitsKernel, 0, (uint[])[.. Uints], (ulong[])[.. Ulongs.Take(Uints.Length)], new int[Uints.Length]);

    private static float[] SingleSamples => Samples.Singles;

    private static (T[] X, T[] Y) Pairs<T>(T[] values) => ([.. values.SelectMany(x => values.Select(_ => x))], [.. values.SelectMany(_ => values)]);

    private static void SinglesKernel(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<float> z)
    {
        float a = x[i], b = y[i];
        z[i] = (a * b) + (a / b) - (-a * 3f) + Math.Abs(b) + MathF.Sqrt(Math.Abs(a));
    }

    private static void DoublesKernel(Index1D i, ArrayView<double> x, ArrayView<double> y, ArrayView<double> z)
    {
        double a = x[i], b = y[i];
        z[i] = (a * b) + (a / b) - (-a * 3) + Math.Abs(b) + Math.Sqrt(Math.Abs(a));
    }

    private static void IntsKernel(Index1D i, ArrayView<int> x, ArrayView<int> y, ArrayView<int> z)
    {
        int a = x[i], b = y[i];
        int quotient = b == 0 || b == -1 ? a : (a / b) + (a % b);
        z[i] = (a * b) + quotient - (a << (b & 31)) + (a >> (b & 31)) + (a ^ b) + ((a & b) | 5) + ~a - -b + Math.Min(a, b) + (3 * Math.Max(a, b)) + Math.Abs(a);
    }

    private static void UintsKernel(Index1D i, ArrayView<uint> x, ArrayView<uint> y, ArrayView<uint> z)
    {
        uint a = x[i], b = y[i];
        uint quotient = b == 0 ? a : (a / b) + (a % b);
        z[i] = (a * b) + quotient - (a << (int)(b & 31)) + (a >> (int)(b & 31)) + (a ^ b) + ((a & b) | 5) + ~a + Math.Min(a, b) + (3 * Math.Max(a, b));
    }

    private static void LongsKernel(Index1D i, ArrayView<long> x, ArrayView<long> y, ArrayView<long> z)
    {
        long a = x[i], b = y[i];
        long quotient = b == 0 || b == -1 ? a : (a / b) + (a % b);
        z[i] = (a * b) + quotient - (a << (int)(b & 63)) + (a >> (int)(b & 63)) + (a ^ b) + ((a & b) | 5) + ~a - -b + Math.Min(a, b) + (3 * Math.Max(a, b)) + Math.Abs(a) + ((long)(int)a * (int)b);
    }

    private static void UlongsKernel(Index1D i, ArrayView<ulong> x, ArrayView<ulong> y, ArrayView<ulong> z)
    {
        ulong a = x[i], b = y[i];
        ulong quotient = b == 0 ? a : (a / b) + (a % b);
        z[i] = (a * b) + quotient - (a << (int)(b & 63)) + (a >> (int)(b & 63)) + (a ^ b) + ((a & b) | 5) + ~a + Math.Min(a, b) + (3 * Math.Max(a, b));
    }

    private static void ShortsKernel(Index1D i, ArrayView<short> x, ArrayView<ushort> y, ArrayView<short> z) =>
        z[i] = (short)((x[i] * 3) + (y[i] / 5) - (x[i] >> 2) + (y[i] >> 3) + (x[i] < y[i] ? 1 : 0));

    private static void BytesKernel(Index1D i, ArrayView<byte> x, ArrayView<sbyte> y, ArrayView<byte> z)
    {
        z[i] = (byte)((x[i] * 3) + (y[i] / 5) + (x[i] > 100 ? 1 : 0) + (y[i] < 0 ? 7 : 0));
        y[i] = (sbyte)(-y[i]);
    }

    private static void HalvesKernel(Index1D i, ArrayView<Half> x, ArrayView<Half> y, ArrayView<Half> z, ArrayView<int> relations)
    {
        Half a = x[i], b = y[i];
        Half s = (a + b) * a;
        s -= (Half)0.25f;
        relations[i] = (a < b ? 1 : 0) + (a <= b ? 2 : 0) + (a > b ? 4 : 0) + (a >= b ? 8 : 0) + (a == b ? 16 : 0) + (a != b ? 32 : 0);
        z[i] = s > b ? s / (Half)3f : Half.Abs(-s);
    }

    private static void CompareSinglesKernel(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<int> z)
    {
        float a = x[i], b = y[i];
        int negated = (!(a < b) ? 64 : 0) + (!(a >= b) ? 128 : 0) + (!(a == b) ? 256 : 0);
        int tests = (float.IsNaN(a) ? 512 : 0) + (float.IsInfinity(a) ? 1024 : 0) + (float.IsFinite(a) ? 2048 : 0);
        z[i] = (a < b ? 1 : 0) + (a <= b ? 2 : 0) + (a > b ? 4 : 0) + (a >= b ? 8 : 0) + (a == b ? 16 : 0) + (a != b ? 32 : 0) + negated + tests;
    }

    private static void CompareDoublesKernel(Index1D i, ArrayView<double> x, ArrayView<double> y, ArrayView<int> z)
    {
        double a = x[i], b = y[i];
        int negated = (!(a < b) ? 64 : 0) + (!(a >= b) ? 128 : 0) + (!(a == b) ? 256 : 0);
        int tests = (double.IsNaN(a) ? 512 : 0) + (double.IsInfinity(a) ? 1024 : 0) + (double.IsFinite(a) ? 2048 : 0);
        z[i] = (a < b ? 1 : 0) + (a <= b ? 2 : 0) + (a > b ? 4 : 0) + (a >= b ? 8 : 0) + (a == b ? 16 : 0) + (a != b ? 32 : 0) + negated + tests;
    }

    private static void CompareIntegersKernel(Index1D i, ArrayView<int> x, ArrayView<uint> y, ArrayView<int> z)
    {
        int a = x[i], b = (int)y[i];
        uint c = (uint)a, d = y[i];
        z[i] = (a < b ? 1 : 0) + (a <= b ? 2 : 0) + (a > b ? 4 : 0) + (a >= b ? 8 : 0) + (a == b ? 16 : 0) + (a != b ? 32 : 0)
            + (c < d ? 64 : 0) + (c <= d ? 128 : 0) + (c > d ? 256 : 0) + (c >= d ? 512 : 0);
    }

    private static void BooleansKernel(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        bool p = x[i] > 3, q = y[i] > 3;
        bool r = p ? q : !q;
        bool s = p ^ q;
        x[i] = r ? (s ? 3 : 4) : (s & q ? 5 : p | q ? 6 : 7);
    }

    private static void FromSingleKernel(
        Index1D i, ArrayView<float> x, ArrayView<double> a, ArrayView<int> b, ArrayView<uint> c, ArrayView<long> d, ArrayView<ulong> e, ArrayView<byte> f, ArrayView<short> g, ArrayView<Half> h)
    {
        float v = x[i];
        (a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]) = (v, (int)v, (uint)v, (long)v, (ulong)v, (byte)v, (short)v, (Half)v);
        x[i] = b[i] + (float)c[i] + (float)d[i] + (float)e[i] + f[i] + g[i] + (float)a[i] + (float)h[i];
    }

    private static void FromDoubleKernel(Index1D i, ArrayView<double> x, ArrayView<float> a, ArrayView<int> b, ArrayView<long> c, ArrayView<ulong> d)
    {
        double v = x[i];
        (a[i], b[i], c[i], d[i]) = ((float)v, (int)v, (long)v, (ulong)Math.Abs(v));
    }

    private static void ToFloatKernel(Index1D i, ArrayView<int> x, ArrayView<uint> y, ArrayView<float> a, ArrayView<double> b)
    {
        a[i] = x[i] + ((float)y[i] * 2) + (byte)x[i] + (sbyte)x[i] + (short)x[i] + (ushort)x[i];
        b[i] = x[i] + ((double)y[i] * 2) + (byte)x[i] + (sbyte)x[i] + (short)x[i] + (ushort)x[i];
    }

    private static void ToFloat64Kernel(Index1D i, ArrayView<long> x, ArrayView<ulong> y, ArrayView<float> a, ArrayView<double> b)
    {
        a[i] = (float)x[i] + ((float)y[i] * 2);
        b[i] = (double)x[i] + ((double)y[i] * 2) + (int)x[i] + (uint)y[i];
    }

    private static void ReinterpretKernel(Index1D i, ArrayView<float> x, ArrayView<int> y, ArrayView<long> z)
    {
        y[i] = (int)(Interop.FloatAsInt(x[i]) ^ 1);
        z[i] = (long)(Interop.FloatAsInt((double)x[i]) ^ 3);
        x[i] = Interop.IntAsFloat((uint)y[i]);
    }

    private static void BitsKernel(Index1D i, ArrayView<uint> x, ArrayView<ulong> y, ArrayView<int> z) =>
        z[i] = IntrinsicMath.PopCount(x[i]) + (100 * IntrinsicMath.BitOperations.LeadingZeroCount(x[i])) + (10000 * IntrinsicMath.BitOperations.TrailingZeroCount(x[i]))
            + IntrinsicMath.PopCount(y[i]) + (3 * IntrinsicMath.BitOperations.LeadingZeroCount(y[i])) + (7 * IntrinsicMath.BitOperations.TrailingZeroCount(y[i]));
}
