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
