using Engine.Perf.Paper;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Paper;

/// <summary>
/// How much of the inner loops of the main kernels multiplies, in the machine code that NVIDIA's assembler makes for compute capability 8.0 and 9.0. A share that falls is a
/// slower kernel on every card, which nothing else here would tell.
/// </summary>
internal sealed class InnerLoopTests
{
    /// <summary>The shares as they are (ptxas 11.8 and 12.4 differ by a percent or two), less three hundredths.</summary>
    private static readonly object[] s_products =
    [
        new object[] { MathMode.Strict, 90, "gemm_128x128x8", 0.85 },
        new object[] { MathMode.Tf32, 80, "gemm_256x128x16_tf32_async", 0.19 },
        new object[] { MathMode.BFloat16, 80, "gemm_256x128x32_bf16_async", 0.43 },

        // An instruction of a warpgroup takes 96 clocks and more: what is issued meanwhile costs nothing.
        new object[] { MathMode.Tf32, 90, "gemm_256x192x32_tf32_wgmma", 0.04 },
        new object[] { MathMode.BFloat16, 90, "gemm_256x192x64_bf16_wgmma", 0.04 },
    ];

    private static readonly object[] s_convolutions =
    [
        // The product of Winograd's points.
        new object[] { MathMode.Strict, 90, "gemm_128x64x8", 0.77 },
        new object[] { MathMode.Tf32, 80, "conv_patch_192x64x32_tf32", 0.23 },
        new object[] { MathMode.BFloat16, 80, "conv_patch_192x64x32_bf16", 0.18 },
        new object[] { MathMode.Tf32, 90, "conv_patch_192x64x32_tf32_wgmma", 0.03 },
    ];

    private static readonly object[] s_weightGradients =
    [
        new object[] { MathMode.Strict, "conv_weight_64x64x8", 0.76 },
        new object[] { MathMode.Tf32, "conv_weight_patch_64x32_tf32", 0.10 },
        new object[] { MathMode.BFloat16, "conv_weight_patch_64x32_bf16", 0.17 },
    ];

    private static readonly object[] s_stems =
    [
        new object[] { MathMode.Tf32, "conv_stem_128x64_tf32", "conv_weight_stem_64x160_tf32", 0.24, 0.15 },
        new object[] { MathMode.BFloat16, "conv_stem_128x64_bf16", "conv_weight_stem_64x160_bf16", 0.16, 0.13 },
    ];

    [TestCaseSource(nameof(s_products))]
    public void Product(MathMode mode, int capability, string kernel, double share) => Check(mode, capability, kernel, share, static device =>
    {
        Tensor x = Tensor.Zeros([4096, 4096], device: device);
        _ = x.MatMul(x);
    });

    [TestCaseSource(nameof(s_convolutions))]
    public void Convolution(MathMode mode, int capability, string kernel, double share) => Check(mode, capability, kernel, share, static device =>
        _ = Images(device, 16, 56).Conv2d(Images(device, 64, 3), padding: 1));

    [TestCaseSource(nameof(s_weightGradients))]
    public void WeightGradient(MathMode mode, string kernel, double share) => Check(mode, 90, kernel, share, static device =>
    {
        Tensor weight = Images(device, 64, 3).WithGrad(), y = Images(device, 16, 56).Conv2d(weight, padding: 1);
        device.Synchronize();
        Autograd.Grad([y], [weight], [y.Detach()]);
    }, "conv_weight");

    /// <summary>The first layer of ResNet-18: three channels, 7 × 7 at stride 2.</summary>
    [TestCaseSource(nameof(s_stems))]
    public void Stem(MathMode mode, string forward, string gradient, double forwardShare, double gradientShare)
    {
        Check(mode, 90, forward, forwardShare, static device => _ = Photographs(device).Conv2d(Tensor.Zeros([64, 3, 7, 7], device: device), stride: 2, padding: 3));
        Check(mode, 90, gradient, gradientShare, static device =>
        {
            Tensor weight = Tensor.Zeros([64, 3, 7, 7], device: device).WithGrad(), y = Photographs(device).Conv2d(weight, stride: 2, padding: 3);
            device.Synchronize();
            Autograd.Grad([y], [weight], [y.Detach()]);
        }, "conv_weight");
    }

    private static Tensor Photographs(Device device) => Tensor.Zeros([8, 3, 224, 224], device: device);

    /// <summary>The sums of batch normalisation: two multiply-adds for a number and a few for each four of a channel, beside loads of 16 bytes.</summary>
    [TestCase(false, "batch_norm", 0.16)]
    [TestCase(true, "batch_norm_backward", 0.08)]
    public void BatchNorm(bool isBackward, string kernel, double share) => Check(MathMode.Strict, 90, kernel, share, device =>
    {
        Tensor x = Images(device, 16, 56), scale = Tensor.Ones([64], device: device).WithGrad();
        Tensor y = x.BatchNorm(scale, null, relu: true);
        if (isBackward)
        {
            device.Synchronize();
            Autograd.Grad([y], [scale], [y.Detach()]);
        }
    }, kernel);

    /// <summary>Images or filters of 64 channels, as they lie inside a network.</summary>
    private static Tensor Images(Device device, int count, int side) => Tensor.Zeros([count, 64, side, side], device: device).Contiguous(MemoryFormat.ChannelsLast);

    private static void Check(MathMode mode, int capability, string kernel, double share, Action<Device> compute, string part = "")
    {
        if (!Ptxas.IsThere)
        {
            Assert.Ignore("ENGINE_PTXAS names no assembler of NVIDIA's.");
        }

        LaunchSampler sampler = new();
        using CudaDevice device = InterpretedCuda.CreatePaperDevice(capability, 132, sampler);
        device.MathMode = mode;
        using (TensorScope.Begin())
        {
            compute(device);
            device.Synchronize();
        }

        LaunchSample sample = sampler.Samples.Where(s => s.Kernel.Contains(part, StringComparison.Ordinal)).MaxBy(static s => InstructionCounts.Of(s)?.Products * s.Blocks ?? 0)!;
        Assert.That(sample.Kernel, Is.EqualTo(kernel));
        if (Ptxas.Disassemble(sample.Text, sample.Architecture) is not { } listing)
        {
            Assert.Ignore("There is no nvdisasm beside the assembler, or that is older than CUDA 12 and the text is for 9.0 alone.");
            return;
        }

        MachineLoop loop = MachineCode.Parse(listing).Hottest;
        TestContext.Out.WriteLine($"{kernel}: {loop}, {loop.ProductShare:P1}");
        Assert.That(loop.ProductShare, Is.GreaterThanOrEqualTo(share));
    }
}
