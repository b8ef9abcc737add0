using System.Collections;
using System.Reflection;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// A short way through every kernel that there is: for a driver, or a tool that watches memory, that nothing else was tried on. A new kernel
/// definition without a line here is a failure.
/// </summary>
[TestFixture]
internal sealed class EveryKernelTests
{
    private static readonly (string Name, Func<Device, Tensor[]> Work)[] s_work =
    [
        ("map", static d => [X(d, 7, 9).Sin() + X(d, 9)]),
        ("transposing map", static d => [X(d, 140, 150).Transpose(0, 1) * X(d, 150, 140)]),
        ("reduce", static d => [X(d, 70, 90).Sum(1), X(d, 70, 90).Sum(0), X(d, 70, 90).Max(1), X(d, 9000).Sum()]),
        ("product by tiles", static d => [X(d, 70, 33).MatMul(X(d, 33, 65))]),
        ("product in parts", static d => [X(d, 32, 2000).MatMul(X(d, 2000, 32))]),
        ("product of few rows", static d => [X(d, 3, 33).MatMul(X(d, 33, 65))]),
        ("half product", static d => [X(d, 40, 33).To(DType.Float16).MatMul(X(d, 33, 65).To(DType.Float16)), X(d, 40, 33).To(DType.BFloat16).MatMul(X(d, 33, 65).To(DType.BFloat16))]),
        ("convolution", static d => Gradients(static (x, w, b) => x.Conv2d(w, b, padding: 1, relu: true), X(d, 2, 8, 9, 7), X(d, 16, 8, 3, 3), X(d, 16))),
        ("gradient to filters alone", static d => FilterGradient(X(d, 2, 8, 9, 7), X(d, 16, 8, 3, 3), X(d, 2, 16, 9, 7))),
        ("convolution of few channels a group", static d => Gradients(static (x, w, b) => x.Conv2d(w, b, stride: 2, groups: 4), X(d, 2, 8, 9, 7), X(d, 8, 2, 3, 3), X(d, 8))),
        ("depthwise convolution", static d => Gradients(static (x, w, b) => x.Conv2d(w, b, padding: 1, groups: 8), Last(X(d, 2, 8, 9, 7)), X(d, 8, 1, 3, 3), X(d, 8))),
        ("convolution with few results a group", static d => Gradients(static (x, w, b) => x.Conv2d(w, b, groups: 2), X(d, 2, 18, 6, 5), X(d, 4, 9, 3, 3), X(d, 4))),
        ("strided convolution", static d => Gradients(static (x, w, b) => x.Conv2d(w, b, stride: 2, padding: 1), X(d, 2, 8, 9, 7), X(d, 16, 8, 3, 3), X(d, 16))),
        ("convolution with channels last", static d => Gradients(static (x, w, b) => x.Conv2d(w, b, padding: 1, relu: true), Last(X(d, 2, 8, 9, 7)), Last(X(d, 16, 8, 3, 3)), X(d, 16))),
        ("convolution by Winograd's points", static d => [Winograd(Last(X(d, 2, 16, 7, 9)), Last(X(d, 18, 16, 3, 3))), Winograd(Last(X(d, 1, 5, 6, 3)), X(d, 7, 5, 3, 3))]),
        ("batch norm", static d => Gradients(static (x, w, b) => x.BatchNorm(w, b), X(d, 4, 5, 6, 7), X(d, 5), X(d, 5))),
        ("batch norm of many", static d => Gradients(static (x, w, b) => x.BatchNorm(w, b, relu: true), X(d, 40, 3, 30, 30), X(d, 3), X(d, 3))),
        ("layer norm", static d => Gradients(static (x, w, b) => x.LayerNorm(w, b), X(d, 30, 70), X(d, 70), X(d, 70))),
        ("softmax", static d => [.. Gradients(static (x, w, b) => x.Softmax() * w, X(d, 7, 300), X(d, 300), X(d, 1)), X(d, 7, 30).LogSoftmax()]),
        ("cross entropy", static d => Gradients((x, w, b) => x.CrossEntropy(Indices(d, 12, 9), labelSmoothing: 0.1) * w * b, X(d, 9, 12), X(d, 1), X(d, 1))),
        ("pooling", static d => Gradients(static (x, w, b) => x.MaxPool2d(2) * w + x.AvgPool2d(2) * b, X(d, 2, 3, 8, 8), X(d, 1), X(d, 1))),
        ("gather and scatter", static d => [X(d, 20, 6).IndexSelect(0, Indices(d, 20, 7)), X(d, 20, 6).ScatterAdd(0, Indices(d, 20, 30).Reshape(30, 1).Expand([30, 6]), X(d, 30, 6))]),
        ("sums at sorted indices", static d => [X(d, 20, 6).ScatterAdd(0, Indices(d, 20, 600).Reshape(600, 1).Expand([600, 6]), X(d, 600, 6)), Embedding(d)]),
        ("writing at indices", static d => [X(d, 20, 6).IndexCopy(0, Indices(d, 20, 30), X(d, 30, 6)), X(d, 20, 6).Scatter(1, Indices(d, 6, 80).Reshape(20, 4), X(d, 20, 4))]),
        ("attention", static d => Attention(X(d, 1, 2, 37, 8), X(d, 1, 2, 41, 8), X(d, 1, 2, 41, 12), null, causal: true)),
        ("masked attention", static d => Attention(X(d, 2, 1, 19, 16), X(d, 2, 1, 20, 16), X(d, 2, 1, 20, 16), X(d, 19, 20), causal: false)),
        ("sort", static d => [X(d, 3, 50).Sort().Values, X(d, 2, 5000).Sort().Values, X(d, 5000).ArgSort(descending: true)]),
        ("running sum", static d => [X(d, 3, 500).CumSum(1), X(d, 500, 3).CumSum(0)]),
        ("norm of many", static d => [Tensor.GlobalNorm([X(d, 300), X(d, 7, 9), X(d, 2000)])]),
        ("maps together", static d => Together(d)),
    ];

