using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture(TargetVariant.Processor)]
[TestFixture(TargetVariant.Ilgpu)]
[TestFixture(TargetVariant.SmallCard)]
[TestFixture(TargetVariant.NoShared)]
[TestFixture(TargetVariant.Interpreter)]
[TestFixture(TargetVariant.InterpreterIlgpu)]
[TestFixture(TargetVariant.InterpreterSinglePrecision)]
[TestFixture(TargetVariant.InterpreterTf32)]
[TestFixture(TargetVariant.InterpreterBFloat16)]
[TestFixture(TargetVariant.InterpreterFloat16)]
internal sealed partial class ConvTests(TargetVariant variant) : KernelFixture(variant)
{
    private static readonly MapProgram s_shiftedRelu = MapProgram.Compile(1, Expr.Relu(Expr.Input(0)) + 0.5);

    private static readonly ConvGeometry[] s_geometries =
    [
        Geometries.Of(2, 3, 9, 8, 5, 3, 3),
        Geometries.Of(2, 8, 8, 8, 12, 3, 3, pad: 1),
        Geometries.Of(1, 1, 1, 1, 1, 1, 1),
        Geometries.Of(1, 1, 28, 28, 6, 5, 5, pad: 2),
        Geometries.Of(2, 4, 11, 10, 6, 3, 3, stride: 2, pad: 1),
        Geometries.Of(2, 4, 9, 9, 6, 1, 1, stride: 2),
        Geometries.Of(2, 4, 11, 12, 3, 3, 2, stride: 3, pad: 2, dilation: 2),
        Geometries.Of(1, 4, 12, 12, 4, 3, 3, stride: 2, pad: 2, dilation: 2),
        Geometries.Of(1, 2, 3, 3, 3, 5, 5, pad: 2),
        Geometries.Of(2, 6, 7, 9, 9, 3, 3, pad: 1, groups: 3),
        Geometries.Of(2, 16, 6, 6, 32, 3, 3, pad: 1, groups: 2),
        Geometries.Of(2, 7, 8, 9, 7, 3, 3, pad: 1, groups: 7),
        Geometries.Of(2, 4, 8, 8, 8, 3, 3, stride: 2, pad: 1, groups: 4),
        Geometries.Of(3, 12, 5, 4, 10, 1, 1),
        Geometries.Of(2, 20, 16, 16, 24, 1, 1),
        Geometries.Of(1, 5, 4, 4, 3, 1, 1, pad: 1),
        Geometries.Of(1, 3, 17, 1, 4, 3, 1, pad: 0),
        Geometries.Of(1, 64, 4, 4, 40, 3, 3, pad: 1),
    ];

    // More channels than a block is left to single work-items for, in both directions; the last one has enough pixels to be summed in parts.
    private static readonly ConvGeometry[] s_wideGeometries =
    [
        Geometries.Of(2, 20, 9, 8, 24, 3, 3, stride: 2, pad: 1),
        Geometries.Of(1, 18, 9, 10, 70, 3, 2, pad: 2, dilation: 2),
        Geometries.Of(2, 40, 5, 6, 48, 3, 3, pad: 1, groups: 2),
        Geometries.Of(1, 18, 1, 40, 20, 1, 5, stride: 3),
        Geometries.Of(2, 20, 33, 32, 24, 1, 1, pad: 1),
    ];

    private static readonly Placement[] s_placements = [Placement.Dense, Placement.ChannelsLast, Placement.Spaced, Placement.Flipped, Placement.Reversed];

    [Test]
    public void Conv_AnyGeometry_MatchesLoops([ValueSource(nameof(s_geometries))] ConvGeometry geometry) => new Convolution(this, geometry).Check();

    [Test]
    public void Conv_OfManyChannels_MatchesLoops([ValueSource(nameof(s_wideGeometries))] ConvGeometry geometry)
    {
        new Convolution(this, geometry) { HasBias = true, Activation = s_shiftedRelu }.Check();
        new Convolution(this, geometry) { X = Placement.ChannelsLast, W = Placement.Flipped, Y = Placement.Spaced, HasBias = true, Activation = Programs.Relu }.Check();
    }

