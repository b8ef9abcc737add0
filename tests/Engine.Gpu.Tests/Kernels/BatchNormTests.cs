using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixtureSource(typeof(KernelFixture), nameof(GroupLimits))]
[TestFixture(TargetVariant.Ilgpu)]
[TestFixture(TargetVariant.InterpreterIlgpu)]
[TestFixture(TargetVariant.InterpreterWithoutMeetings)]
[TestFixture(TargetVariant.InterpreterWithoutLastGroup)]
internal sealed class BatchNormTests : KernelFixture
{
    private const double Epsilon = 1e-5, Momentum = 0.1;

    public BatchNormTests(int largestGroup)
        : base(largestGroup)
    {
    }

    public BatchNormTests(TargetVariant variant)
        : base(variant)
    {
    }

    [TestCase(2, 3, 1)]
    [TestCase(127, 33, 1)]
    [TestCase(3, 17, 5)]
    [TestCase(5, 1, 5000)]
    [TestCase(1025, 2, 17)]
    [TestCase(1, 3, 2)]
    [TestCase(2, 3, 8500)]
    public void BatchNorm_AnySize_MatchesLoops(int images, int channels, int length) =>
        Check(DType.Float32, [images, channels, length], Placement.Dense, relu: images % 2 == 1);

    /// <summary>Channels as vectors of 4, 2 and 1, some side by side that are no power of two, in one chunk and in many, some of which are short.</summary>
    [TestCase(2, 4, 1)]
    [TestCase(3, 5, 7)]
    [TestCase(9, 6, 211)]
    [TestCase(8, 36, 130)]
    [TestCase(3, 40, 400)]
    [TestCase(5, 16, 1025)]
    [TestCase(2, 76, 333)]
    [TestCase(2, 132, 2)]
    public void BatchNorm_ChannelsLast_MatchesLoops(int images, int channels, int length)
    {
        Check(DType.Float32, [images, channels, length], Placement.ChannelsLast, relu: length % 2 == 1, add: images % 2 == 1);
        Check(DType.Float32, [images, channels, length], Placement.ChannelsLast, relu: images % 2 == 0, add: true);
    }

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void BatchNorm_ChannelsLastOfOtherTypes_MatchesLoops(DType dtype) => Check(dtype, [4, 8, 500], Placement.ChannelsLast, add: true);

    /// <summary>The same call gives the same bits, whichever group comes last.</summary>
    [Test]
    public void BatchNorm_ChannelsLastTwice_HasTheSameBits()
    {
        Shape shape = [4, 24, 700];
        double[] Run()
        {
            DeviceArray x = Array(DType.Float32, shape, Noise(3), Placement.ChannelsLast), y = Result(DType.Float32, shape, Placement.ChannelsLast);
            DeviceArray mean = Result(DType.Float32, [24]), inverse = Result(DType.Float32, [24]);
            Backend.BatchNormForward(new BatchNormForwardArgs { X = x, Y = y, Mean = mean, InverseStd = inverse, Momentum = Momentum, Epsilon = Epsilon });
            return [.. y.Read(), .. mean.Read(), .. inverse.Read()];
        }

        double[] once = Run(), again = Run();
        Assert.That(again, Is.EqualTo(once));
    }

    [Test]
    public void BatchNorm_AnyPlacement_MatchesLoops([Values] Placement placement)
    {
        Check(DType.Float32, [7, 17, 127], placement);
        Check(DType.Float32, [4, 40, 6], placement);
    }

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void BatchNorm_OtherTypes_MatchLoops(DType dtype) => Check(dtype, [4, 3, 50], Placement.Dense);

    [TestCase(1e4)]
    [TestCase(-3e5)]
    public void BatchNorm_LargeMean_DoesNotCancel(double mean)
    {
        Check(DType.Float32, [5, 3, 1025], Placement.Dense, mean);
        Check(DType.Float32, [3, 1, 9000], Placement.Dense, mean);
        Check(DType.Float32, [700, 20, 1], Placement.Dense, mean);
        Check(DType.Float32, [3, 12, 900], Placement.ChannelsLast, mean);
    }