    // Where there are tensor cores: what they alone compute.
    private static readonly (string Name, MathMode Mode, Func<Device, Tensor[]> Work)[] s_tensorWork =
    [
        ("convolution by patches", MathMode.Tf32, static d => FilterGradient(Last(X(d, 2, 64, 32, 32)), Last(X(d, 64, 64, 3, 3)), Last(X(d, 2, 64, 32, 32)))),
        ("convolution of images with few channels", MathMode.Tf32, static d => FilterGradient(X(d, 2, 3, 32, 32), X(d, 16, 3, 3, 3), Last(X(d, 2, 16, 32, 32)))),
        ("product of factors that are rounded first", MathMode.BFloat16, static d => [X(d, 96, 72).MatMul(X(d, 72, 80))]),
    ];

    private static readonly string[] s_tensorNames = ["Patch", "Stem"];

    [TestCase("interpreter")]
    [TestCase("small")]
    [TestCase("processor")]
    public void EveryKernel_OnSmallOperands_GivesWhatTheCpuGives(string name)
    {
        using GpuDevice device = NewDevice(name);
        foreach ((string what, Func<Device, Tensor[]> work) in s_work)
        {
            Tensor[] actual = work(device), expected = work(Device.Cpu);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.That(actual[i].Device, Is.EqualTo(device));
                double bound = expected[i].DType.SizeInBytes() == 2 ? 1e-2 : 2e-4;
                Compare.AssertClose(actual[i], expected[i], bound, $"{what}, result {i}");
            }
        }

        ((GpuBackend)device.Backend).LeastRounded = 64;
        foreach ((string what, MathMode mode, Func<Device, Tensor[]> work) in device.Driver.Target.HasTensorCores ? s_tensorWork : [])
        {
            device.MathMode = mode;
            Tensor[] actual = work(device), expected = work(Device.Cpu);
            for (int i = 0; i < expected.Length; i++)
            {
                Compare.AssertClose(actual[i], expected[i], 5e-2, $"{what}, result {i}");
            }
        }

        if (name == "processor")
        {
            return; // other kernels than a card: not all of them
        }