    private static readonly ConvGeometry[] s_strided =
    [
        Geometries.Of(2, 20, 9, 8, 24, 3, 3, stride: 2, pad: 1),
        Geometries.Of(3, 24, 8, 11, 20, 1, 1, stride: 2),
        Geometries.Of(1, 18, 10, 13, 33, 3, 2, stride: 3, pad: 2, dilation: 2),
        Geometries.Of(2, 16, 12, 9, 16, 3, 3, stride: 2, pad: 2, dilation: 2),
        Geometries.Of(2, 20, 11, 8, 40, 5, 5, stride: 4, pad: 1, groups: 2),
        Geometries.Of(1, 17, 13, 16, 24, 2, 7, stride: 5, dilation: 2),
        Geometries.Of(2, 12, 9, 7, 12, 3, 3, stride: 2, pad: 1, groups: 3),
    ];

    /// <summary>The gradient to the images of a strided convolution, with results that no tap reaches, is one launch.</summary>
    [Test]
    public void ConvBackwardData_Strided_IsOneLaunch([ValueSource(nameof(s_strided))] ConvGeometry geometry, [Values(Placement.Dense, Placement.ChannelsLast)] Placement placement)
    {
        Convolution convolution = new(this, geometry) { X = placement, W = placement, Y = placement };
        convolution.Check();
        if (Device.Kernels == KernelSet.Engine)
        {
            Assert.That(convolution.LaunchesToImages, Is.EqualTo(1));
        }
    }

    /// <summary>A stride beyond the image leaves phases without results.</summary>
    [Test]
    public void ConvBackwardData_OfPhasesWithoutResults_MatchesLoops() => new Convolution(this, Geometries.Of(2, 9, 2, 3, 9, 1, 1, stride: 4)).Check();

    private static readonly ConvGeometry[] s_depthwise =
    [
        Geometries.Of(2, 8, 9, 7, 8, 3, 3, pad: 1, groups: 8),
        Geometries.Of(2, 36, 8, 11, 36, 3, 3, stride: 2, pad: 1, groups: 36),
        Geometries.Of(1, 132, 5, 6, 132, 3, 3, pad: 1, groups: 132),
        Geometries.Of(3, 6, 10, 9, 6, 5, 5, stride: 2, pad: 2, groups: 6),
        Geometries.Of(1, 5, 9, 12, 5, 7, 7, pad: 3, groups: 5),
        Geometries.Of(2, 4, 9, 8, 12, 3, 3, pad: 1, groups: 4),
        Geometries.Of(2, 6, 11, 10, 6, 3, 2, stride: 3, pad: 2, dilation: 2, groups: 3),
        Geometries.Of(2, 12, 1, 2, 12, 3, 3, pad: 1, groups: 12),
        Geometries.Of(1, 4, 12, 13, 4, 2, 1, stride: 4, groups: 4),
        Geometries.Of(5, 2, 7, 40, 2, 1, 1, groups: 2),
    ];

    /// <summary>Few channels a group: tiles whose edges lie outside, strides, dilation, more than one filter for a channel.</summary>
    [Test]
    public void Conv_Depthwise_MatchesLoops([ValueSource(nameof(s_depthwise))] ConvGeometry geometry, [ValueSource(nameof(s_placements))] Placement placement)
    {
        Convolution convolution = new(this, geometry) { X = placement, W = placement, Y = placement, HasBias = true, Activation = s_shiftedRelu };
        convolution.Check();
        if (Device.Kernels == KernelSet.Engine && !Device.Driver.Target.IsProcessor)
        {
            Assert.That(convolution.Kernels.Where(static name => name != "split_sum"), Is.EquivalentTo((string[])["conv_depthwise", "conv_depthwise_backward", "conv_weight_depthwise"]));
        }
    }

    [Test]
    public void Conv_Depthwise_OtherTypes_MatchLoops(
        [Values(DType.Float64, DType.Float16, DType.BFloat16)] DType dtype, [Values(0, 1, 5)] int geometry, [Values(Placement.Dense, Placement.ChannelsLast)] Placement placement) =>
        new Convolution(this, s_depthwise[geometry]) { Type = dtype, X = placement, Y = placement }.Check();

    [Test]
    public void Conv_Depthwise_OfSmallWholeNumbers_IsExact([Range(0, 9)] int geometry) =>
        new Convolution(this, s_depthwise[geometry]) { X = Placement.ChannelsLast, Y = Placement.ChannelsLast }.CheckWhole();