    [Test]
    public void BatchNorm_WithoutAnyVector_OnlyNormalizes()
    {
        DeviceArray x = Array(DType.Float32, [4, 2, 3], i => i), y = Result(DType.Float32, [4, 2, 3]);
        DeviceArray mean = Result(DType.Float32, [2]), inverse = Result(DType.Float32, [2]);
        Backend.BatchNormForward(new BatchNormForwardArgs { X = x, Y = y, Mean = mean, InverseStd = inverse, Momentum = Momentum, Epsilon = 0 });
        Assert.That(mean.Read(), Is.EqualTo(new[] { 10.0, 13 }));
        double[] result = y.Read();
        Assert.That(result.Sum(), Is.EqualTo(0).Within(1e-5));
        Assert.That(result.Sum(value => value * value), Is.EqualTo(24).Within(1e-4));
    }

    [Test]
    public void BatchNorm_NaNInOneChannel_StaysThere()
    {
        DeviceArray x = Array(DType.Float32, [4, 2, 3], i => i == 4 ? double.NaN : i), y = Result(DType.Float32, [4, 2, 3]);
        DeviceArray mean = Result(DType.Float32, [2]), inverse = Result(DType.Float32, [2]);
        Backend.BatchNormForward(new BatchNormForwardArgs { X = x, Y = y, Mean = mean, InverseStd = inverse, Momentum = Momentum, Epsilon = Epsilon, Relu = true });
        double[] result = y.Read();
        for (int i = 0; i < result.Length; i++)
        {
            Assert.That(double.IsNaN(result[i]), Is.EqualTo(i / 3 % 2 == 1), $"element {i}");
        }
    }

    [Test]
    public void BatchNorm_WithResidual_MatchesLoops([Values] Placement placement)
    {
        Check(DType.Float32, [7, 17, 127], placement, add: true);
        Check(DType.Float32, [4, 40, 6], placement, add: true);
    }

    [TestCase(5, 1, 5000)]
    [TestCase(1025, 2, 17)]
    public void BatchNorm_ResidualOverManyElements_MatchesLoops(int images, int channels, int length)
    {
        Check(DType.Float32, [images, channels, length], Placement.Dense, add: true);
        Check(DType.Float32, [images, channels, length], Placement.Dense, add: true, relu: false);
    }

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void BatchNorm_ResidualOfOtherTypes_MatchesLoops(DType dtype) => Check(dtype, [4, 3, 50], Placement.Dense, add: true);

    private void Check(DType dtype, Shape shape, Placement placement, double offset = 0, bool relu = true, bool add = false)
    {
        int channels = shape[1], length = shape[2], count = shape[0] * length;
        bool exact = dtype == DType.Float64;
        Func<int, double> noise = Noise(7);
        DeviceArray x = Array(dtype, shape, i => offset + (2 * noise(i)) + (i / length % channels), placement), y = Result(dtype, shape, placement);
        DType affine = exact ? dtype : DType.Float32;
        DeviceArray scale = Array(affine, [channels], i => 0.5 + (i % 3)), shift = Array(affine, [channels], i => 0.25 * (i % 4), Placement.Spaced);
        DeviceArray runningMean = Array(affine, [channels], i => i), runningVariance = Array(affine, [channels], i => 1 + i, Placement.Flipped);
        DeviceArray mean = Result(affine, [channels]), inverse = Result(affine, [channels]);
        DeviceArray residual = Array(dtype, shape, Noise(9), placement), batches = Array(DType.Int64, [1], _ => 6);
        Backend.BatchNormForward(new BatchNormForwardArgs
        {
            X = x,
            Y = y,
            Residual = add ? residual.Operand : null,
            BatchCount = add ? batches.Operand : null,
            Scale = scale.Operand,
            Shift = shift.Operand,
            RunningMean = runningMean.Operand,
            RunningVariance = runningVariance.Operand,
            Mean = mean,
            InverseStd = inverse,
            Momentum = Momentum,
            Epsilon = Epsilon,
            Relu = relu,
        });

        double[] means = new double[channels], variances = new double[channels], expected = new double[x.Values.Length];
        for (int c = 0; c < channels; c++)
        {
            int[] places = Places(shape, c);
            means[c] = places.Average(i => x.Values[i]);
            variances[c] = places.Average(i => Math.Pow(x.Values[i] - means[c], 2));
            foreach (int i in places)
            {
                double value = ((x.Values[i] - means[c]) / Math.Sqrt(variances[c] + Epsilon) * scale.Values[c]) + shift.Values[c] + (add ? residual.Values[i] : 0);
                expected[i] = relu ? Math.Max(value, 0) : value;
            }
        }

        Assert.That(batches.Read(), Is.EqualTo(new double[] { add ? 7 : 6 }));
        AssertClose("mean", means, mean, absolute: exact ? 0 : 1e-6);
        AssertClose("inverse", [.. variances.Select(v => 1 / Math.Sqrt(v + Epsilon))], inverse, relative: exact ? 0 : 1e-5);
        AssertClose("y", expected, y, absolute: exact ? 0 : 2e-5);
        AssertClose("running mean", [.. means.Select((m, c) => ((1 - Momentum) * runningMean.Values[c]) + (Momentum * m))], runningMean);
        AssertClose("running variance", [.. variances.Select((v, c) => ((1 - Momentum) * runningVariance.Values[c]) + (Momentum * v * count / (count - 1)))], runningVariance, relative: exact ? 0 : 1e-5);
        if (offset == 0)
        {
            CheckBackward(x, relu ? y : null, scale, mean, inverse, placement, keep: relu && add, twoParts: relu && (add || length % 2 == 0));
        }
    }

