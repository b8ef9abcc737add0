using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixtureSource(typeof(KernelFixture), nameof(GroupLimits))]
internal sealed class PoolTests(int largestGroup) : KernelFixture(largestGroup)
{
    private static readonly PoolGeometry[] s_geometries =
    [
        Window(2, 2, stride: 2),
        Window(2, 2, stride: 1),
        Window(3, 3, stride: 2) with { PadH = 1, PadW = 1 },
        Window(3, 3, stride: 1) with { PadH = 1, PadW = 1, CountIncludePad = false },
        Window(1, 1, stride: 1),
        Window(1, 4, stride: 3) with { PadW = 2 },
        Window(3, 2, stride: 2) with { DilationH = 2, DilationW = 3, PadH = 1, PadW = 1 },
        Window(3, 3, stride: 1) with { DilationH = 3, DilationW = 2, PadH = 1, PadW = 1, CountIncludePad = false },
        Window(2, 5, stride: 4) with { DilationW = 2, CountIncludePad = false },
        Window(5, 6, stride: 5),
    ];

    [Test]
    public void Pool_AnyGeometry_MatchesLoops([ValueSource(nameof(s_geometries))] PoolGeometry geometry, [Values] PoolKind kind) =>
        Check(kind, geometry, [2, 3, 9, 11], DType.Float32, Placement.Dense);

    [Test]
    public void Pool_AnyPlacement_MatchesLoops([Values] Placement placement, [Values] PoolKind kind) =>
        Check(kind, s_geometries[6], [2, 3, 9, 11], DType.Float32, placement);

    /// <summary>Channels that fill vectors, and those that do not.</summary>
    [Test]
    public void Pool_ChannelsLast_MatchesLoops(
        [ValueSource(nameof(s_geometries))] PoolGeometry geometry, [Values] PoolKind kind, [Values(4, 6)] int channels, [Values(DType.Float32, DType.Float16)] DType dtype) =>
        Check(kind, geometry, [2, channels, 9, 11], dtype, Placement.ChannelsLast);

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void Pool_OtherTypes_MatchLoops(DType dtype)
    {
        Check(PoolKind.Max, s_geometries[2], [2, 3, 9, 11], dtype, Placement.Dense);
        Check(PoolKind.Average, s_geometries[2], [2, 3, 9, 11], dtype, Placement.Dense);
        Check(PoolKind.Max, s_geometries[2], [2, 12, 9, 11], dtype, Placement.ChannelsLast);
    }

    [TestCase(1, 1, 2, 2)]
    [TestCase(1, 1, 2, 127)]
    [TestCase(5, 1, 3, 17)]
    [TestCase(1, 1025, 2, 3)]
    [TestCase(2, 1, 2, 5000)]
    public void Pool_AnySize_MatchesLoops(int images, int channels, int height, int width)
    {
        Check(PoolKind.Max, s_geometries[0], [images, channels, height, width], DType.Float32, Placement.Dense);
        Check(PoolKind.Average, s_geometries[0], [images, channels, height, width], DType.Float32, Placement.Dense);
    }

    [Test]
    public void MaxPool_EqualAndSpecialValues_TakesTheFirstAndNaNBeforeAll()
    {
        double[] x =
        [
            3, 3, double.NaN, 1, double.NegativeInfinity, double.NegativeInfinity,
            3, 3, double.PositiveInfinity, double.NaN, double.NegativeInfinity, double.NegativeInfinity,
        ];
        DeviceArray image = Array(DType.Float32, [1, 1, 2, 6], i => x[i]);
        DeviceArray y = Result(DType.Float32, [1, 1, 1, 3]), indices = Result(DType.Int32, [1, 1, 1, 3]);
        Backend.PoolForward(new PoolForwardArgs { Kind = PoolKind.Max, Geometry = s_geometries[0], X = image, Y = y, Indices = (Operand)indices });
        Assert.That(y.Read(), Is.EqualTo(new[] { 3, double.NaN, double.NegativeInfinity }));
        Assert.That(indices.Read(), Is.EqualTo(new double[] { 0, 2, 4 }));
    }

