using Engine.Cpu;
using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>One seed gives one training run, whatever the device.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.OthersWithKernelSets))]
internal sealed class LossCurveTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int Steps = 50;
    private static readonly Lazy<double[]> s_cpu = new(static () =>
    {
        using CpuDevice cpu = new("cpu", 1);
        return Train(cpu);
    });

    [Test]
    public void LeNet5_FiftySteps_FollowsTheCpusLosses()
    {
        double[] losses = Train(Device);
        Assert.That(losses[^1], Is.LessThan(0.8 * losses[0]), "the network learns");
        for (int step = 0; step < Steps; step++)
        {
            Assert.That(losses[step], Is.EqualTo(s_cpu.Value[step]).Within(1e-4), $"step {step}");
        }
    }

    private static double[] Train(Device device)
    {
        Generator generator = new(5);
        Layer model = ModelZoo.Create("lenet5", [1, 28, 28], 10, generator);
        model.To(device);
        Adam optimizer = new(model.Parameters, learningRate: 1e-3);
        Tensor images = Tensor.Randn([16, 1, 28, 28], generator: generator, device: device);
        Tensor classes = Tensor.From<long>([.. Enumerable.Range(0, 16).Select(i => (long)(i % 10))], device);
        double[] losses = new double[Steps];
        for (int step = 0; step < Steps; step++)
        {
            using TensorScope scope = TensorScope.Begin();
            optimizer.ZeroGrad();
            Tensor loss = model.Forward(images).CrossEntropy(classes);
            loss.Backward();
            optimizer.Step();
            losses[step] = loss.Item();
        }

        return losses;
    }
}
