using Engine.Gpu;
using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>A layer and the ReLU behind it, computed in one pass, give the bits and gradients of two passes.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SequentialFusionTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly object[][] s_layers =
    [
        [() => new Linear(7, 5, generator: new Generator(1)), new Shape(6, 7)],
        [() => new Conv2d(3, 5, 3, padding: 1, generator: new Generator(2)), new Shape(4, 3, 6, 5)],
        [() => new Conv2d(4, 4, 3, groups: 4, bias: false, generator: new Generator(3)), new Shape(2, 4, 6, 5)],
        [() => new BatchNorm2d(3), new Shape(4, 3, 6, 5)],
        [() => new BatchNorm1d(7), new Shape(6, 7)],
    ];

    [TestCaseSource(nameof(s_layers))]
    public void Forward_ThenRelu_SameAsSeparate(Func<Layer> make, Shape shape)
    {
        foreach (bool training in (bool[])[true, false])
        {
            (float[] fusedOutput, float[][] fusedGradients) = Run(new Sequential(make(), new Relu()), shape, training);
            (float[] output, float[][] gradients) = Run(new Sequential(make(), new Identity(), new Relu()), shape, training);
            Assert.That(fusedOutput, Is.EqualTo(output), $"training {training}");
            Assert.That(output, Has.Some.EqualTo(0f).And.Some.GreaterThan(0f), "both sides of the ReLU are taken");
            Assert.That(fusedGradients, Has.Length.EqualTo(gradients.Length));
            for (int i = 0; i < gradients.Length; i++)
            {
                // A card's fused kernel sums a bias's gradient in an order of its own; all else is the same arithmetic.
                bool isBiasOnACard = Device is GpuDevice && i == gradients.Length - 1;
                Assert.That(fusedGradients[i], isBiasOnACard ? Is.EqualTo(gradients[i]).Within(4).Ulps : Is.EqualTo(gradients[i]), $"gradient {i}, training {training}");
            }
        }
    }

    private (float[] Output, float[][] Gradients) Run(Sequential net, Shape shape, bool training)
    {
        net.To(Device).Train(training);
        Tensor x = Tensor.Randn(shape, generator: new Generator(9), device: Device).WithGrad();
        Tensor y = net.Forward(x);
        (y * Tensor.Randn(y.Shape, generator: new Generator(10), device: Device)).Sum().Backward();
        return (y.Detach().ToArray<float>(), [x.Grad!.ToArray<float>(), .. net.Parameters.Select(p => p.Grad!.ToArray<float>())]);
    }
}