        string[] all = [.. typeof(IKernelDefinition).Assembly.GetTypes().Where(static t => t.IsValueType && t.IsAssignableTo(typeof(IKernelDefinition)))
            .Where(t => device.Driver.Target.HasTensorCores || (t != typeof(RoundFactorsKernel) && !s_tensorNames.Any(name => t.Name.StartsWith(name, StringComparison.Ordinal))))
            .Where(t => device.Driver.Target.HasMeetings || t != typeof(MeetingTrialKernel))
            .Where(t => !device.Driver.Target.HasLastGroup || t != typeof(SplitSumKernel)).Select(static t => t.Name).Order(StringComparer.Ordinal)];
        Assert.That(all, Has.Length.GreaterThan(25));
        Assert.That(Launched(device.CompiledKernels).Intersect(all).Order(StringComparer.Ordinal), Is.EqualTo(all), "add a line above for the one that is missing");
    }

    private static GpuDevice NewDevice(string name)
    {
        if (name == "interpreter")
        {
            return InterpretedCuda.CreateDevice();
        }

        GpuTarget target;
        using (OpenClDriver driver = OpenClMachine.NewDriver())
        {
            target = driver.Target;
        }

        KernelDevices.SkipOnProcessor(target);
        if (name == "processor")
        {
            Assume.That(target.IsProcessor, "the OpenCL device is a card");
            return new OpenClDevice("opencl:processor", OpenClMachine.NewDriver(target));
        }

        return new OpenClDevice("opencl:small", OpenClMachine.NewDriver(target with { IsProcessor = false, MaxGroupSize = 64, ComputeUnits = 4, SharedBytes = 32 << 10 }));
    }

    /// <summary>The definitions with a kernel.</summary>
    private static IEnumerable<string> Launched(KernelCache cache)
    {
        var tables = (object?[])typeof(KernelCache).GetField("_tables", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(cache)!;
        return tables.OfType<IDictionary>().Where(static table => table.Count > 0).Select(static table => table.GetType().GenericTypeArguments[0].Name);
    }

    private static Tensor X(Device device, params int[] shape) => Compare.Random(new Shape(shape), shape.Sum() + shape.Length, -1, 1, DType.Float32).To(device);

    private static Tensor Indices(Device device, int below, int count) =>
        Tensor.From<long>([.. Enumerable.Range(0, count).Select(i => (long)(i * 7 % below))], device);

    private static Tensor Last(Tensor x) => x.Contiguous(MemoryFormat.ChannelsLast);

    /// <summary>A result and the gradients of its weighted sum.</summary>
    private static Tensor[] Gradients(Func<Tensor, Tensor, Tensor, Tensor> function, Tensor x, Tensor w, Tensor b)
    {
        x.RequiresGrad = w.RequiresGrad = b.RequiresGrad = true;
        Tensor y = function(x, w, b);
        Tensor weights = X(x.Device, [.. y.Shape.ToArray()]);
        Tensor?[] gradients = Autograd.Grad([(y * weights).Sum()], [x, w, b], [null]);
        return [y.Detach(), .. gradients.OfType<Tensor>()];
    }

    /// <summary>A convolution and the gradient to its filters alone: beside that to the images both would be one kernel.</summary>
    private static Tensor[] FilterGradient(Tensor x, Tensor w, Tensor gradient)
    {
        w.RequiresGrad = true;
        Tensor y = x.Conv2d(w, padding: 1);
        Tensor?[] gradients = Autograd.Grad([y], [w], [gradient]);
        return [y.Detach(), .. gradients.OfType<Tensor>()];
    }

    /// <summary>A 3 × 3 convolution by its points, however small it is; on the CPU as it chooses.</summary>
    private static Tensor Winograd(Tensor x, Tensor w)
    {
        Tensor expected = x.Conv2d(w, padding: 1);
        if (x.Device.Backend is not GpuBackend backend)
        {
            return expected;
        }

        ConvGeometry geometry = Geometries.Of(x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], w.Shape[0], 3, 3, pad: 1);
        Tensor y = Last(Tensor.Zeros(expected.Shape, device: x.Device));
        Correlation c = WinogradPlan.Upright(GpuBackend.Forward(geometry, x.Operand, w.Operand, y.Operand));
        backend.CorrelateByWinograd(c, WinogradPlan.Of(c)!.Value);
        return y;
    }

    private static Tensor[] Attention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal) =>
        Gradients((q, k, v) => Tensor.ScaledDotProductAttention(q, k, v, mask, isCausal: causal), query, key, value);

    private static Tensor Embedding(Device device)
    {
        Tensor table = X(device, 30, 8);
        table.RequiresGrad = true;
        Tensor rows = table.Embedding(Indices(device, 30, 700));
        return Autograd.Grad([rows], [table], [X(device, 700, 8)])[0]!;
    }

    /// <summary>One program over several tensors in one launch, as optimizers use it.</summary>
    private static Tensor[] Together(Device device)
    {
        Tensor[] parameters = [X(device, 30), X(device, 5, 7), X(device, 1)];
        Operand[] inputs = [.. parameters.Select(static p => p.Operand)];
        device.Backend.MapGroup(new MapGroupArgs
        {
            Program = Programs.MulScalar,
            ComputeType = DType.Float32,
            Count = 3,
            Inputs = inputs,
            Outputs = inputs,
            Parameters = [3],
        });
        return parameters;
    }
}