    [Test]
    public void Conv_OfSmallWholeNumbers_IsExact([Values(4, 10, 17)] int geometry) => new Convolution(this, s_geometries[geometry]).CheckWhole();

    [Test]
    public void Conv_ChannelsLast_MatchesLoops([Values(1, 4, 10, 11, 14, 17)] int geometry) =>
        new Convolution(this, s_geometries[geometry]) { X = Placement.ChannelsLast, W = Placement.ChannelsLast, Y = Placement.ChannelsLast }.Check();

    /// <summary>Strides, padding, dilation and groups with channels that are multiples of a vector: slices are copied asynchronously where nothing is converted.</summary>
    [Test]
    public void Conv_OfAlignedChannelsLast_MatchesLoops([Values(DType.Float32, DType.Float16, DType.BFloat16)] DType dtype)
    {
        if (Device.Driver.Target.Api != GpuApi.Cuda)
        {
            Assert.Ignore("asynchronous copies are CUDA's; other devices have these kernels from the other tests");
        }

        HashSet<string> kernels = [];
        foreach (ConvGeometry geometry in new[]
        {
            Geometries.Of(2, 32, 9, 8, 40, 3, 3, pad: 1), Geometries.Of(2, 32, 11, 12, 32, 3, 2, stride: 2, pad: 1), Geometries.Of(1, 24, 12, 11, 48, 3, 3, pad: 2, dilation: 2),
            Geometries.Of(2, 64, 7, 8, 64, 3, 3, pad: 1, groups: 2), Geometries.Of(3, 40, 7, 6, 32, 1, 1),
        })
        {
            Convolution convolution = new(this, geometry)
            {
                Type = dtype,
                X = Placement.ChannelsLast,
                W = Placement.ChannelsLast,
                Y = Placement.ChannelsLast,
                HasBias = true,
                Activation = s_shiftedRelu,
            };
            convolution.Check();
            kernels.UnionWith(convolution.Kernels);
        }

        bool isAsynchronous = dtype != DType.Float32 || Device.MathMode == MathMode.Tf32;
        Assert.That(kernels.Where(static name => name.Contains("async", StringComparison.Ordinal)).Select(static name => name.Split('_')[1] == "weight").Distinct().Count(), Is.EqualTo(isAsynchronous ? 2 : 0), string.Join(", ", kernels));
    }

    private static readonly ConvGeometry[] s_patches =
    [
        Geometries.Of(2, 16, 9, 7, 33, 3, 3, pad: 1),
        Geometries.Of(4, 4, 5, 6, 40, 3, 3, pad: 1),
        Geometries.Of(1, 40, 13, 30, 70, 3, 3, pad: 1),
        Geometries.Of(11, 20, 3, 2, 32, 5, 5, pad: 2),
        Geometries.Of(4, 36, 1, 1, 64, 3, 3, pad: 1),
        Geometries.Of(9, 32, 1, 9, 24, 3, 3, pad: 1),
        Geometries.Of(3, 256, 4, 5, 32, 3, 3, pad: 1),
        Geometries.Of(1, 64, 17, 19, 64, 3, 3, pad: 1),
        Geometries.Of(5, 28, 11, 5, 60, 3, 3, pad: 1),
        Geometries.Of(2, 52, 3, 60, 124, 3, 3, pad: 1),
    ];

    /// <summary>Results of the size of their image: odd sizes, several images in a tile, channels that fill no slice, sums in parts.</summary>
    [Test]
    public void Conv_OfPatches_MatchesLoops(
        [ValueSource(nameof(s_patches))] ConvGeometry geometry, [Values(DType.Float32, DType.Float16, DType.BFloat16)] DType dtype, [Values(Placement.Dense, Placement.ChannelsLast)] Placement w)
    {
        if (Device.Driver.Target.Api != GpuApi.Cuda)
        {
            Assert.Ignore("patches are CUDA's; other devices have the kernels that they run here from the other tests");
        }

        if (dtype != DType.Float32 && Device.MathMode != MathMode.Strict && !WantedDevices.AreNamed)
        {
            Assert.Ignore("operands of half precision have the same kernels in every mode of float32; ENGINE_TEST_DEVICES=cuda runs them all the same");
        }

        Convolution convolution = new(this, geometry) { Type = dtype, X = Placement.ChannelsLast, W = w, Y = Placement.ChannelsLast, HasBias = true, Activation = s_shiftedRelu };
        convolution.Check();
        bool hasTensorCores = Device.Driver.Target.HasTensorCores && (dtype != DType.Float32 || Device.MathMode != MathMode.Strict);
        if (geometry.OutWidth > 1 && Device.Kernels == KernelSet.Engine)
        {
            Assert.That(convolution.Kernels.Any(static name => name.StartsWith("conv_patch", StringComparison.Ordinal)), Is.EqualTo(hasTensorCores), string.Join(", ", convolution.Kernels));
            if (geometry.OutChannels >= 60 && geometry.InChannels is 28 or 52 or 64)
            {
                Assert.That(convolution.Kernels.Any(static name => name.StartsWith("conv_weight_patch", StringComparison.Ordinal)), Is.EqualTo(hasTensorCores), string.Join(", ", convolution.Kernels));
            }
        }
    }

