using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Winograd's convolution wherever it is possible, whether or not a plan would choose it.</summary>
[TestFixture(TargetVariant.SmallCard)]
[TestFixture(TargetVariant.Interpreter)]
[TestFixture(TargetVariant.InterpreterSinglePrecision)]
internal sealed class WinogradTests(TargetVariant variant) : KernelFixture(variant)
{
    private static readonly MapProgram s_shiftedRelu = MapProgram.Compile(1, Expr.Relu(Expr.Input(0)) + 0.5);

    private static readonly (int Batch, int Ins, int Outs, int Height, int Width, int PadH, int PadW)[] s_geometries =
    [
        (2, 16, 16, 8, 8, 1, 1),
        (1, 20, 24, 9, 7, 1, 1),
        (3, 16, 18, 5, 6, 0, 0),
        (1, 17, 32, 6, 11, 2, 2),
        (2, 18, 19, 3, 4, 0, 1),
        (1, 32, 20, 1, 2, 2, 1),
        (5, 16, 40, 7, 7, 1, 2),
    ];

    [Test]
    public void Forward_MatchesLoops([Range(0, 6)] int geometry, [Values] Placement w, [Values] bool hasEpilogue) =>
        Forward(geometry, w, hasEpilogue, imagesAtATime: int.MaxValue, Noise(1));

    /// <summary>Some images of the batch after the others, where points of all would take too much memory; the same again gives the same bits.</summary>
    [Test]
    public void Forward_InPieces_MatchesLoops([Values(1, 2, 4)] int images)
    {
        double[] first = Forward(6, Placement.ChannelsLast, hasEpilogue: true, images, Noise(1)), second = Forward(6, Placement.ChannelsLast, hasEpilogue: true, images, Noise(1));
        Assert.That(second, Is.EqualTo(first));
    }

    /// <summary>Its launches rely on each other even where calls around it do not, and launches are kept back.</summary>
    [Test]
    public void Forward_AmongIndependentCalls_GivesTheSameBits()
    {
        double[] alone = Forward(6, Placement.ChannelsLast, hasEpilogue: true, 2, Noise(1)), among;
        using (Backend.BeginIndependent())
        {
            among = Forward(6, Placement.ChannelsLast, hasEpilogue: true, 2, Noise(1));
        }

        Assert.That(among, Is.EqualTo(alone));
    }

    [Test]
    public void ToImages_MatchesLoops([Range(0, 6)] int geometry, [Values(Placement.Dense, Placement.ChannelsLast)] Placement w)
    {
        ConvGeometry g = Geometry(geometry);
        DeviceArray filters = Array(DType.Float32, [g.OutChannels, g.InChannels, 3, 3], Noise(2), w);
        DeviceArray dy = Array(DType.Float32, [g.Batch, g.OutChannels, g.OutHeight, g.OutWidth], Noise(3), Placement.ChannelsLast);
        DeviceArray dx = Array(DType.Float32, [g.Batch, g.InChannels, g.InHeight, g.InWidth], static _ => double.NaN, Placement.ChannelsLast);
        Correlation c = WinogradPlan.Upright(GpuBackend.ToImages(g, dy, filters, dx));
        ((GpuBackend)Backend).CorrelateByWinograd(c, PlanOf(c));
        double[] expected = new double[dx.Values.Length];
        Walk(g, (atX, atW, atY) => expected[atX] += dy.Values[atY] * filters.Values[atW]);
        AssertClose($"to the images {g}", expected, dx, 2e-6, 1e-6 * Math.Sqrt(9 * g.OutChannels));
    }

