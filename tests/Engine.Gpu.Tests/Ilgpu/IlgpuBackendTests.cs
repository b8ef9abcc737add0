using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Which products and convolutions the kernels in ILGPU's language take, and which are left to those of our own compiler.</summary>
[TestFixture(TargetVariant.Ilgpu)]
[TestFixture(TargetVariant.InterpreterIlgpu)]
internal sealed class IlgpuBackendTests(TargetVariant variant) : KernelFixture(variant)
{
    private static readonly MapProgram s_square = MapProgram.Compile(1, Expr.Input(0) * Expr.Input(0));

    [TestCase(40, 30, 8, "Kernel_TiledProduct")]
    [TestCase(17, 65, 0, "Kernel_TiledProduct")]
    [TestCase(3, 65, 8, "Kernel_DirectProduct")]
    [TestCase(65, 1, 8, "Kernel_DirectProduct")]
    public void Gemm_OfSingles_IsOneKernel(int m, int n, int k, string kernel) =>
        Assert.That(Kernels(() => Multiply(DType.Float32, [m, k], [k, n], [m, n], Programs.Relu)), Is.EqualTo(new[] { kernel }));

    [Test]
    public void Gemm_WithAnyActivation_AppliesItInPlace()
    {
        DeviceArray c = Result(DType.Float32, [20, 21]);
        string[] kernels = Kernels(() => Backend.Gemm(new GemmArgs
        {
            A = Array(DType.Float32, [20, 2], static _ => 1.5),
            B = Array(DType.Float32, [2, 21], static _ => -1),
            C = c,
            Activation = s_square,
        }));
        Assert.That(kernels, Has.Length.EqualTo(2).And.Contains("Kernel_TiledProduct"));
        Assert.That(c.Read(), Is.All.EqualTo(9));
    }

    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    [TestCase(DType.Int32)]
    [TestCase(DType.Int64)]
    public void Gemm_OfOtherTypes_IsLeftToOurOwnKernels(DType dtype) =>
        Assert.That(Kernels(() => Multiply(dtype, [40, 8], [8, 30], [40, 30], null)), Is.Not.Empty.And.None.StartsWith("Kernel_"));

    [Test]
    public void Gemm_WithAReluThatIsNegativeOrNaN_KeepsNaN()
    {
        DeviceArray c = Result(DType.Float32, [2, 20]);
        Backend.Gemm(new GemmArgs
        {
            A = Array(DType.Float32, [2, 1], static i => i == 0 ? double.NaN : -1),
            B = Array(DType.Float32, [1, 20], static _ => 1),
            C = c,
            Activation = Programs.Relu,
        });
        Assert.That(c.Read(), Is.EqualTo(Enumerable.Range(0, 40).Select(static i => i < 20 ? double.NaN : 0)));
    }