    [Test]
    public void Conv_OfPatches_OfSmallWholeNumbers_IsExact([Values(0, 2, 6, 8, 9)] int geometry) =>
        new Convolution(this, s_patches[geometry]) { X = Placement.ChannelsLast, W = Placement.ChannelsLast, Y = Placement.ChannelsLast }.CheckWhole();

    /// <summary>Neighbours in memory that are no neighbours in the image (the end of a row, of an image) keep their NaN to themselves.</summary>
    [Test]
    public void Conv_OfPatches_NaN_ReachesTheWindowsThatContainIt([Values(0, 6, 7, 20, 41)] int pixel)
    {
        const int Height = 6, Width = 7, Channels = 16;
        DeviceArray y = Result(DType.Float32, [2, 8, Height, Width], Placement.ChannelsLast);
        Backend.ConvForward(new ConvForwardArgs
        {
            Geometry = Geometries.Of(2, Channels, Height, Width, 8, 3, 3, pad: 1),
            X = Array(DType.Float32, [2, Channels, Height, Width], i => i == (Channels * Height * Width) + pixel ? double.NaN : 1, Placement.ChannelsLast),
            W = Array(DType.Float32, [8, Channels, 3, 3], _ => 1, Placement.ChannelsLast),
            Y = y,
        });
        double[] result = y.Read();
        for (int i = 0; i < result.Length; i++)
        {
            int column = i % Width, row = i / Width % Height, image = i / (Width * Height * 8);
            bool sees = image == 1 && Math.Abs(column - (pixel % Width)) <= 1 && Math.Abs(row - (pixel / Width)) <= 1;
            int rows = row is 0 or Height - 1 ? 2 : 3, columns = column is 0 or Width - 1 ? 2 : 3;
            Assert.That(result[i], Is.EqualTo(sees ? double.NaN : Channels * rows * columns), $"result {i}");
        }
    }

    [Test]
    public void Conv_AnyPlacement_MatchesLoops([ValueSource(nameof(s_placements))] Placement x)
    {
        int place = System.Array.IndexOf(s_placements, x);
        foreach (int i in new[] { 4, 10, 11 })
        {
            new Convolution(this, s_geometries[i]) { X = x, W = s_placements[(place + i) % 5], Y = s_placements[(place + (2 * i)) % 5] }.Check();
        }
    }

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void Conv_OtherTypes_MatchLoops(DType dtype)
    {
        new Convolution(this, s_geometries[1]) { Type = dtype }.Check();
        new Convolution(this, s_geometries[1]) { Type = dtype, X = Placement.ChannelsLast, W = Placement.ChannelsLast, Y = Placement.ChannelsLast }.Check();
        new Convolution(this, s_geometries[11]) { Type = dtype }.Check();
    }

    [Test]
    public void ConvForward_WithEpilogue_MatchesLoops([Values(Placement.Dense, Placement.ChannelsLast)] Placement y)
    {
        foreach (int i in new[] { 10, 11, 14, 17 })
        {
            new Convolution(this, s_geometries[i]) { Y = y, HasBias = true, Activation = s_shiftedRelu }.Check();
        }
    }

    [Test]
    public void Conv_Twice_GivesTheSameBits()
    {
        Convolution convolution = new(this, Geometries.Of(4, 12, 10, 10, 9, 3, 3, pad: 1));
        double[][] first = convolution.Run();
        double[][] second = convolution.Run();
        for (int i = 0; i < first.Length; i++)
        {
            Assert.That(second[i], Is.EqualTo(first[i]));
        }
    }