    /// <summary>NaN and infinities, at edges and at corners of tiles too, reach the windows that contain them and no others.</summary>
    [Test]
    public void Forward_NotFinite_ReachesTheWindowsThatContainIt([Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double odd, [Values(0, 3, 4, 31, 36, 62)] int pixel)
    {
        const int Geometry = 1;
        ConvGeometry g = WinogradTests.Geometry(Geometry);
        int image = g.InHeight * g.InWidth;
        Func<int, double> noise = Noise(1);
        double[] result = Forward(Geometry, Placement.ChannelsLast, hasEpilogue: false, int.MaxValue, i => i == (5 * image) + pixel ? odd : noise(i));
        for (int i = 0; i < result.Length; i++)
        {
            int column = i % g.OutWidth, row = i / g.OutWidth % g.OutHeight;
            bool sees = Math.Abs(column - (pixel % g.InWidth)) <= 1 && Math.Abs(row - (pixel / g.InWidth)) <= 1;
            Assert.That(double.IsFinite(result[i]), Is.EqualTo(!sees), $"result {i}");
        }
    }

    /// <summary>Sums whose points overflow, though they do not.</summary>
    [Test]
    public void Forward_OfHugeNumbers_IsFinite() => Forward(0, Placement.ChannelsLast, hasEpilogue: false, int.MaxValue, static i => i == 9 ? 2e38 : (i % 5 * 0.5) - 1);

    [Test]
    public void Plan_ExceptWhereItIsNone()
    {
        ConvGeometry g = Geometry(0);
        Assert.Multiple(() =>
        {
            Assert.That(Plan(g, Placement.ChannelsLast, Placement.ChannelsLast), Is.Not.Null);
            Assert.That(Plan(g, Placement.Dense, Placement.ChannelsLast), Is.Null, "channels first");
            Assert.That(Plan(g, Placement.ChannelsLast, Placement.Dense), Is.Null, "channels first in the result");
            Assert.That(Plan(g with { StrideH = 2, OutHeight = 4 }, Placement.ChannelsLast, Placement.ChannelsLast), Is.Null, "stride");
            Assert.That(Plan(g with { DilationW = 2, OutWidth = 6 }, Placement.ChannelsLast, Placement.ChannelsLast), Is.Null, "dilation");
        });

        WinogradPlan? Plan(ConvGeometry geometry, Placement x, Placement y)
        {
            DeviceArray images = Array(DType.Float32, [geometry.Batch, geometry.InChannels, geometry.InHeight, geometry.InWidth], Noise(1), x);
            DeviceArray filters = Array(DType.Float32, [geometry.OutChannels, geometry.InChannels, 3, 3], Noise(2));
            return WinogradPlan.Of(GpuBackend.Forward(geometry, images, filters, Result(DType.Float32, [geometry.Batch, geometry.OutChannels, geometry.OutHeight, geometry.OutWidth], y)));
        }
    }

    /// <summary>The layers of ResNet-18 on a card with 132 multiprocessors; not images that are over before three launches are.</summary>
    [TestCase(16, 64, 56, true)]
    [TestCase(16, 128, 28, true)]
    [TestCase(16, 256, 14, true)]
    [TestCase(16, 512, 7, true)]
    [TestCase(64, 64, 8, false)]
    [TestCase(1, 64, 8, false)]
    public void Plan_IsChosenWhereItIsFaster(int images, int channels, int size, bool isChosen)
    {
        GpuTarget target = Device.Driver.Target with { ComputeUnits = 132, MaxGroupSize = 256, SharedBytes = 48 << 10 };
        Operand any = Result(DType.Float32, [1]);
        Operand x = any.With(new Layout([images, channels, size, size], [(long)channels * size * size, 1, channels * size, channels], 0));
        Operand w = any.With(new Layout([channels, channels, 3, 3], [9 * channels, 1, 3 * channels, channels], 0));
        ConvGeometry geometry = Geometry(0) with
        {
            Batch = images,
            InChannels = channels,
            OutChannels = channels,
            InHeight = size,
            InWidth = size,
            OutHeight = size,
            OutWidth = size,
        };
        Correlation c = GpuBackend.Forward(geometry, x, w, x);
        GemmPlan direct = GemmPlan.Choose(target, DType.Float32, 1, (int)c.Pixels, channels, c.Depth)!.Value;
        Assert.That(WinogradPlan.Choose(target, c, direct) is not null, Is.EqualTo(isChosen));
    }

    private double[] Forward(int geometry, Placement w, bool hasEpilogue, int imagesAtATime, Func<int, double> numbers)
    {
        ConvGeometry g = Geometry(geometry);
        DeviceArray x = Array(DType.Float32, [g.Batch, g.InChannels, g.InHeight, g.InWidth], numbers, Placement.ChannelsLast);
        DeviceArray filters = Array(DType.Float32, [g.OutChannels, g.InChannels, 3, 3], Noise(2), w), bias = Array(DType.Float32, [g.OutChannels], Noise(4));
        DeviceArray y = Array(DType.Float32, [g.Batch, g.OutChannels, g.OutHeight, g.OutWidth], static _ => double.NaN, Placement.ChannelsLast);
        Correlation c = WinogradPlan.Upright(GpuBackend.Forward(g, x, filters, y) with { Bias = hasEpilogue ? bias.Operand : null, Activation = hasEpilogue ? s_shiftedRelu : null });
        WinogradPlan plan = PlanOf(c);
        ((GpuBackend)Backend).CorrelateByWinograd(c, plan with { ImagesAtATime = Math.Min(plan.ImagesAtATime, imagesAtATime) });
        double[] expected = new double[y.Values.Length];
        Walk(g, (atX, atW, atY) => expected[atY] += x.Values[atX] * filters.Values[atW]);
        if (hasEpilogue)
        {
            for (int i = 0; i < expected.Length; i++)
            {
                expected[i] = Math.Max(expected[i] + bias.Values[i / (g.OutHeight * g.OutWidth) % g.OutChannels], 0) + 0.5;
            }
        }

        if (!expected.All(double.IsFinite))
        {
            return y.Read();
        }

        AssertClose($"forward {g}", expected, y, 2e-6, 1e-6 * Math.Sqrt(9 * g.InChannels));
        return y.Read();
    }

    private static WinogradPlan PlanOf(in Correlation c) => WinogradPlan.Of(c) ?? throw new AssertionException("no plan");

    private static ConvGeometry Geometry(int index)
    {
        (int batch, int ins, int outs, int height, int width, int padH, int padW) = s_geometries[index];
        return new ConvGeometry
        {
            Batch = batch,
            InChannels = ins,
            InHeight = height,
            InWidth = width,
            OutChannels = outs,
            OutHeight = height + (2 * padH) - 2,
            OutWidth = width + (2 * padW) - 2,
            KernelHeight = 3,
            KernelWidth = 3,
            StrideH = 1,
            StrideW = 1,
            PadH = padH,
            PadW = padW,
            DilationH = 1,
            DilationW = 1,
            Groups = 1,
        };
    }

    private static void Walk(ConvGeometry g, Action<int, int, int> term)
    {
        for (int atY = 0; atY < g.Batch * g.OutChannels * g.OutHeight * g.OutWidth; atY++)
        {
            int q = atY % g.OutWidth, p = atY / g.OutWidth % g.OutHeight, k = atY / (g.OutWidth * g.OutHeight) % g.OutChannels, n = atY / (g.OutWidth * g.OutHeight * g.OutChannels);
            for (int tap = 0; tap < g.InChannels * 9; tap++)
            {
                int h = p - g.PadH + (tap / 3 % 3), w = q - g.PadW + (tap % 3);
                if (h >= 0 && h < g.InHeight && w >= 0 && w < g.InWidth)
                {
                    term((((((n * g.InChannels) + (tap / 9)) * g.InHeight) + h) * g.InWidth) + w, (k * g.InChannels * 9) + tap, atY);
                }
            }
        }
    }
}
