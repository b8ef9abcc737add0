using System.Numerics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class PoolTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    private static readonly PoolGeometry s_halving = Window(2, 2, stride: 2);

    private static readonly PoolGeometry[] s_geometries =
    [
        s_halving,
        Window(2, 2, stride: 1),
        Window(3, 3, stride: 2) with { PadH = 1, PadW = 1 },
        Window(3, 3, stride: 1) with { PadH = 1, PadW = 1, CountIncludePad = false },
        Window(1, 1, stride: 1),
        Window(1, 4, stride: 3) with { PadW = 2 },
        Window(3, 2, stride: 2) with { DilationH = 2, DilationW = 3, PadH = 1, PadW = 1 },
        Window(5, 6, stride: 5),
    ];

    [Test]
    public void Max_AnyGeometry_MatchesReference([ValueSource(nameof(s_geometries))] PoolGeometry geometry, [Values] bool nan) =>
        Compare<float>(PoolKind.Max, geometry, [2, 3, 9, 11], nan);

    [Test]
    public void Average_AnyGeometry_MatchesReference([ValueSource(nameof(s_geometries))] PoolGeometry geometry) =>
        Compare<float>(PoolKind.Average, geometry, [2, 3, 9, 11], nan: false);

    [Test]
    public void Float64_AnyGeometry_MatchesReference([ValueSource(nameof(s_geometries))] PoolGeometry geometry, [Values] PoolKind kind) =>
        Compare<double>(kind, geometry, [2, 2, 9, 11], nan: false);

    [Test]
    public void Halving_SizesAroundVectors_MatchReference([Values] PoolKind kind, [Values] bool nan)
    {
        foreach (int width in (int[])[2, 3, 4, 7, 8, 9, 15, 16, 17, 28, 30, 31, 32, 33, 34, 62, 63, 64, 65, 66, 130])
        {
            foreach (int height in (int[])[2, 3, 4, 7])
            {
                Compare<float>(kind, s_halving, [2, 2, height, width], nan && kind == PoolKind.Max);
            }
        }
    }

    [TestCase(3, 1, 1, 1)]
    [TestCase(3, 2, 1, 1)]
    [TestCase(2, 2, 1, 1)]
    [TestCase(5, 2, 2, 1)]
    [TestCase(3, 2, 0, 2)]
    [TestCase(3, 3, 1, 1)]
    public void Max_WidthsAroundVectors_MatchReference(int window, int stride, int pad, int dilation)
    {
        PoolGeometry geometry = Window(window, window, stride) with { PadH = pad, PadW = pad, DilationH = dilation, DilationW = dilation };
        foreach (int width in (int[])[3, 5, 8, 9, 15, 16, 17, 19, 31, 32, 33, 34, 35, 63, 64, 65, 66, 67])
        {
            foreach (int height in (int[])[3, 6])
            {
                Compare<float>(PoolKind.Max, geometry, [2, 2, height, width], nan: true);
                Compare<double>(PoolKind.Max, geometry, [1, 2, height, width], nan: true);
            }
        }
    }

    /// <summary>Ties go to the first cell of the window, and −∞ has a place.</summary>
    [Test]
    public void Max_EqualAndInfiniteCells_KeepTheFirstPlace([Values(1, 2)] int stride)
    {
        PoolGeometry geometry = Window(3, 3, stride) with { PadH = 1, PadW = 1 };
        Shape shape = [2, 3, 12, 41], result = [2, 3, Outputs(12, 3, stride, 1, 1), Outputs(41, 3, stride, 1, 1)];
        double[] values = [.. Grid(shape.ElementCount, 3, nan: false).Select(static v => v > 0 ? 1 : v > -0.5 ? -0.0 : double.NegativeInfinity)];
        AssertMatchesReference(
            $"stride {stride}",
            device =>
            {
                Tensor x = Make<float>(device, shape, values), y = Make<float>(device, result, new double[result.ElementCount]), places = Make<int>(device, result, new double[result.ElementCount]);
                device.Backend.PoolForward(new PoolForwardArgs { Kind = PoolKind.Max, Geometry = geometry, X = x.Operand, Y = y.Operand, Indices = places.Operand });
                return [y, places];
            },
            0,
            0);
    }

    [Test]
    public unsafe void Max_AtTheEndOfMemory_ReadsAndWritesNothingBeyond([Values(1, 2)] int stride, [Values(7, 18, 35, 68)] int width)
    {
        const int Height = 5;
        PoolGeometry geometry = Window(3, 3, stride) with { PadH = 1, PadW = 1 };
        PoolPlane plane = new(geometry, Height, width, Outputs(Height, 3, stride, 1, 1), Outputs(width, 3, stride, 1, 1));
        using GuardedMemory<float> x = new((int)plane.Size), y = new((int)plane.OutSize), values = new((int)plane.OutSize);
        using GuardedMemory<int> places = new((int)plane.OutSize);
        for (int i = 0; i < x.Count; i++)
        {
            x.Span[i] = i % 13;
        }

        using WorkerPool pool = new(1);
        PoolForwardKernel<float> kept = new(PoolKind.Max, plane, 1, x.Pointer, y.Pointer, places.Pointer, pool), plain = new(PoolKind.Max, plane, 1, x.Pointer, values.Pointer, null, pool);
        SimdDispatch.Run<float, PoolForwardKernel<float>>(Level, ref kept);
        SimdDispatch.Run<float, PoolForwardKernel<float>>(Level, ref plain);
        for (int i = 0; i < y.Count; i++)
        {
            Assert.That((y.Span[i], values.Span[i]), Is.EqualTo((x.Span[places.Span[i]], y.Span[i])), $"output {i}");
        }
    }

    [Test]
    public void ManyImages_AreSharedAmongThreads([Values] PoolKind kind)
    {
        Compare<float>(kind, s_halving, [5, 13, 44, 44], nan: false);
        Compare<float>(kind, Window(3, 3, stride: 2) with { PadH = 1, PadW = 1 }, [5, 13, 44, 44], nan: false);
        Compare<float>(kind, s_halving, [997, 67, 2, 3], nan: false);
    }

    [Test]
    public void Views_MatchReference([ValueSource(nameof(s_geometries))] PoolGeometry geometry, [Values] PoolKind kind)
    {
        Compare<float>(kind, geometry, [2, 3, 9, 11], nan: false, reversed: true);
        Compare<Half>(kind, geometry, [2, 3, 9, 11], nan: false, reversed: true);
    }

    [Test]
    public void Max_WithoutPlaces_NaNWinsAndPaddingNever()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Make<float>(Cpu, [1, 1, 2, 4], [-1, double.NaN, double.NegativeInfinity, double.NegativeInfinity, -2, -3, double.NegativeInfinity, double.NegativeInfinity]);
        Assert.That(x.MaxPool2d(2).ToArray<float>(), Is.EqualTo(new[] { float.NaN, float.NegativeInfinity }));
        Assert.That(x.MaxPool2d(3, 3, 1).ToArray<float>(), Is.EqualTo(new[] { float.NaN, float.NegativeInfinity }));
    }

    private static PoolGeometry Window(int height, int width, int stride) => new() { KernelH = height, KernelW = width, StrideH = stride, StrideW = stride };

    /// <summary>Forward with and without places, and backward.</summary>
    private void Compare<T>(PoolKind kind, PoolGeometry g, Shape shape, bool nan, bool reversed = false) where T : unmanaged, INumberBase<T>
    {
        int rows = Outputs(shape[2], g.KernelH, g.StrideH, g.PadH, g.DilationH), columns = Outputs(shape[3], g.KernelW, g.StrideW, g.PadW, g.DilationW);
        if (rows < 1 || columns < 1)
        {
            return;
        }
        Shape result = [shape[0], shape[1], rows, columns];
        double[] values = Grid(shape.ElementCount, 1, nan), gradient = Grid(result.ElementCount, 2);
        AssertMatchesReference($"{kind} {typeof(T).Name} {g} over {shape}, nan {nan}, reversed {reversed}", Run, typeof(T) == typeof(Half) ? 1e-3 : typeof(T) == typeof(double) ? 1e-15 : 1e-6, 1e-6);

        Tensor[] Run(Device device)
        {
            Tensor x = View<T>(device, shape, values), y = View<T>(device, result, new double[gradient.Length]), y2 = View<T>(device, result, new double[gradient.Length]);
            Tensor dy = View<T>(device, result, gradient), dx = View<T>(device, shape, new double[values.Length]);
            Tensor? places = kind == PoolKind.Max ? View<int>(device, result, new double[gradient.Length]) : null;
            device.Backend.PoolForward(new PoolForwardArgs { Kind = kind, Geometry = g, X = x.Operand, Y = y.Operand, Indices = places?.Operand });
            device.Backend.PoolForward(new PoolForwardArgs { Kind = kind, Geometry = g, X = x.Operand, Y = y2.Operand });
            device.Backend.PoolBackward(new PoolBackwardArgs { Geometry = g, GradY = dy.Operand, Indices = places?.Operand, GradX = dx.Operand });
            return places is null ? [y, y2, dx] : [y, y2, dx, places];
        }

        Tensor View<TElement>(Device device, Shape sizes, double[] numbers) where TElement : unmanaged, INumberBase<TElement>
        {
            if (!reversed)
            {
                return Make<TElement>(device, sizes, numbers);
            }
            int[] backwards = [.. sizes.Reverse()];
            return Make<TElement>(device, backwards, numbers).Reversed();
        }
    }

    private static int Outputs(int size, int window, int stride, int pad, int dilation)
    {
        int room = size + (2 * pad) - (dilation * (window - 1)) - 1;
        return room < 0 ? 0 : (room / stride) + 1;
    }
}