    [Test]
    public void ConvForward_NaN_ReachesTheWindowsThatContainIt()
    {
        ConvGeometry g = Geometries.Of(1, 2, 6, 6, 3, 3, 3);
        DeviceArray y = Result(DType.Float32, [1, 3, 4, 4]);
        Backend.ConvForward(new ConvForwardArgs
        {
            Geometry = g,
            X = Array(DType.Float32, [1, 2, 6, 6], i => i == 0 ? double.NaN : 1),
            W = Array(DType.Float32, [3, 2, 3, 3], _ => 1),
            Y = y,
        });
        double[] result = y.Read();
        for (int i = 0; i < result.Length; i++)
        {
            Assert.That(result[i], Is.EqualTo(i % 16 == 0 ? double.NaN : 18), $"result {i}");
        }
    }

    /// <summary>A result and how its factors were rounded.</summary>
    private readonly record struct Ran(DeviceArray Result, Factors Factors);

    /// <summary>One convolution in all three directions, and its definition.</summary>
    private sealed class Convolution(ConvTests test, ConvGeometry g)
    {
        private readonly Shape _x = [g.Batch, g.InChannels, g.InHeight, g.InWidth];
        private readonly Shape _w = [g.OutChannels, g.InChannels / g.Groups, g.KernelHeight, g.KernelWidth];
        private readonly Shape _y = [g.Batch, g.OutChannels, g.OutHeight, g.OutWidth];

        public DType Type { get; init; } = DType.Float32;

        public Placement X { get; init; }

        public Placement W { get; init; }

        public Placement Y { get; init; }

        public bool HasBias { get; init; }

        public MapProgram? Activation { get; init; }

        /// <summary>Launches of the latest gradient to the images.</summary>
        public int LaunchesToImages { get; private set; }

        /// <summary>The kernels that ran.</summary>
        public HashSet<string> Kernels { get; } = [];

        public void Check()
        {
            double unit = Type switch { DType.Float16 => 3e-3, DType.BFloat16 => 3e-2, DType.Float32 => 3e-6, _ => 1e-13 };
            DeviceArray x = test.Array(Type, _x, Noise(1), X), w = test.Array(Type, _w, Noise(2), W), y = test.Array(Type, _y, Noise(3), Y);
            DeviceArray bias = test.Array(Type, [g.OutChannels], Noise(4));
            (Ran ranY, Ran ranX, Ran ranW) = Run(x, w, y, bias);
            double[] forward = Expected(ranY, x, w, y, bias).Forward, toX = Expected(ranX, x, w, y, bias).ToX, toW = Expected(ranW, x, w, y, bias).ToW;
            AssertClose($"forward {g}", forward, ranY.Result, unit, unit * Math.Sqrt(g.InChannels / g.Groups * g.KernelHeight * g.KernelWidth));
            AssertClose($"to the images {g}", toX, ranX.Result, unit, unit * Math.Sqrt(g.OutChannels / g.Groups * g.KernelHeight * g.KernelWidth));
            AssertClose($"to the filters {g}", toW, ranW.Result, unit, unit * Math.Sqrt(g.Batch * g.OutHeight * g.OutWidth));
        }

        /// <summary>Of small whole numbers nothing is rounded.</summary>
        public void CheckWhole()
        {
            static Func<int, double> Numbers(int seed) => i => (((i * 7) + (seed * 5)) % 17) - 8;
            DeviceArray x = test.Array(Type, _x, Numbers(1), X), w = test.Array(Type, _w, Numbers(2), W), y = test.Array(Type, _y, Numbers(3), Y);
            DeviceArray bias = test.Array(Type, [g.OutChannels], Numbers(4));
            (Ran ranY, Ran ranX, Ran ranW) = Run(x, w, y, bias);
            (double[] forward, double[] toX, double[] toW) = Expected(ranY, x, w, y, bias);
            Assert.That(ranY.Result.Read(), Is.EqualTo(forward), "forward");
            Assert.That(ranX.Result.Read(), Is.EqualTo(toX), "to the images");
            Assert.That(ranW.Result.Read(), Is.EqualTo(toW), "to the filters");
        }

