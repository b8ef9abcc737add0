using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Normalisation of half-precision values with float32 scale, shift and statistics, as in mixed-precision training.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class HalfNormalizationTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly DType[] s_halves = [DType.Float16, DType.BFloat16];

    [TestCaseSource(nameof(s_halves))]
    public void BatchNorm_HalfInput_ComputesInFloat32(DType half) =>
        Check(half, [8, 3, 5], [3], (x, residual, weight, bias) => x.BatchNorm(weight, bias, relu: true, residual: residual));

    [TestCaseSource(nameof(s_halves))]
    public void BatchNorm_HalfInputAtPrediction_ComputesInFloat32(DType half)
    {
        Tensor mean = Tensor.From<float>([0.1f, 0.2f, -1], device: Device), variance = Tensor.From<float>([1, 2, 0.5f], device: Device);
        Check(half, [8, 3, 5], [3], (x, residual, weight, bias) => x.BatchNorm(
            weight, bias, mean.To(weight.DType), variance.To(weight.DType), training: false, relu: true, residual: residual));
    }

    [TestCaseSource(nameof(s_halves))]
    public void LayerNorm_HalfInput_ComputesInFloat32(DType half) =>
        Check(half, [8, 6], [6], (x, residual, weight, bias) => (x.LayerNorm(weight, bias) + residual).Relu());

    [TestCaseSource(nameof(s_halves))]
    public void RmsNorm_HalfInput_ComputesInFloat32(DType half) =>
        Check(half, [8, 6], [6], (x, residual, weight, bias) => (x.RmsNorm(weight, eps: 1e-6) + residual + bias).To(x.DType).Relu());

    [TestCaseSource(nameof(s_halves))]
    public void GroupNorm_HalfInput_ComputesInFloat32(DType half) =>
        Check(half, [8, 6, 5], [6], (x, residual, weight, bias) => (x.GroupNorm(2, weight, bias) + residual).Relu());

    [TestCaseSource(nameof(s_halves))]
    public void BatchNorm_HalfInput_KeepsRunningStatisticsInFloat32(DType half)
    {
        // A mean of 3 with steps of 2⁻⁸ (bfloat16: 2⁻⁶): statistics that were halves on the way would be off by more than the bound.
        Tensor x = (Tensor.Randn([64, 2, 9], generator: new Generator(5), device: Device) + 3).To(half);
        Tensor runningMean = Tensor.Zeros([2], device: Device), runningVar = Tensor.Ones([2], device: Device);
        x.BatchNorm(null, null, runningMean, runningVar, momentum: 1);
        Tensor exact = x.To(Widest);
        Close.AssertAll("mean", exact.Mean([0, 2]), runningMean, 1e-6, 1e-6);
        Close.AssertAll("variance", (exact - exact.Mean([0, 2], keepDims: true)).Square().Sum([0, 2]) / ((64 * 9) - 1), runningVar, 1e-5, 1e-5);
    }

    [TestCaseSource(nameof(s_halves))]
    public void BatchNorm_ResidualOfAnotherType_GivesTheTypeOfASum(DType half)
    {
        Tensor x = Tensor.Randn([4, 3, 5], generator: new Generator(1), device: Device).To(half).WithGrad();
        Tensor residual = Tensor.Randn([4, 3, 5], generator: new Generator(2), device: Device).WithGrad();
        Tensor y = x.BatchNorm(null, null, relu: true, residual: residual);
        Assert.That(y.DType, Is.EqualTo(DType.Float32));
        y.Sum().Backward();
        Assert.That((x.Grad!.DType, residual.Grad!.DType), Is.EqualTo((half, DType.Float32)));
        Assert.That(y.Detach().ToArray<float>(), Is.EqualTo(x.Detach().BatchNorm(null, null).AddRelu(residual.Detach()).ToArray<float>()));
    }

    [TestCaseSource(nameof(s_halves))]
    public void BatchNorm_HalfWeights_GetHalfGradients(DType half)
    {
        Tensor x = Tensor.Randn([4, 3, 5], generator: new Generator(1), device: Device).To(half);
        Tensor weight = Tensor.Ones([3], half, Device).WithGrad(), bias = Tensor.Zeros([3], device: Device).WithGrad();
        x.BatchNorm(weight, bias).Square().Sum().Backward();
        Assert.That((weight.Grad!.DType, bias.Grad!.DType), Is.EqualTo((half, DType.Float32)));
        Assert.That(weight.Grad.ToArray<double>(), Is.All.EqualTo(40).Within(0.5), "Σ 2·x̂² over 20 values");
    }

    /// <summary>The result and all gradients against the same computation in float64 on the same numbers.</summary>
    private void Check(DType half, Shape shape, Shape affine, Func<Tensor, Tensor, Tensor, Tensor, Tensor> run)
    {
        Tensor x = Tensor.Randn(shape, generator: new Generator(1), device: Device).To(half), residual = Tensor.Randn(shape, generator: new Generator(2), device: Device).To(half);
        Tensor weight = Tensor.Rand(affine, generator: new Generator(3), device: Device) + 0.5, bias = Tensor.Randn(affine, generator: new Generator(4), device: Device);
        Tensor seed = Tensor.Randn(shape, generator: new Generator(6), device: Device).To(half);
        Tensor[] halves = [x.WithGrad(), residual.WithGrad(), weight.WithGrad(), bias.WithGrad()];
        Tensor[] doubles = [.. halves.Select(t => t.Detach().To(Widest).WithGrad())];
        Tensor y = run(halves[0], halves[1], halves[2], halves[3]), expected = run(doubles[0], doubles[1], doubles[2], doubles[3]);
        Assert.That(y.DType, Is.EqualTo(half));

        // Where a result is about 0, rounding decides what the ReLU lets through; there both get no gradient.
        Tensor clear = (expected.Detach() > 0.01).To(Widest);
        y.Backward(seed * clear.To(half));
        expected.Backward(seed.To(Widest) * clear);
        double step = half == DType.Float16 ? 1e-3 : 8e-3;
        Close.AssertAll("y", expected.Detach(), y.Detach(), 2 * step, 2 * step);
        for (int i = 0; i < halves.Length; i++)
        {
            Tensor gradient = halves[i].Grad!;
            Assert.That(gradient.DType, Is.EqualTo(halves[i].DType), $"gradient {i}");
            Close.AssertAll($"gradient {i}", doubles[i].Grad!, gradient, 4 * step, 8 * step);
        }
    }
}
