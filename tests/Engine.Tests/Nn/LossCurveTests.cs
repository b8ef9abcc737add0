using Engine.Cpu;
using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>One seed gives one training run, whatever the device.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.OthersWithKernelSets))]
internal sealed class LossCurveTests(string deviceName) : DeviceFixture(deviceName)
{
    /// <summary>Few: an interpreter takes seconds for a step.</summary>
    private const int Samples = 8;

    private static readonly Lazy<double[]> s_leNet5 = new(static () => TrainOnCpu("lenet5", steps: 20)), s_convBn = new(static () => TrainOnCpu("convbn", steps: 6));

    [Test]
    public void LeNet5_SomeSteps_FollowsTheCpusLosses() => Check("lenet5", s_leNet5.Value);

    [Test]
    public void ConvBn_SomeSteps_FollowsTheCpusLosses() => Check("convbn", s_convBn.Value);

    private void Check(string model, double[] expected)
    {
        double[] losses = Train(model, expected.Length, Device);
        Assert.That(losses[^1], Is.LessThan(0.8 * losses[0]), "the network learns");
        for (int step = 0; step < losses.Length; step++)
        {
            Assert.That(losses[step], Is.EqualTo(expected[step]).Within(1e-4), $"step {step}");
        }
    }

    private static double[] TrainOnCpu(string model, int steps)
    {
        using CpuDevice cpu = new("cpu", 1);
        return Train(model, steps, cpu);
    }

    private static double[] Train(string name, int steps, Device device)
    {
        Generator generator = new(5);
        Layer model = ModelZoo.Create(name, [1, 28, 28], 10, generator);
        model.To(device);
        Adam optimizer = new(model.Parameters, learningRate: 1e-3);
        Tensor images = Tensor.Randn([Samples, 1, 28, 28], generator: generator, device: device);
        Tensor classes = Tensor.From<long>([.. Enumerable.Range(0, Samples).Select(static i => (long)i)], device);
        double[] losses = new double[steps];
        for (int step = 0; step < steps; step++)
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