    [TestCase(3, 6, "Kernel_DirectCorrelation", "Kernel_DirectWeightGradient")]
    [TestCase(20, 24, "Kernel_TiledCorrelation", "Kernel_TiledWeightGradient")]
    public void Convolution_OfFewAndManyChannels_HasItsKernels(int inChannels, int outChannels, string correlation, string weightGradient)
    {
        ConvGeometry g = new()
        {
            Batch = 2,
            InChannels = inChannels,
            InHeight = 6,
            InWidth = 5,
            OutChannels = outChannels,
            OutHeight = 6,
            OutWidth = 5,
            KernelHeight = 3,
            KernelWidth = 3,
            PadH = 1,
            PadW = 1,
        };
        DeviceArray x = Result(DType.Float32, [2, inChannels, 6, 5]), w = Result(DType.Float32, [outChannels, inChannels, 3, 3]), y = Result(DType.Float32, [2, outChannels, 6, 5]);
        Assert.That(Kernels(() => Backend.ConvForward(new ConvForwardArgs { Geometry = g, X = x, W = w, Y = y, Activation = Programs.Relu })), Is.EqualTo(new[] { correlation }));
        Assert.That(Kernels(() => Backend.ConvBackwardData(new ConvBackwardDataArgs { Geometry = g, GradY = y, W = w, GradX = x })), Is.EqualTo(new[] { correlation }));
        Assert.That(Kernels(() => Backend.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = g, X = x, GradY = y, GradW = w })), Is.EqualTo(new[] { weightGradient }));
    }

    [Test]
    public void WeightGradient_OfManyPixels_IsSummedInParts()
    {
        ConvGeometry g = new()
        {
            Batch = 2,
            InChannels = 20,
            InHeight = 40,
            InWidth = 41,
            OutChannels = 24,
            OutHeight = 40,
            OutWidth = 41,
            KernelHeight = 1,
            KernelWidth = 1,
        };
        DeviceArray x = Array(DType.Float32, [2, 20, 40, 41], static _ => 1), y = Array(DType.Float32, [2, 24, 40, 41], static _ => 1), w = Result(DType.Float32, [24, 20, 1, 1]);
        string[] kernels = Kernels(() => Backend.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = g, X = x, GradY = y, GradW = w }));
        Assert.That(kernels, Is.EquivalentTo(new[] { "Kernel_TiledWeightGradient", "Kernel_SumOfParts" }));
        Assert.That(w.Read(), Is.All.EqualTo(2 * 40 * 41));
    }

    [Test]
    public void Convolution_OfHalves_IsLeftToOurOwnKernels()
    {
        ConvGeometry g = new() { Batch = 1, InChannels = 2, InHeight = 3, InWidth = 3, OutChannels = 2, OutHeight = 3, OutWidth = 3, KernelHeight = 1, KernelWidth = 1 };
        DeviceArray x = Result(DType.Float16, [1, 2, 3, 3]), w = Result(DType.Float16, [2, 2, 1, 1]), y = Result(DType.Float16, [1, 2, 3, 3]);
        Assert.That(Kernels(() => Backend.ConvForward(new ConvForwardArgs { Geometry = g, X = x, W = w, Y = y })), Is.Not.Empty.And.None.StartsWith("Kernel_"));
    }

    /// <summary>The interpreter's blocks of several GB take no memory where nobody writes.</summary>
    [Test]
    public void OperandsThatSpanMoreThan32Bits_AreLeftToOurOwnKernels()
    {
        const int Rows = 18, Step = (int)((1L << 31) / (Rows - 1)) + 1;
        using GpuDevice device = InterpretedCuda.CreateDevice(memoryBytes: 16L << 30);
        IlgpuBackend backend = new(new GpuBackend(device, device.Driver.Target));
        using TensorScope scope = TensorScope.Begin();
        Tensor near = Tensor.Arange(0, Rows * 3, device: device).To(DType.Float32).Reshape(Rows, 3), b = near.T.Contiguous(), c = Tensor.Empty([Rows, Rows], device: device);
        Tensor far = Tensor.Empty([Rows, Step], DType.Float32, device).Narrow(1, 0, 3);
        far.CopyFrom(near);
        using LaunchCount count = device.CountLaunches();
        backend.Gemm(new GemmArgs { A = far.Operand, B = b.Operand, C = c.Operand });
        Assert.That(count.Kernels.Select(static kernel => kernel.Name), Is.Not.Empty.And.None.StartsWith("Kernel_"));
        Assert.That(c.ToArray<float>(), Is.EqualTo(near.MatMul(b).ToArray<float>()));
    }

    [Test]
    public void GroupsThatAreTooLargeForTheDevice_AreLeftToOurOwnKernels()
    {
        using GpuDevice device = InterpretedCuda.CreateDevice();
        IlgpuBackend backend = new(new GpuBackend(device, device.Driver.Target with { MaxGroupSize = 32 }));
        using TensorScope scope = TensorScope.Begin();
        Tensor a = Tensor.Ones([20, 4], device: device), b = Tensor.Ones([4, 20], device: device), c = Tensor.Empty([20, 20], device: device);
        using LaunchCount count = device.CountLaunches();
        backend.Gemm(new GemmArgs { A = a.Operand, B = b.Operand, C = c.Operand });
        backend.Gemm(new GemmArgs { A = a.Narrow(0, 0, 1).Operand, B = b.Operand, C = c.Narrow(0, 0, 1).Operand });
        Assert.That(count.Kernels.Select(static kernel => kernel.Name), Is.Not.Empty.And.None.StartsWith("Kernel_"));
        Assert.That(c.ToArray<float>(), Is.All.EqualTo(4));
    }

    [Test]
    public void Network_HasTheLossAndTheGradientsOfTheCpu()
    {
        using TensorScope scope = TensorScope.Begin();
        (double loss, double[][] gradients) = Train(Engine.Device.Cpu);
        (double ilgpuLoss, double[][] ilgpuGradients) = Train(Device);
        Assert.That(ilgpuLoss, Is.EqualTo(loss).Within(1e-5 * Math.Abs(loss)));
        for (int i = 0; i < gradients.Length; i++)
        {
            double largest = gradients[i].Max(Math.Abs);
            Assert.That(largest, Is.GreaterThan(1e-4));
            Assert.That(ilgpuGradients[i], Is.EqualTo(gradients[i]).Within(2e-5 * largest), $"gradient {i}");
        }
    }

    /// <summary>Convolutions of all kinds, with few channels and many, depthwise, one-dimensional and transposed, and linear layers behind them.</summary>
    private static (double Loss, double[][] Gradients) Train(Device device)
    {
        int seed = 0;
        Tensor Noise(Shape shape)
        {
            Random random = new(++seed);
            float[] values = [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (float)(random.NextDouble() - 0.5))];
            Tensor x = Tensor.From<float>(values, shape, device);
            x.RequiresGrad = true;
            return x;
        }

        Tensor x = Noise([3, 3, 12, 11]), few = Noise([6, 3, 5, 5]), fewBias = Noise([6]), many = Noise([24, 6, 3, 3]), depthwise = Noise([24, 1, 3, 3]), mix = Noise([20, 24, 1, 1]);
        Tensor grown = Noise([20, 18, 3, 3]), line = Noise([18, 9, 3]), weight = Noise([20, 18]), bias = Noise([20]), last = Noise([4, 20]);
        Tensor y = x.Conv2d(few, fewBias, stride: 1, padding: 2, relu: true)
            .Conv2d(many, stride: 2, padding: 1, relu: true)
            .Conv2d(depthwise, padding: 2, dilation: 2, groups: 24)
            .Conv2d(mix)
            .ConvTranspose2d(grown, stride: 2, padding: 1, outputPadding: 1);
        y = y.Flatten(2, 3).Conv1d(line, stride: 5, padding: 1, groups: 2).Mean(-1);
        Tensor loss = (y.Linear(weight, bias, relu: true).MatMul(last.T) * 3).Square().Sum();
        loss.Backward();
        return (loss.Item(), [.. new[] { x, few, fewBias, many, depthwise, mix, grown, line, weight, bias, last }.Select(static t => t.Grad!.ToArray<double>())]);
    }

    private string[] Kernels(Action work)
    {
        using LaunchCount count = Device.CountLaunches();
        work();
        return [.. count.Kernels.Select(static kernel => kernel.Name)];
    }

    private void Multiply(DType dtype, Shape a, Shape b, Shape c, MapProgram? activation) =>
        Backend.Gemm(new GemmArgs { A = Array(dtype, a, static i => i % 3), B = Array(dtype, b, static i => i % 5), C = Result(dtype, c), Activation = activation });
}