        public double[][] Run()
        {
            DeviceArray x = test.Array(Type, _x, Noise(1), X), w = test.Array(Type, _w, Noise(2), W), y = test.Array(Type, _y, Noise(3), Y);
            (Ran ranY, Ran ranX, Ran ranW) = Run(x, w, y, test.Array(Type, [g.OutChannels], Noise(4)));
            return [ranY.Result.Read(), ranX.Result.Read(), ranW.Result.Read()];
        }

        private (double[] Forward, double[] ToX, double[] ToW) Expected(in Ran ran, DeviceArray x, DeviceArray w, DeviceArray y, DeviceArray bias)
        {
            double[] atXs = ran.Factors.Of(x), atWs = ran.Factors.Of(w), atYs = ran.Factors.Of(y);
            double[] forward = new double[y.Values.Length], toX = new double[x.Values.Length], toW = new double[w.Values.Length];
            for (int place = 0; place < forward.Length; place++)
            {
                forward[place] = HasBias ? bias.Values[place / (g.OutHeight * g.OutWidth) % g.OutChannels] : 0;
            }

            Walk((atX, atW, atY) =>
            {
                forward[atY] += atXs[atX] * atWs[atW];
                toX[atX] += atYs[atY] * atWs[atW];
                toW[atW] += atYs[atY] * atXs[atX];
            });
            double shift = ReferenceEquals(Activation, s_shiftedRelu) ? 0.5 : 0;
            return (Activation is null ? forward : System.Array.ConvertAll(forward, value => Math.Max(value, 0) + shift), toX, toW);
        }

        private (Ran Y, Ran X, Ran W) Run(DeviceArray x, DeviceArray w, DeviceArray y, DeviceArray bias)
        {
            DeviceArray newY = test.Array(Type, _y, static _ => double.NaN, Y);
            DeviceArray newX = test.Array(Type, _x, static _ => double.NaN, X), newW = test.Array(Type, _w, static _ => double.NaN, W);
            Ran ranY = Count(newY, () => test.Backend.ConvForward(new ConvForwardArgs { Geometry = g, X = x, W = w, Y = newY, Bias = HasBias ? bias.Operand : null, Activation = Activation }));
            Ran ranX = Count(newX, () => test.Backend.ConvBackwardData(new ConvBackwardDataArgs { Geometry = g, GradY = y, W = w, GradX = newX }));
            Ran ranW = Count(newW, () => test.Backend.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = g, X = x, GradY = y, GradW = newW }));
            return (ranY, ranX, ranW);
        }

        private Ran Count(DeviceArray result, Action operation)
        {
            using LaunchCount count = test.Device.CountLaunches();
            operation();
            LaunchesToImages = result.Layout.Shape == _x ? count.Launches.Count : LaunchesToImages;
            Kernels.UnionWith(count.Kernels.Select(static kernel => kernel.Name));
            Assert.That(!Factors.UsedTensorCores(count) || Factors.UsedNothingElse(count), "all of an operation's launches multiply alike");
            return new Ran(result, test.FactorsOf(count, Type));
        }

        /// <summary>Every product of the sum, as places in x, w and y.</summary>
        private void Walk(Action<int, int, int> term)
        {
            int inGroup = g.InChannels / g.Groups, outGroup = g.OutChannels / g.Groups;
            for (int atY = 0; atY < _y.ElementCount; atY++)
            {
                int q = atY % g.OutWidth, p = atY / g.OutWidth % g.OutHeight, k = atY / (g.OutWidth * g.OutHeight) % g.OutChannels;
                int n = atY / (g.OutWidth * g.OutHeight * g.OutChannels);
                for (int tap = 0; tap < inGroup * g.KernelHeight * g.KernelWidth; tap++)
                {
                    int s = tap % g.KernelWidth, r = tap / g.KernelWidth % g.KernelHeight, c = (k / outGroup * inGroup) + (tap / (g.KernelWidth * g.KernelHeight));
                    int h = (p * g.StrideH) - g.PadH + (r * g.DilationH), column = (q * g.StrideW) - g.PadW + (s * g.DilationW);
                    if (h >= 0 && h < g.InHeight && column >= 0 && column < g.InWidth)
                    {
                        term((((((n * g.InChannels) + c) * g.InHeight) + h) * g.InWidth) + column, (k * inGroup * g.KernelHeight * g.KernelWidth) + tap, atY);
                    }
                }
            }
        }
    }
}
