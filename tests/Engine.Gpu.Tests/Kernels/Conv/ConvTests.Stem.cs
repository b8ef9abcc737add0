using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Images of few channels, as in the first layer of a network.</summary>
internal sealed partial class ConvTests
{
    private static readonly ConvGeometry[] s_stems =
    [
        Geometries.Of(2, 3, 32, 32, 64, 3, 3, pad: 1),
        Geometries.Of(1, 3, 37, 50, 64, 7, 7, stride: 2, pad: 3),
        Geometries.Of(2, 1, 28, 28, 6, 5, 5, pad: 2),
        Geometries.Of(3, 2, 15, 17, 24, 3, 3, pad: 1),
        Geometries.Of(1, 4, 19, 31, 70, 7, 7, stride: 2, pad: 3),
        Geometries.Of(2, 3, 20, 32, 33, 3, 5, stride: 2, pad: 1),
        Geometries.Of(1, 1, 16, 16, 32, 3, 3),
        Geometries.Of(5, 3, 13, 14, 16, 5, 5, pad: 2),
        Geometries.Of(2, 4, 8, 30, 48, 1, 7, pad: 3),
        Geometries.Of(1, 2, 25, 34, 17, 7, 2, pad: 1),
    ];

    /// <summary>Odd sizes, windows that fill no unit of the tensor cores, more channels of the result than a group has, several tiles a group.</summary>
    [Test]
    public void Conv_OfFewChannels_MatchesLoops(
        [Range(0, 9)] int stem, [Values(DType.Float32, DType.Float16, DType.BFloat16)] DType dtype)
    {
        IgnoreWithoutCuda();
        ConvGeometry geometry = s_stems[stem];
        Placement placement = (stem + (dtype == DType.Float16 ? 1 : 0)) % 2 == 0 ? Placement.Dense : Placement.ChannelsLast;
        Convolution convolution = new(this, geometry) { Type = dtype, X = placement, W = placement, Y = Placement.ChannelsLast, HasBias = true, Activation = s_shiftedRelu };
        convolution.Check();
        if (Device.Kernels == KernelSet.Engine)
        {
            bool hasTensorCores = Device.Driver.Target.HasTensorCores && (dtype != DType.Float32 || Device.MathMode != MathMode.Strict);
            Assert.That(
                convolution.Kernels.Count(static name => name.Contains("_stem_", StringComparison.Ordinal)), Is.EqualTo(hasTensorCores ? 2 : 0), string.Join(", ", convolution.Kernels));
        }
    }

    [Test]
    public void Conv_OfFewChannels_AnyPlacement_MatchesLoops([Values(1, 3)] int geometry, [ValueSource(nameof(s_placements))] Placement x, [Values(Placement.Spaced, Placement.Flipped)] Placement w)
    {
        IgnoreWithoutCuda();
        new Convolution(this, s_stems[geometry]) { X = x, W = w, Y = Placement.ChannelsLast }.Check();
    }

    [Test]
    public void Conv_OfFewChannels_OfSmallWholeNumbers_IsExact([Range(0, 9)] int geometry) =>
        new Convolution(this, s_stems[geometry]) { W = Placement.ChannelsLast, Y = Placement.ChannelsLast }.CheckWhole();

    [Test]
    public void Conv_OfFewChannels_Twice_GivesTheSameBits([Values(0, 1)] int geometry)
    {
        Convolution convolution = new(this, s_stems[geometry]) { Y = Placement.ChannelsLast };
        double[][] first = convolution.Run();
        Assert.That(convolution.Run(), Is.EqualTo(first));
    }

    /// <summary>What lies beside a window in shared memory, and what fills it up to the size of an instruction, stays out of its sum.</summary>
    [Test]
    public void ConvForward_OfFewChannels_NaN_ReachesTheWindowsThatContainIt([Values(1, 2, 3)] int channels, [Values(0, 5, 44, 239)] int pixel, [Values(double.NaN, double.PositiveInfinity)] double value)
    {
        const int Height = 12, Width = 20, Outs = 16;
        ConvGeometry g = Geometries.Of(1, channels, Height, Width, Outs, 3, 3, pad: 1);
        DeviceArray y = Result(DType.Float32, [1, Outs, Height, Width], Placement.ChannelsLast);
        Backend.ConvForward(new ConvForwardArgs
        {
            Geometry = g,
            X = Array(DType.Float32, [1, channels, Height, Width], i => i == pixel ? value : 1),
            W = Array(DType.Float32, [Outs, channels, 3, 3], _ => 1),
            Y = y,
        });
        double[] result = y.Read();
        for (int i = 0; i < result.Length; i++)
        {
            int column = i % Width, row = i / Width % Height;
            bool sees = Math.Abs(column - (pixel % Width)) <= 1 && Math.Abs(row - (pixel / Width)) <= 1;
            int rows = row is 0 or Height - 1 ? 2 : 3, columns = column is 0 or Width - 1 ? 2 : 3;
            Assert.That(result[i], Is.EqualTo(sees ? value : channels * rows * columns), $"result {i}");
        }
    }

    /// <summary>Windows of results past the end of the image, which have a gradient of zero, contribute nothing, whatever they hold.</summary>
    [Test]
    public void ConvBackwardWeight_OfFewChannels_NaN_ReachesTheTapsThatRead(
        [Values(1, 3)] int channels, [Values(1, 2)] int stride, [Values(0, 1, 2)] int corner, [Values(double.NaN, double.PositiveInfinity)] double value)
    {
        const int Height = 10, Width = 19, Outs = 16;
        int pixel = corner switch { 0 => 0, 1 => Width - 1, _ => (Height * Width) - 1 };
        ConvGeometry g = Geometries.Of(1, channels, Height, Width, Outs, 3, 3, stride);
        double[] x = new double[channels * Height * Width], expected = new double[Outs * channels * 9];
        System.Array.Fill(x, 1);
        x[pixel] = value;
        for (int i = 0; i < expected.Length; i++)
        {
            int channel = i / 9 % channels, row = i / 3 % 3, column = i % 3;
            for (int at = 0; at < g.OutHeight * g.OutWidth; at++)
            {
                expected[i] += x[(channel * Height * Width) + (((at / g.OutWidth * stride) + row) * Width) + (at % g.OutWidth * stride) + column];
            }
        }

        DeviceArray gradW = Array(DType.Float32, [Outs, channels, 3, 3], static _ => double.NaN);
        Backend.ConvBackwardWeight(new ConvBackwardWeightArgs
        {
            Geometry = g,
            X = Array(DType.Float32, [1, channels, Height, Width], i => x[i]),
            GradY = Array(DType.Float32, [1, Outs, g.OutHeight, g.OutWidth], _ => 1, Placement.ChannelsLast),
            GradW = gradW,
        });
        Assert.That(gradW.Read(), Is.EqualTo(expected));
    }

    private void IgnoreWithoutCuda()
    {
        if (Device.Driver.Target.Api != GpuApi.Cuda)
        {
            Assert.Ignore("tensor cores are CUDA's; other devices have the kernels that they run here from the other tests");
        }
    }
}
