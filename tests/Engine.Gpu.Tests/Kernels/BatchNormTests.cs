using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixtureSource(typeof(KernelFixture), nameof(GroupLimits))]
internal sealed class BatchNormTests(int largestGroup) : KernelFixture(largestGroup)
{
    private const double Epsilon = 1e-5, Momentum = 0.1;

    [TestCase(2, 3, 1)]
    [TestCase(127, 33, 1)]
    [TestCase(3, 17, 5)]
    [TestCase(5, 1, 5000)]
    [TestCase(1025, 2, 17)]
    [TestCase(1, 3, 2)]
    public void BatchNorm_AnySize_MatchesLoops(int images, int channels, int length) =>
        Check(DType.Float32, [images, channels, length], Placement.Dense, relu: images % 2 == 1);

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

    private void Check(DType dtype, Shape shape, Placement placement, double offset = 0, bool relu = true)
    {
        int channels = shape[1], length = shape[2], count = shape[0] * length;
        bool exact = dtype == DType.Float64;
        Func<int, double> noise = Noise(7);
        DeviceArray x = Array(dtype, shape, i => offset + (2 * noise(i)) + (i / length % channels), placement), y = Result(dtype, shape, placement);
        DType affine = exact ? dtype : DType.Float32;
        DeviceArray scale = Array(affine, [channels], i => 0.5 + (i % 3)), shift = Array(affine, [channels], i => 0.25 * (i % 4), Placement.Spaced);
        DeviceArray runningMean = Array(affine, [channels], i => i), runningVariance = Array(affine, [channels], i => 1 + i, Placement.Flipped);
        DeviceArray mean = Result(dtype, [channels]), inverse = Result(dtype, [channels]);
        Backend.BatchNormForward(new BatchNormForwardArgs
        {
            X = x,
            Y = y,
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
                double value = ((x.Values[i] - means[c]) / Math.Sqrt(variances[c] + Epsilon) * scale.Values[c]) + shift.Values[c];
                expected[i] = relu ? Math.Max(value, 0) : value;
            }
        }

        AssertClose("mean", means, mean);
        AssertClose("inverse", [.. variances.Select(v => 1 / Math.Sqrt(v + Epsilon))], inverse, relative: exact ? 0 : 1e-5);
        AssertClose("y", expected, y, absolute: exact ? 0 : 2e-5);
        AssertClose("running mean", [.. means.Select((m, c) => ((1 - Momentum) * runningMean.Values[c]) + (Momentum * m))], runningMean);
        AssertClose("running variance", [.. variances.Select((v, c) => ((1 - Momentum) * runningVariance.Values[c]) + (Momentum * v * count / (count - 1)))], runningVariance, relative: exact ? 0 : 1e-5);
        if (offset == 0)
        {
            CheckBackward(x, relu ? y : null, scale, mean, inverse, placement);
        }
    }

    private void CheckBackward(DeviceArray x, DeviceArray? y, DeviceArray scale, DeviceArray mean, DeviceArray inverse, Placement placement)
    {
        Shape shape = x.Layout.Shape;
        DType dtype = x.DType;
        int channels = shape[1], count = shape[0] * shape[2];
        DeviceArray dy = Array(dtype, shape, Noise(8), placement), dx = Result(dtype, shape, placement);
        DeviceArray gradScale = Result(dtype, [channels]), gradShift = Result(dtype, [channels], Placement.Spaced);
        BatchNormBackwardArgs Args(Operand? gradX) => new()
        {
            X = x,
            GradY = dy,
            Y = y?.Operand,
            Scale = scale.Operand,
            Mean = mean,
            InverseStd = inverse,
            GradX = gradX,
            GradScale = gradScale,
            GradShift = gradShift,
        };
        double[] means = mean.Read(), inverses = inverse.Read(), sums = new double[channels], products = new double[channels], expected = new double[x.Values.Length];
        double[]? result = y?.Read();
        for (int c = 0; c < channels; c++)
        {
            int[] places = Places(shape, c);
            double Gradient(int i) => result is null || result[i] > 0 ? dy.Values[i] : 0;
            double Normalized(int i) => (x.Values[i] - means[c]) * inverses[c];
            sums[c] = places.Sum(Gradient);
            products[c] = places.Sum(i => Gradient(i) * Normalized(i));
            foreach (int i in places)
            {
                expected[i] = scale.Values[c] * inverses[c] * (Gradient(i) - ((sums[c] + (Normalized(i) * products[c])) / count));
            }
        }

        double loose = dtype == DType.Float64 ? 1e-12 : dtype == DType.Float32 ? 2e-6 * Math.Sqrt(count) : 0;
        Backend.BatchNormBackward(Args(dx));
        AssertClose("dx", expected, dx, absolute: dtype == DType.Float32 ? 2e-5 : 0);
        AssertClose("dshift", sums, gradShift, absolute: loose);
        AssertClose("dscale", products, gradScale, absolute: loose);
        if (placement == Placement.Spaced)
        {
            gradScale = Result(dtype, [channels]);
            Backend.BatchNormBackward(Args(null));
            AssertClose("dscale alone", products, gradScale, absolute: loose);
        }
    }

    private static int[] Places(Shape shape, int channel) =>
        [.. Enumerable.Range(0, (int)shape.ElementCount).Where(i => i / shape[2] % shape[1] == channel)];
}