    [Test]
    public void MaxPool_WindowInThePaddingAltogether_HasNoPlace()
    {
        PoolGeometry geometry = Window(2, 2, stride: 1) with { PadH = 1, PadW = 1, DilationH = 3, DilationW = 3 };
        DeviceArray image = Array(DType.Float32, [1, 1, 2, 2], i => i + 1);
        DeviceArray y = Result(DType.Float32, [1, 1, 1, 1]), indices = Result(DType.Int32, [1, 1, 1, 1]);
        Backend.PoolForward(new PoolForwardArgs { Kind = PoolKind.Max, Geometry = geometry, X = image, Y = y, Indices = (Operand)indices });
        Assert.That(y.Read(), Is.EqualTo(new[] { double.NegativeInfinity }));
        Assert.That(indices.Read(), Is.EqualTo(new[] { -1.0 }));
        DeviceArray dx = Result(DType.Float32, [1, 1, 2, 2]);
        Backend.PoolBackward(new PoolBackwardArgs { Geometry = geometry, GradY = y, Indices = (Operand)indices, GradX = dx });
        Assert.That(dx.Read(), Is.All.Zero);
    }

    private static PoolGeometry Window(int height, int width, int stride) => new() { KernelH = height, KernelW = width, StrideH = stride, StrideW = stride };

    private void Check(PoolKind kind, PoolGeometry g, Shape shape, DType dtype, Placement placement)
    {
        int rows = Outputs(shape[2], g.KernelH, g.StrideH, g.PadH, g.DilationH), columns = Outputs(shape[3], g.KernelW, g.StrideW, g.PadW, g.DilationW);
        Shape result = [shape[0], shape[1], rows, columns];
        Random random = new(1);
        DeviceArray x = Array(dtype, shape, _ => random.Next(-8, 8) / 4.0, placement), dy = Array(dtype, result, Noise(2), placement);
        DeviceArray y = Result(dtype, result, placement), y2 = Result(dtype, result, placement), dx = Result(dtype, shape, placement);
        DeviceArray? places = kind == PoolKind.Max ? Result(DType.Int32, result, placement) : null;
        Backend.PoolForward(new PoolForwardArgs { Kind = kind, Geometry = g, X = x, Y = y, Indices = places?.Operand });
        Backend.PoolForward(new PoolForwardArgs { Kind = kind, Geometry = g, X = x, Y = y2 });
        Backend.PoolBackward(new PoolBackwardArgs { Geometry = g, GradY = dy, Indices = places?.Operand, GradX = dx });

        (double[] expected, double[] expectedPlaces, double[] gradient) = Reference(kind, g, shape, result, x.Values, dy.Values);
        AssertClose("y", expected, y);
        AssertClose("y without places", expected, y2);
        AssertClose("dx", gradient, dx);
        if (places is not null)
        {
            Assert.That(places.Read(), Is.EqualTo(expectedPlaces));
        }
    }

    private static (double[] Y, double[] Places, double[] GradX) Reference(PoolKind kind, PoolGeometry g, Shape shape, Shape result, double[] x, double[] dy)
    {
        int height = shape[2], width = shape[3], outputs = result[2] * result[3];
        double[] y = new double[dy.Length], places = new double[dy.Length], dx = new double[x.Length];
        for (int i = 0; i < dy.Length; i++)
        {
            int plane = i / outputs * height * width, p = i % outputs / result[3], q = i % result[3];
            List<int> cells = [];
            for (int r = 0; r < g.KernelH; r++)
            {
                for (int s = 0; s < g.KernelW; s++)
                {
                    int h = (p * g.StrideH) - g.PadH + (r * g.DilationH), w = (q * g.StrideW) - g.PadW + (s * g.DilationW);
                    if (h >= 0 && h < height && w >= 0 && w < width)
                    {
                        cells.Add((h * width) + w);
                    }
                }
            }

            if (kind == PoolKind.Max)
            {
                int best = cells.Count == 0 ? -1 : cells[0];
                foreach (int cell in cells)
                {
                    best = x[plane + cell] > x[plane + best] ? cell : best;
                }

                (y[i], places[i]) = (best < 0 ? double.NegativeInfinity : x[plane + best], best);
                if (best >= 0)
                {
                    dx[plane + best] += dy[i];
                }
            }
            else
            {
                double count = g.CountIncludePad ? g.KernelH * g.KernelW : cells.Count;
                y[i] = cells.Sum(cell => x[plane + cell]) / count;
                cells.ForEach(cell => dx[plane + cell] += dy[i] / count);
            }
        }

        return (y, places, dx);
    }

    private static int Outputs(int size, int window, int stride, int pad, int dilation) => ((size + (2 * pad) - (dilation * (window - 1)) - 1) / stride) + 1;
}
