using Engine.Gpu;
using Engine.Nn;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>How many kernels a captured training step of each network launches on a large card: small networks cost their launches.</summary>
[TestFixture]
internal sealed class NetworkLaunchesTests
{
    private const int H100 = 90, Multiprocessors = 132;

    private Device _before = null!;
    private GpuDevice _card = null!;

    [SetUp]
    public void Begin()
    {
        _before = Device.Default;
        _card = InterpretedCuda.CreatePaperDevice(H100, Multiprocessors);
        Device.Default = _card;
    }

    [TearDown]
    public void End()
    {
        Device.Default = _before;
        _card.Dispose();
    }

    /// <summary>As many as there are; in strict mode each of ResNet-18's larger convolutions goes through Winograd's points, which takes three.</summary>
    [TestCase("mlp", 128, 1, 28, 11, MathMode.Strict)]
    [TestCase("lenet5", 128, 1, 28, 23, MathMode.Strict)]
    [TestCase("convbn", 128, 1, 28, 22, MathMode.Strict)]
    [TestCase("resnet20", 64, 3, 32, 104, MathMode.Strict)]
    [TestCase("densenet_bc_40_12", 32, 3, 32, 189, MathMode.Strict)]
    [TestCase("resnet18", 32, 3, 32, 154, MathMode.Strict)]
    [TestCase("resnet20", 64, 3, 32, 102, MathMode.Tf32)]
    [TestCase("densenet_bc_40_12", 32, 3, 32, 183, MathMode.Tf32)]
    [TestCase("resnet18", 32, 3, 32, 102, MathMode.Tf32)]
    public void CapturedStep_OnALargeCard_LaunchesAFewKernels(string name, int batch, int channels, int side, int most, MathMode mode)
    {
        _card.MathMode = mode;
        Layer network = ModelZoo.Create(name, [channels, side, side]);
        network.Train();
        Adam optimizer = new(network.Parameters, 1e-3);
        Tensor x = Tensor.Randn([batch, channels, side, side]), target = Tensor.Zeros([batch], DType.Int64);
        using CapturedStep step = _card.Capture(
            () =>
            {
                optimizer.ZeroGrad();
                Tensor loss = network.Forward(x).CrossEntropy(target);
                loss.Backward();
                optimizer.Step();
            },
            [x, target]);
        TestContext.Out.WriteLine($"{name}: {step.Launches} launches");
        Assert.That(step.Launches, Is.InRange(1, most));
    }
}
