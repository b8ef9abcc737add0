using System.Numerics;
using Engine.Cpu;
using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class NormalizationTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    private const double Epsilon = 1e-5, Momentum = 0.3;

    [Test]
    public void BatchNorm_LengthsAroundVectors_MatchReference([Values] bool relu, [Values] bool add)
    {
        foreach (int length in (int[])[1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 49, 63, 64, 65, 130])
        {
            CompareBatchNorm<float>([3, 5, length], relu, add: add);
            CompareBatchNorm<double>([3, 5, length], relu, add: add);
        }
    }

    /// <summary>By running statistics, with a loop of its own where channels lie in one piece: a program that is equal, but not that one, runs in tiles and must give the same bits.</summary>
    [Test]
    public void ScaleShift_LengthsAroundVectors_HasTheBitsOfThePointwiseProgram([Values] bool relu, [Values] bool add)
    {
        Expr sum = (Expr.Input(0) * Expr.Input(1)) + Expr.Input(2);
        sum = add ? sum + Expr.Input(3) : sum;
        MapProgram tiles = MapProgram.Compile(add ? 4 : 3, relu ? Expr.Relu(sum) : sum), known = (relu, add) switch
        {
            (false, false) => BatchNormPrograms.ScaleShift,
            (true, false) => BatchNormPrograms.ScaleShiftRelu,
            (false, true) => BatchNormPrograms.ScaleShiftAdd,
            _ => BatchNormPrograms.ScaleShiftAddRelu,
        };
        foreach (Shape shape in (Shape[])[[3, 5, 1], [3, 5, 7], [1, 3, 4, 4], [2, 1, 7, 7], [3, 6, 17], [2, 3, 1, 33], [2, 3, 4, 4, 4], [9, 40, 14, 14], [0, 3, 4]])
        {
            Compare<float>(shape, static (x, _) => x);
            Compare<double>(shape, static (x, _) => x);
            Compare<float>([shape[0], shape[1] + 3, .. shape.ToArray()[2..]], (x, _) => x.Narrow(1, 2, shape[1]));
            Compare<float>(shape, static (x, _) => x.Transpose(0, 1).Contiguous().Transpose(0, 1));
            Compare<float>(shape, static (x, number) => number == 0 ? x.Narrow(0, 0, Math.Min(1, x.Shape[0])).Expand(x.Shape) : x);
        }

        void Compare<T>(Shape whole, Func<Tensor, int, Tensor> view) where T : unmanaged, INumberBase<T>
        {
            using TensorScope scope = TensorScope.Begin();
            Tensor x = view(Made(whole, 1), 0), residual = view(Made(whole, 2), 1);
            Shape channel = [1, x.Shape[1], .. Enumerable.Repeat(1, x.Rank - 2)];
            Tensor[] inputs = [x, Made(channel, 3), Made(channel, 4), .. add ? (Tensor[])[residual] : []];
            T[] expected = Pointwise.Apply("tiles", tiles, inputs).ToArray<T>(), actual = Pointwise.Apply("own loop", known, inputs).ToArray<T>();
            Assert.That(actual, Is.EqualTo(expected), $"{whole} {typeof(T).Name}");
            Pointwise.Into([x = x.Clone()], known, [x, .. inputs[1..]]);
            Assert.That(x.ToArray<T>(), Is.EqualTo(expected), $"{whole} {typeof(T).Name} in place");

            Tensor Made(Shape shape, int seed)
            {
                double[] values = Normal(shape.ElementCount, seed);
                if (values.Length > 20)
                {
                    (values[3], values[11], values[19]) = (double.NaN, double.PositiveInfinity, double.NegativeInfinity);
                }

                return Make<T>(Cpu, shape, values);
            }
        }
    }

    [Test]
    public void BatchNorm_DenseLayers_MatchReference([Values(1, 3, 10, 16, 31, 64, 65, 100, 129, 300)] int channels)
    {
        foreach (int rows in (int[])[2, 5, 63, 64, 65, 130])
        {
            CompareBatchNorm<float>([rows, channels, 1], relu: false);
        }
    }

    [TestCase(6, 37, 500)]      // whole channels, several blocks in each
    [TestCase(2, 3, 70_001)]    // fewer channels than would share evenly
    [TestCase(1, 1, 100_003)]
    [TestCase(70_001, 3, 1)]    // one group of columns, many blocks
    [TestCase(700, 300, 2)]
    [TestCase(9, 1, 9_001)]     // pieces longer than a block
    public void BatchNorm_Large_IsSharedAmongThreads(int images, int channels, int length)
    {
        CompareBatchNorm<float>([images, channels, length], relu: false, relative: 1e-4);
        CompareBatchNorm<float>([images, channels, length], relu: true, relative: 1e-4);
        CompareBatchNorm<float>([images, channels, length], relu: true, relative: 1e-4, add: true);
    }

    [Test]
    public void BatchNorm_Views_MatchReference([Values(1, 33)] int length, [Values] bool relu, [Values] bool add)
    {
        CompareBatchNorm<float>([4, 6, length], relu, reversed: true, add: add);
        CompareBatchNorm<Half>([4, 6, length], relu, relative: 4e-3, reversed: true, add: add);
    }

    [Test]
    public void BatchNorm_WithoutOptionalOperands_MatchesReference([Values(1, 40)] int length) => CompareBatchNorm<float>([4, 6, length], relu: false, optional: false);

    [TestCase(64, 3, 1)]
    [TestCase(64, 3, 49)]
    [TestCase(2, 3, 20_000)]
    public void BatchNorm_MeanLargeBesideDeviation_KeepsAccuracy(int images, int channels, int length)
    {
        using TensorScope scope = TensorScope.Begin();
        Shape shape = [images, channels, length];
        float[] values = [.. Normal(shape.ElementCount, 9, mean: 4096, deviation: 0.5).Select(v => (float)v)];
        Tensor x = Tensor.From(values, shape, Cpu), y = Tensor.From(new float[values.Length], shape, Cpu);
        Tensor mean = Make<float>(Cpu, [channels], new double[channels]), inverseStd = Make<float>(Cpu, [channels], new double[channels]);
        Cpu.Backend.BatchNormForward(new BatchNormForwardArgs
        {
            X = x.Operand,
            Y = y.Operand,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            Momentum = Momentum,
            Epsilon = Epsilon,
        });

        double[] expected = new double[values.Length], expectedStd = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            int[] places = [.. Enumerable.Range(0, values.Length).Where(i => i / length % channels == c)];
            double center = places.Average(i => (double)values[i]), variance = places.Average(i => (values[i] - center) * (values[i] - center));
            expectedStd[c] = 1 / Math.Sqrt(variance + Epsilon);
            foreach (int i in places)
            {
                expected[i] = (values[i] - center) * expectedStd[c];
            }
        }

        // Values of 4096 have steps of 2⁻¹¹, so even E[x²] − E[x]² in float64 would do; in float32 it would lose everything.
        Close.AssertAll("1/deviation", expectedStd, inverseStd.ToArray<double>(), 2e-6, 0);
        Close.AssertAll("y", expected, y.ToArray<double>(), 2e-6, 2e-6);
    }

    [Test]
    public void BatchNorm_NaN_StaysInItsChannel([Values(1, 20, 70)] int length)
    {
        using TensorScope scope = TensorScope.Begin();
        double[] values = Normal(4 * 3 * length, 2);
        values[length] = double.NaN;
        Tensor x = Make<float>(Cpu, [4, 3, length], values), mean = Make<float>(Cpu, [3], new double[3]), inverseStd = Make<float>(Cpu, [3], new double[3]);
        Tensor y = Make<float>(Cpu, [4, 3, length], new double[values.Length]);
        Cpu.Backend.BatchNormForward(new BatchNormForwardArgs
        {
            X = x.Operand,
            Y = y.Operand,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            Momentum = Momentum,
            Epsilon = Epsilon,
            Relu = true,
        });
        float[] result = y.ToArray<float>();
        for (int i = 0; i < result.Length; i++)
        {
            Assert.That(float.IsNaN(result[i]), Is.EqualTo(i / length % 3 == 1), $"element {i}");
        }
    }

    [TestCase(64, 12, 1)]
    [TestCase(3, 5, 20_000)]
    [TestCase(30_000, 3, 1)]
    public void BatchNorm_AnyNumberOfThreads_GivesTheSameBits(int images, int channels, int length)
    {
        using TensorScope scope = TensorScope.Begin();
        using CpuDevice other = new("other", 4, Level);
        foreach ((Tensor a, Tensor b) in RunBatchNorm<float>(Cpu, [images, channels, length], true, true, false).Zip(RunBatchNorm<float>(other, [images, channels, length], true, true, false)))
        {
            Assert.That(a.ToArray<float>(), Is.EqualTo(b.ToArray<float>()));
        }
    }

    [Test]
    public void LayerNorm_ColumnsAroundVectors_MatchReference()
    {
        foreach (int columns in (int[])[1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129])
        {
            foreach (int rows in (int[])[1, 3, 31, 32, 33])
            {
                CompareLayerNorm<float>(rows, columns);
                CompareLayerNorm<double>(rows, columns);
            }
        }
    }

    [TestCase(257, 1030)]
    [TestCase(3, 50_001)]
    [TestCase(50_001, 5)]
    public void LayerNorm_Large_IsSharedAmongThreads(int rows, int columns) => CompareLayerNorm<float>(rows, columns, relative: 1e-4);

    [Test]
    public void LayerNorm_Views_MatchReference()
    {
        CompareLayerNorm<float>(5, 33, reversed: true);
        CompareLayerNorm<Half>(5, 33, relative: 4e-3, reversed: true);
    }

    [Test]
    public void LayerNorm_WithoutOptionalOperands_MatchesReference() => CompareLayerNorm<float>(5, 33, optional: false);

    /// <summary>A part of the channels of larger images, as concatenations leave them.</summary>
    [Test]
    public void BatchNorm_OfAPartOfTheChannels_MatchesReference([Values] bool relu, [Values] bool add)
    {
        foreach (Shape shape in new Shape[] { [3, 5, 64], [2, 1, 4097], [4, 3, 33], [5, 2, 31], [1, 4, 50], [2, 3, 1] })
        {
            CompareBatchNorm<float>(shape, relu, add: add, part: true);
        }

        CompareBatchNorm<double>([3, 2, 70], relu, add: add, part: true);
        CompareBatchNorm<Half>([3, 2, 70], relu, 4e-3, add: add, part: true);
    }

    private void CompareBatchNorm<T>(Shape shape, bool relu, double? relative = null, bool reversed = false, bool optional = true, bool add = false, bool part = false)
        where T : unmanaged, INumberBase<T>
    {
        double bound = relative ?? (typeof(T) == typeof(double) ? 1e-12 : 2e-5);
        string what = $"batch norm of {typeof(T).Name} {shape}, relu {relu}, add {add}, reversed {reversed}, optional {optional}";
        AssertMatchesReference(what, device => RunBatchNorm<T>(device, shape, relu, optional, reversed, add, part), bound, bound);
    }

    private void CompareLayerNorm<T>(int rows, int columns, double? relative = null, bool reversed = false, bool optional = true) where T : unmanaged, INumberBase<T>
    {
        double bound = relative ?? (typeof(T) == typeof(double) ? 1e-12 : 2e-5);
        AssertMatchesReference($"layer norm of {typeof(T).Name} [{rows}, {columns}], reversed {reversed}, optional {optional}", device => RunLayerNorm<T>(device, rows, columns, optional, reversed), bound, bound);
    }

    private static Tensor[] RunBatchNorm<T>(Device device, Shape shape, bool relu, bool optional, bool reversed, bool add = false, bool part = false) where T : unmanaged, INumberBase<T>
    {
        int count = (int)shape.ElementCount, channels = shape[1];
        Tensor x = Images(Normal(count, 1, mean: 0.5)), y = View(shape, new double[count]), dy = View(shape, Normal(count, 2)), dx = Images(new double[count]);
        Tensor scale = View([channels], Normal(channels, 3, mean: 1)), shift = View([channels], Normal(channels, 4));
        Tensor runningMean = View([channels], Normal(channels, 5)), runningVariance = View([channels], Normal(channels, 6, mean: 9));
        Tensor mean = Statistics(channels), inverseStd = Statistics(channels);
        Tensor gradScale = View([channels], new double[channels]), gradShift = View([channels], new double[channels]);
        Tensor residual = View(shape, Normal(count, 8)), gradResidual = View(shape, new double[count]), batches = Tensor.From<long>([41], device);
        device.Backend.BatchNormForward(new BatchNormForwardArgs
        {
            X = x.Operand,
            Y = y.Operand,
            Residual = add ? residual.Operand : null,
            BatchCount = add ? batches.Operand : null,
            Scale = optional ? scale.Operand : null,
            Shift = optional ? shift.Operand : null,
            RunningMean = optional ? runningMean.Operand : null,
            RunningVariance = optional ? runningVariance.Operand : null,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            Momentum = Momentum,
            Epsilon = Epsilon,
            Relu = relu,
        });

        // The gate must not depend on rounding, so it is given rather than taken from the result.
        Tensor gate = View(shape, Normal(count, 7)), more = View(shape, Normal(count, 10));
        Tensor sum = Images(Normal(count, 11));
        Backward(dx, adds: false);
        Backward(sum, adds: true);

        // Sums over a channel are compared per element of it: their absolute error grows with their terms.
        double terms = count / channels;
        Assert.That(batches.Item(), Is.EqualTo(add ? 42 : 41));
        return
        [
            y, mean, inverseStd, runningMean, runningVariance, dx, sum, gradResidual, Scaled<T>(gradScale, 1 / Math.Sqrt(terms)), Scaled<T>(gradShift, 1 / Math.Sqrt(terms)),
        ];

        void Backward(Tensor gradX, bool adds) => device.Backend.BatchNormBackward(new BatchNormBackwardArgs
        {
            X = x.Operand,
            GradY = dy.Operand,
            Y = relu ? gate.Operand : null,
            Scale = optional ? scale.Operand : null,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            GradX = optional ? gradX.Operand : null,
            AddsToGradX = adds,
            GradYMore = relu && (add || count % 2 == 0) ? more.Operand : null,
            GradResidual = relu && add ? gradResidual.Operand : null,
            GradScale = gradScale.Operand,
            GradShift = gradShift.Operand,
        });

        // Of halves they are float32.
        Tensor Statistics(int size) => typeof(T) == typeof(Half) ? Make<float>(device, [size], new double[size]) : View([size], new double[size]);

        Tensor Images(double[] values) =>
            part ? Tensor.Concat([View([shape[0], 1, shape[2]], new double[shape[0] * shape[2]]), View(shape, values)], 1).Narrow(1, 1, channels) : View(shape, values);

        Tensor View(Shape sizes, double[] values) => reversed ? Make<T>(device, [.. sizes.Reverse()], values).Reversed() : Make<T>(device, sizes, values);
    }

    private static Tensor[] RunLayerNorm<T>(Device device, int rows, int columns, bool optional, bool reversed) where T : unmanaged, INumberBase<T>
    {
        int count = rows * columns;
        Shape shape = [rows, columns];
        Tensor x = View(shape, Normal(count, 1, mean: 0.5)), y = View(shape, new double[count]), dy = View(shape, Normal(count, 2)), dx = View(shape, new double[count]);
        Tensor scale = View([columns], Normal(columns, 3, mean: 1)), shift = View([columns], Normal(columns, 4));
        Tensor mean = View([rows], new double[rows]), inverseStd = View([rows], new double[rows]);
        Tensor gradScale = View([columns], new double[columns]), gradShift = View([columns], new double[columns]);

        // A row of one number has no deviation to divide by: a large epsilon keeps rounding errors from being blown up.
        device.Backend.LayerNormForward(new LayerNormForwardArgs
        {
            X = x.Operand,
            Y = y.Operand,
            Scale = optional ? scale.Operand : null,
            Shift = optional ? shift.Operand : null,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            Epsilon = 0.1,
        });
        device.Backend.LayerNormBackward(new LayerNormBackwardArgs
        {
            X = x.Operand,
            GradY = dy.Operand,
            Scale = optional ? scale.Operand : null,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            GradX = dx.Operand,
            GradScale = optional ? gradScale.Operand : null,
            GradShift = optional ? gradShift.Operand : null,
        });
        return [y, mean, inverseStd, dx, Scaled<T>(gradScale, 1 / Math.Sqrt(rows)), Scaled<T>(gradShift, 1 / Math.Sqrt(rows))];

        Tensor View(Shape sizes, double[] values) => reversed ? Make<T>(device, [.. sizes.Reverse()], values).Reversed() : Make<T>(device, sizes, values);
    }

    private static Tensor Scaled<T>(Tensor x, double factor) where T : unmanaged, INumberBase<T> =>
        Make<T>(x.Device, x.Shape, [.. x.ToArray<T>().Select(v => double.CreateChecked(v) * factor)]);
}
