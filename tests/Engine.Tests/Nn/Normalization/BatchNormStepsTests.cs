using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.Nn.Hooks;
using NUnit.Framework;

namespace Engine.Tests.Nn.Normalization;

/// <summary>The steps of a batch normalisation against plain loops and against the layer, frozen and cumulative statistics against PyTorch.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class BatchNormStepsTests(string deviceName) : DeviceFixture(deviceName)
{
    private double Relative => Device.HasFloat64 ? 1e-12 : 1e-5;

    [Test]
    public void Training_TheFiveStepsAreThoseOfPlainLoops()
    {
        BatchNorm1d layer = new BatchNorm1d(2).To(Widest).To(Device).Fill();
        double[] x = Filled.Numbers(8, 5);
        BatchNormSteps steps = BatchNormSteps.Of(layer, MostPrecise(x, [4, 2]));
        Assert.That(steps.UsesBatch, Is.True);
        double[] gamma = Filled.Numbers(2, 0), beta = Filled.Numbers(2, 1), mean = new double[2], variance = new double[2], normalized = new double[8], scaled = new double[8];
        for (int c = 0; c < 2; c++)
        {
            for (int n = 0; n < 4; n++)
            {
                mean[c] += x[(2 * n) + c] / 4;
            }

            for (int n = 0; n < 4; n++)
            {
                variance[c] += Math.Pow(x[(2 * n) + c] - mean[c], 2) / 4;
            }

            for (int n = 0; n < 4; n++)
            {
                normalized[(2 * n) + c] = (x[(2 * n) + c] - mean[c]) / Math.Sqrt(variance[c] + 1e-5);
                scaled[(2 * n) + c] = (gamma[c] * normalized[(2 * n) + c]) + beta[c];
            }
        }

        AssertAre(mean, steps.Mean);
        AssertAre(variance, steps.Variance);
        AssertAre(normalized, steps.Normalized);
        AssertAre(scaled, steps.Scaled);
        AssertAre([.. scaled.Select(static v => Math.Max(v, 0))], steps.Output);
        AssertAre([.. mean.Select(static m => 0.1 * m)], steps.RunningMean!);
        AssertAre([.. variance.Select(static v => 0.9 + (0.1 * v * 4 / 3))], steps.RunningVariance!);
        AssertAre([0, 0], layer.RunningMean!);
        AssertAre(scaled, layer.Forward(steps.Input));
        AssertAre(steps.RunningMean!.ToArray<double>(), layer.RunningMean!);
        AssertAre(steps.RunningVariance!.ToArray<double>(), layer.RunningVar!);
        Assert.That(steps.ToString(), Does.Contain("1  mean").And.Contains("2  variance").And.Contains("3  normalised").And.Contains("4  scaled").And.Contains("5  activation"));
    }

    [Test]
    public void Images_PerChannelOverAllPixels_BothModes()
    {
        BatchNorm2d layer = new BatchNorm2d(3, momentum: null).To(Device);
        Tensor x = Tensor.Randn([4, 3, 5, 6], mean: 2, std: 3, generator: new Generator(1), device: Device);
        BatchNormSteps steps = BatchNormSteps.Of(layer, x, static v => v.Tanh());
        for (int c = 0; c < 3; c++)
        {
            float[] values = x.Slice(1, c, c + 1).ToArray<float>(), after = steps.Normalized.Slice(1, c, c + 1).ToArray<float>();
            Assert.That(steps.Mean.ToArray<float>()[c], Is.EqualTo(values.Average()).Within(1e-4));
            Assert.That(after.Average(), Is.Zero.Within(1e-5));
            Assert.That(after.Average(static v => v * v), Is.EqualTo(1).Within(1e-4), "normalised: mean 0, variance 1");
        }

        Close.AssertAll("training", layer.Forward(x).Detach(), steps.Scaled.Detach(), 1e-5, 1e-5);
        Close.AssertAll("the first batch is the average", steps.Mean, layer.RunningMean!, 1e-5, 1e-5);
        Close.AssertAll("activation", steps.Scaled.Tanh().Detach(), steps.Output.Detach(), 1e-6, 1e-6);
        layer.Eval();
        BatchNormSteps prediction = BatchNormSteps.Of(layer, x);
        Assert.That(prediction.UsesBatch, Is.False);
        Close.AssertAll("prediction", layer.Forward(x).Detach(), prediction.Scaled.Detach(), 1e-5, 1e-5);
        Assert.That(BatchNormSteps.Of(layer, x, training: true).UsesBatch, Is.True);
    }

    [Test]
    public void Cumulative_IsTheAverageOverAllBatches_AsPyTorchs()
    {
        BatchNorm1d layer = new BatchNorm1d(2, momentum: null).To(Widest).To(Device);
        for (int k = 0; k < 3; k++)
        {
            Tensor x = MostPrecise(Filled.Numbers(8, k), [4, 2]);
            BatchNormSteps steps = BatchNormSteps.Of(layer, x);
            _ = layer.Forward(x);
            AssertAre(steps.RunningMean!.ToArray<double>(), layer.RunningMean!);
        }

        AssertAre(TorchHooks.CumulativeMean, layer.RunningMean!);
        AssertAre(TorchHooks.CumulativeVariance, layer.RunningVar!);
    }

    [Test]
    public void Frozen_UsesAndKeepsRunningStatistics_WithPyTorchsGradients()
    {
        BatchNorm1d layer = new BatchNorm1d(2, momentum: null).To(Widest).To(Device);
        for (int k = 0; k < 3; k++)
        {
            _ = layer.Forward(MostPrecise(Filled.Numbers(8, k), [4, 2]));
        }

        Sequential net = new Sequential(layer).FreezeBatchNorm();
        Assert.That((layer.StatisticsFrozen, layer.IsTraining), Is.EqualTo((true, true)));
        Tensor x = MostPrecise(Filled.Numbers(8, 5), [4, 2]).WithGrad();
        (net.Forward(x) * MostPrecise(Filled.Numbers(8, 6), [4, 2])).Sum().Backward();
        AssertAre(TorchHooks.FrozenGradientOfX, x.Grad!);
        AssertAre(TorchHooks.FrozenGradientOfWeight, layer.Weight!.Grad!);
        AssertAre(TorchHooks.FrozenGradientOfBias, layer.Bias!.Grad!);
        AssertAre(TorchHooks.CumulativeMean, layer.RunningMean!);
        Assert.That(layer.NumBatchesTracked!.Item(), Is.EqualTo(3));
        Assert.That(BatchNormSteps.Of(layer, x).UsesBatch, Is.False);

        // A single value per channel is no trouble then.
        Assert.That(() => net.Forward(MostPrecise([1, 2], [1, 2])), Throws.Nothing);
        net.UnfreezeBatchNorm();
        Assert.That(() => net.Forward(MostPrecise([1, 2], [1, 2])), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void Frozen_WithItsParameters_LearnsNothing()
    {
        Sequential net = new Sequential(new Linear(2, 3), new BatchNorm1d(3), new Relu()).To(Device).FreezeBatchNorm(affine: true);
        Assert.That(net.Parameters.Count(static p => p.RequiresGrad), Is.EqualTo(2));
        Assert.That(net.UnfreezeBatchNorm(affine: true).Parameters.Count(static p => p.RequiresGrad), Is.EqualTo(4));
    }

    [Test]
    public void BadInput_IsRefused()
    {
        BatchNorm1d layer = new BatchNorm1d(3).To(Device), untracked = new BatchNorm1d(3, trackRunningStats: false).To(Device);
        Assert.That(() => BatchNormSteps.Of(layer, Tensor.Ones([4, 2], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("C = 3"));
        Assert.That(() => BatchNormSteps.Of(layer, Tensor.Ones([1, 3], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("more than one value"));
        Assert.That(() => untracked.StatisticsFrozen = true, Throws.InvalidOperationException.With.Message.Contains("no running statistics"));
        _ = new Sequential(untracked).FreezeBatchNorm();
        Assert.That(untracked.StatisticsFrozen, Is.False);
        Assert.That(BatchNormSteps.Of(untracked.Eval(), Tensor.Rand([4, 3], device: Device)).UsesBatch, Is.True, "without running statistics the batch's are used at prediction too");
    }

    private void AssertAre(double[] expected, Tensor actual) => Close.AssertAll("values", expected, actual.Detach().ToArray<double>(), Relative, Device.HasFloat64 ? 1e-13 : 1e-6);
}