    private void CheckBackward(DeviceArray x, DeviceArray? y, DeviceArray scale, DeviceArray mean, DeviceArray inverse, Placement placement, bool keep, bool twoParts)
    {
        Shape shape = x.Layout.Shape;
        DType dtype = x.DType;
        int channels = shape[1], count = shape[0] * shape[2];
        DeviceArray dy = Array(dtype, shape, Noise(8), placement), dx = Result(dtype, shape, placement);
        DeviceArray gradScale = Result(mean.DType, [channels]), gradShift = Result(mean.DType, [channels], Placement.Spaced);
        DeviceArray gradResidual = Result(dtype, shape, placement), more = Array(dtype, shape, Noise(11), placement);
        BatchNormBackwardArgs Args(Operand? gradX, bool adds = false) => new()
        {
            X = x,
            GradY = dy,
            Y = y?.Operand,
            Scale = scale.Operand,
            Mean = mean,
            InverseStd = inverse,
            GradX = gradX,
            AddsToGradX = adds,
            GradYMore = twoParts ? more.Operand : null,
            GradResidual = keep ? gradResidual.Operand : null,
            GradScale = gradScale,
            GradShift = gradShift,
        };
        double[] means = mean.Read(), inverses = inverse.Read(), sums = new double[channels], products = new double[channels];
        double[] expected = new double[x.Values.Length], passed = new double[x.Values.Length];
        double[]? result = y?.Read();
        for (int c = 0; c < channels; c++)
        {
            int[] places = Places(shape, c);
            double Gradient(int i) => result is null || result[i] > 0 ? dy.Values[i] + (twoParts ? more.Values[i] : 0) : 0;
            double Normalized(int i) => (x.Values[i] - means[c]) * inverses[c];
            sums[c] = places.Sum(Gradient);
            products[c] = places.Sum(i => Gradient(i) * Normalized(i));
            foreach (int i in places)
            {
                passed[i] = Gradient(i);
                expected[i] = scale.Values[c] * inverses[c] * (Gradient(i) - ((sums[c] + (Normalized(i) * products[c])) / count));
            }
        }

        double loose = dtype == DType.Float64 ? 1e-12 : 2e-6 * Math.Sqrt(count);
        Backend.BatchNormBackward(Args(dx));
        AssertClose("dx", expected, dx, absolute: dtype == DType.Float32 ? 2e-5 : 0);
        AssertClose("dshift", sums, gradShift, absolute: loose);
        AssertClose("dscale", products, gradScale, absolute: loose);
        if (keep)
        {
            AssertClose("dresidual", passed, gradResidual);
        }

        DeviceArray sum = Array(dtype, shape, Noise(14), placement);
        Backend.BatchNormBackward(Args(sum, adds: true));
        AssertClose("dx added", [.. expected.Zip(sum.Values, static (number, before) => number + before)], sum, absolute: dtype == DType.Float32 ? 2e-5 : 0);

        if (placement == Placement.Spaced)
        {
            gradScale = Result(mean.DType, [channels]);
            Backend.BatchNormBackward(Args(null));
            AssertClose("dscale alone", products, gradScale, absolute: loose);
        }
    }

    private static int[] Places(Shape shape, int channel) =>
        [.. Enumerable.Range(0, (int)shape.ElementCount).Where(i => i / shape[2] % shape[1] == channel)];
}
