using System.Numerics;
using System.Runtime.InteropServices;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>All directions, element types, instruction sets and thread counts against <see cref="ConvolutionReference"/>.</summary>
internal sealed unsafe class ConvolutionTests
{
    /// <summary>
    /// Error allowed in units of the type's rounding error times the sum of the absolute products; of the largest such sum where outputs
    /// are computed in tiles, in which a small one shares the rounding errors of a large neighbour.
    /// </summary>
    private const double RoundingUnits = 16;

    private static readonly SimdLevel[] s_levels = SimdWidths.Runnable;

    private static WorkerPool[] s_pools = [];

    [OneTimeSetUp]
    public void StartPools() => s_pools = [new WorkerPool(1), new WorkerPool(2), new WorkerPool(3)];

    [OneTimeTearDown]
    public void StopPools()
    {
        foreach (WorkerPool pool in s_pools)
        {
            pool.Dispose();
        }
    }

    [TestCaseSource(typeof(ConvolutionCases), nameof(ConvolutionCases.All))]
    public void Forward_MatchesReference(ConvGeometry g)
    {
        double[] x = Values(XLength(g), 1), w = Values(WLength(g), 2), bias = Values(g.OutChannels, 3);
        foreach ((bool biased, bool relu) in new[] { (false, false), (true, true) })
        {
            (double[] y, double[] magnitude) = ConvolutionReference.Forward(g, x, w, biased ? bias : null, relu);
            Check32(Correlation.Forward(g), y, magnitude, (level, pool) => Run<float>(y.Length, x, w, biased ? bias : null,
                (px, pw, pb, py) => Convolution.Forward(g, px, pw, py, pb, relu, level, pool)));
            Check64(y, magnitude, (level, pool) => Run<double>(y.Length, x, w, biased ? bias : null,
                (px, pw, pb, py) => Convolution.Forward(g, px, pw, py, pb, relu, level, pool)));
        }
    }

    /// <summary>So many channels that the tiles of one image are taken in two blocks.</summary>
    [Test]
    public void Forward_TilesInSeveralBlocks_MatchesReference()
    {
        ConvGeometry g = ConvolutionCases.Make(1, 6000, 16, 16, 12, 3, 3, pad: (1, 1));
        double[] x = Values(XLength(g), 1), w = Values(WLength(g), 2);
        (double[] y, double[] magnitude) = ConvolutionReference.Forward(g, x, w, null, relu: false);
        Check32(Correlation.Forward(g), y, magnitude, (level, pool) => Run<float>(y.Length, x, w, null, (px, pw, pb, py) => Convolution.Forward(g, px, pw, py, pb, relu: false, level, pool)));
    }

    /// <summary>Few tiles choose another way through the filters than many; an image's results are the same.</summary>
    [TestCase(150, 140, 8, 3, 1, 1)]
    [TestCase(300, 290, 6, 3, 1, 1)]
    [TestCase(300, 290, 4, 3, 1, 1)]
    [TestCase(141, 150, 4, 3, 1, 1)]
    [TestCase(40, 70, 9, 3, 2, 1)]
    [TestCase(24, 24, 9, 3, 2, 24)]
    [TestCase(50, 40, 5, 1, 1, 1)]
    public void Forward_ImageAloneAndInABatch_GivesTheSameBits(int inChannels, int outChannels, int size, int kernel, int stride, int groups)
    {
        ConvGeometry one = ConvolutionCases.Make(1, inChannels, size, size, outChannels, kernel, kernel, stride: (stride, stride), pad: (1, 1), groups: groups);
        ConvGeometry many = one with { Batch = 33 };
        double[] x = Values(XLength(many), 1), w = Values(WLength(one), 2), bias = Values(outChannels, 3);
        foreach (SimdLevel level in s_levels)
        {
            float[] all = Run<float>(YLength(many), x, w, bias, (px, pw, pb, py) => Convolution.Forward(many, px, pw, py, pb, relu: false, level, s_pools[1]));
            foreach (int image in new[] { 0, 32 })
            {
                float[] alone = Run<float>(YLength(one), x[(image * XLength(one))..((image + 1) * XLength(one))], w, bias,
                    (px, pw, pb, py) => Convolution.Forward(one, px, pw, py, pb, relu: false, level, s_pools[1]));
                Assert.That(alone, Is.EqualTo(all[(image * YLength(one))..((image + 1) * YLength(one))]), $"{level}, image {image}");
            }
        }
    }

    [TestCase(3, 20, 70, 5, 2)]
    [TestCase(40, 36, 9, 3, 2)]
    [TestCase(5, 9, 40, 3, 1)]
    [TestCase(6, 16, 14, 5, 1)]
    [TestCase(1, 5, 31, 3, 1)]
    public void BackwardData_ImageAloneAndInABatch_GivesTheSameBits(int inChannels, int outChannels, int size, int kernel, int stride)
    {
        ConvGeometry one = ConvolutionCases.Make(1, inChannels, size, size, outChannels, kernel, kernel, stride: (stride, stride), pad: (1, 1));
        ConvGeometry many = one with { Batch = 9 };
        double[] dy = Values(YLength(many), 1), w = Values(WLength(one), 2);
        foreach (SimdLevel level in s_levels)
        {
            float[] all = Run<float>(XLength(many), dy, w, null, (py, pw, _, px) => Convolution.BackwardData(many, py, pw, px, level, s_pools[1]));
            foreach (int image in new[] { 0, 8 })
            {
                float[] alone = Run<float>(XLength(one), dy[(image * YLength(one))..((image + 1) * YLength(one))], w, null,
                    (py, pw, _, px) => Convolution.BackwardData(one, py, pw, px, level, s_pools[2]));
                Assert.That(alone, Is.EqualTo(all[(image * XLength(one))..((image + 1) * XLength(one))]), $"{level}, image {image}");
            }
        }
    }

    /// <summary>Each channel sees its own plane only: what is not a number in one, or stands behind its rows, does not reach the others.</summary>
    [Test]
    public void Depthwise_InfinityInOneChannel_ReachesNoOther()
    {
        ConvGeometry g = ConvolutionCases.Make(2, 3, 7, 9, 3, 3, 3, pad: (1, 1), groups: 3);
        double[] x = Values(XLength(g), 1), w = Values(WLength(g), 2), dy = Values(YLength(g), 3);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = i / 63 % 3 == 1 ? (i % 2 == 0 ? double.PositiveInfinity : double.NaN) : x[i];
        }

        foreach (SimdLevel level in s_levels)
        {
            float[] y = Run<float>(YLength(g), x, w, null, (px, pw, _, py) => Convolution.Forward(g, px, pw, py, null, relu: false, level, s_pools[1]));
            float[] dw = Run<float>(WLength(g), x, dy, null, (px, py, _, pw) => Convolution.BackwardWeight(g, px, py, pw, 0f, level, s_pools[1]));
            int[] reached = [.. Enumerable.Range(0, y.Length).Where(i => !float.IsFinite(y[i])).Select(i => i / 63 % 3).Distinct()];
            Assert.That(reached, Is.EqualTo(new[] { 1 }), level.ToString());
            Assert.That(Enumerable.Range(0, dw.Length).Where(i => !float.IsFinite(dw[i])), Is.EqualTo(Enumerable.Range(9, 9)), level.ToString());
        }
    }

    /// <summary>Lanes behind a row are multiplied by nothing that is not a zero: an infinite input reaches the taps that see it, and no others.</summary>
    [TestCase(7, 7, 3, 1, 1)]
    [TestCase(5, 6, 3, 0, 1)]
    [TestCase(6, 8, 5, 2, 1)]
    [TestCase(4, 13, 3, 1, 1)]
    [TestCase(5, 16, 3, 2, 1)]
    [TestCase(4, 21, 3, 1, 1)]
    [TestCase(9, 20, 3, 1, 2)]
    public void Depthwise_InfiniteInput_ReachesTheTapsThatSeeIt(int height, int width, int kernel, int pad, int stride)
    {
        ConvGeometry g = ConvolutionCases.Make(1, 2, height, width, 2, kernel, kernel, stride: (stride, stride), pad: (pad, pad), groups: 2);
        double[] w = Values(WLength(g), 2), dy = Values(YLength(g), 3);
        for (int at = 0; at < height * width; at++)
        {
            double[] x = Values(XLength(g), 1);
            x[at] = double.PositiveInfinity;
            double[] y = ConvolutionReference.Forward(g, x, w, null, relu: false).Item1, dw = ConvolutionReference.BackwardWeight(g, x, dy, w, 0).Item1;
            foreach (SimdLevel level in s_levels)
            {
                float[] ourY = Run<float>(YLength(g), x, w, null, (px, pw, _, py) => Convolution.Forward(g, px, pw, py, null, relu: false, level, s_pools[0]));
                float[] ourDw = Run<float>(WLength(g), x, dy, null, (px, py, _, pw) => Convolution.BackwardWeight(g, px, py, pw, 0f, level, s_pools[0]));
                Assert.That(ourY.Select(float.IsFinite), Is.EqualTo(y.Select(double.IsFinite)), $"outputs, {level}, input {at}");
                Assert.That(ourDw.Select(float.IsFinite), Is.EqualTo(dw.Select(double.IsFinite)), $"gradient to the weights, {level}, input {at}");
            }
        }
    }

    /// <summary>The same for other convolutions, but for those by Winograd's tiles, in which an infinite value reaches its neighbours.</summary>
    [TestCase(3, 9, 13, 7, 3, 2)]
    [TestCase(5, 30, 9, 3, 1, 2)]
    [TestCase(4, 26, 7, 1, 0, 1)]
    [TestCase(2, 3, 11, 5, 2, 1)]
    [TestCase(2, 40, 11, 5, 2, 1)]
    [TestCase(2, 9, 41, 5, 2, 2)]
    [TestCase(6, 16, 14, 5, 0, 1)]
    public void InfiniteValue_ReachesWhatSeesIt(int inChannels, int outChannels, int size, int kernel, int pad, int stride)
    {
        ConvGeometry g = ConvolutionCases.Make(1, inChannels, size, size, outChannels, kernel, kernel, stride: (stride, stride), pad: (pad, pad));
        double[] w = Values(WLength(g), 2);
        Random random = new(1);
        for (int trial = 0; trial < 6; trial++)
        {
            double[] x = Values(XLength(g), 1), dy = Values(YLength(g), 3), finiteDy = Values(YLength(g), 3);
            x[random.Next(x.Length)] = double.PositiveInfinity;
            dy[random.Next(dy.Length)] = double.NegativeInfinity;
            bool[] y = Finite(ConvolutionReference.Forward(g, x, w, null, relu: false).Item1), dx = Finite(ConvolutionReference.BackwardData(g, dy, w).Item1);
            bool[] dw = Finite(ConvolutionReference.BackwardWeight(g, x, finiteDy, w, 0).Item1);
            foreach (SimdLevel level in s_levels)
            {
                Assert.That(Finite(Run<float>(y.Length, x, w, null, (px, pw, _, py) => Convolution.Forward(g, px, pw, py, null, relu: false, level, s_pools[1]))), Is.EqualTo(y), $"outputs, {level}");
                Assert.That(Finite(Run<float>(dx.Length, dy, w, null, (py, pw, _, px) => Convolution.BackwardData(g, py, pw, px, level, s_pools[1]))), Is.EqualTo(dx), $"gradient to the input, {level}");
                Assert.That(Finite(Run<float>(dw.Length, x, finiteDy, null, (px, py, _, pw) => Convolution.BackwardWeight(g, px, py, pw, 0f, level, s_pools[1]))), Is.EqualTo(dw), $"gradient to the weights, {level}");
            }
        }

        static bool[] Finite<T>(T[] values) where T : INumber<T> => [.. values.Select(T.IsFinite)];
    }

    [TestCaseSource(typeof(ConvolutionCases), nameof(ConvolutionCases.All))]
    public void BackwardData_MatchesReference(ConvGeometry g)
    {
        double[] dy = Values(YLength(g), 1), w = Values(WLength(g), 2);
        (double[] dx, double[] magnitude) = ConvolutionReference.BackwardData(g, dy, w);
        Check32(Correlation.BackwardData(g, 0, 0), dx, magnitude, (level, pool) => Run<float>(dx.Length, dy, w, null, (py, pw, _, px) => Convolution.BackwardData(g, py, pw, px, level, pool)));
        Check64(dx, magnitude, (level, pool) => Run<double>(dx.Length, dy, w, null, (py, pw, _, px) => Convolution.BackwardData(g, py, pw, px, level, pool)));
    }

    [TestCaseSource(typeof(ConvolutionCases), nameof(ConvolutionCases.All))]
    public void BackwardWeight_MatchesReference(ConvGeometry g)
    {
        double[] x = Values(XLength(g), 1), dy = Values(YLength(g), 2), old = Values(WLength(g), 3);
        foreach (float beta in new[] { 0f, 1f, 0.5f })
        {
            (double[] dw, double[] magnitude) = ConvolutionReference.BackwardWeight(g, x, dy, old, beta);
            double[]? start = beta == 0 ? null : old;             // NaN where beta is 0: the old values must not matter
            Check32(Correlation.Forward(g), dw, magnitude, (level, pool) => Run<float>(dw.Length, x, dy, null,
                (px, py, _, pw) => Convolution.BackwardWeight(g, px, py, pw, beta, level, pool), start));
            Check64(dw, magnitude, (level, pool) => Run<double>(dw.Length, x, dy, null,
                (px, py, _, pw) => Convolution.BackwardWeight(g, px, py, pw, beta, level, pool), start));
        }
    }

    private delegate void Kernel<T>(T* a, T* b, T* c, T* result) where T : unmanaged;

    private static void Check32(Correlation task, double[] expected, double[] magnitude, Func<SimdLevel, WorkerPool, float[]> run)
    {
        bool tiled = WinogradConvolution<float, F32x4>.Suits(task);
        double[] scale = tiled && magnitude.Length > 0 ? [.. Enumerable.Repeat(magnitude.Max(), magnitude.Length)] : magnitude;
        Check(expected, scale, run, Math.Pow(2, -24));
    }

    private static void Check64(double[] expected, double[] magnitude, Func<SimdLevel, WorkerPool, double[]> run)
        => Check(expected, magnitude, run, Math.Pow(2, -53));

    private static void Check<T>(double[] expected, double[] scale, Func<SimdLevel, WorkerPool, T[]> run, double unit) where T : unmanaged, INumber<T>
    {
        foreach (SimdLevel level in s_levels)
        {
            T[] first = run(level, s_pools[0]);
            for (int i = 0; i < expected.Length; i++)
            {
                double error = Math.Abs(double.CreateChecked(first[i]) - expected[i]);
                if (!(error <= RoundingUnits * unit * scale[i]))
                {
                    Assert.Fail($"{typeof(T).Name} {level}: element {i} is {first[i]}, expected {expected[i]}; the products sum to {scale[i]} in absolute value.");
                }
            }

            foreach (WorkerPool pool in s_pools)
            {
                // Bit-equality: with NaN payloads and signed zeros, bytes are what counts.
                bool equal = MemoryMarshal.AsBytes(run(level, pool).AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(first.AsSpan()));
                Assert.That(equal, Is.True, $"{typeof(T).Name} {level}: {pool.Threads} threads gave other bits than one.");
            }
        }
    }

    /// <summary>Runs on values behind which an unreadable page begins; the result starts as NaN unless <paramref name="start"/> is given.</summary>
    private static T[] Run<T>(int resultLength, double[] a, double[] b, double[]? c, Kernel<T> kernel, double[]? start = null) where T : unmanaged, INumber<T>
    {
        using GuardedMemory<T> pa = Fill(a), pb = Fill(b), pc = Fill(c ?? []), result = Fill(start ?? [.. Enumerable.Repeat(double.NaN, resultLength)]);
        kernel(pa.Pointer, pb.Pointer, c is null ? null : pc.Pointer, result.Pointer);
        return result.Span.ToArray();

        static GuardedMemory<T> Fill(double[] values)
        {
            GuardedMemory<T> memory = new(values.Length);
            for (int i = 0; i < values.Length; i++)
            {
                memory.Pointer[i] = T.CreateTruncating(values[i]);
            }
            return memory;
        }
    }

    private static double[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (double)(float)(2 * random.NextDouble() - 1))];
    }

    private static int XLength(in ConvGeometry g) => g.Batch * g.InChannels * g.InHeight * g.InWidth;

    private static int WLength(in ConvGeometry g) => g.OutChannels * (g.InChannels / g.Groups) * g.KernelHeight * g.KernelWidth;

    private static int YLength(in ConvGeometry g) => g.Batch * g.OutChannels * g.OutHeight * g.OutWidth;
}
