using Engine.Gpu;
using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>A batch normalisation that adds the shortcut of a residual block, and the ReLU behind the sum, against separate passes.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ResidualFusionTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly object[][] s_residuals =
    [
        [() => new Residual(Body(last: new BatchNorm2d(3)))],
        [() => new Residual(Body(last: new BatchNorm2d(3)), new Conv2d(3, 3, 1, generator: new Generator(3)))],
        [() => new Residual(new BatchNorm2d(3, affine: false))],
        [() => new Residual(Body(last: new BatchNorm2d(3, trackRunningStats: false)))],
        [() => new Residual(Body(last: new BatchNorm2d(3, momentum: null)))],
        [() => new Residual(Body(last: new Conv2d(3, 3, 1, generator: new Generator(2))))],
        [() => new Residual(Body(last: new BatchNorm2d(3)), new Mean())],
    ];

    [TestCase(4, 1, true)]
    [TestCase(4, 1, false)]
    [TestCase(6, 2, true)]
    [TestCase(6, 2, false)]
    public void BasicBlock_Fused_SameAsSeparate(int outChannels, int stride, bool training)
    {
        BasicBlock Make() => Prepared(new BasicBlock(4, outChannels, stride, new Generator(1)), training);
        BasicBlock fused = Make(), separate = Make();
        Run(fused.Forward, fused, 4).AssertSame(Run(Separately, separate, 4));
        foreach ((string name, Tensor state) in fused.StateDict())
        {
            Assert.That(state.ToArray<double>(), Is.EqualTo(separate.StateDict()[name].ToArray<double>()), name);
        }

        Assert.That(fused.Bn2.NumBatchesTracked!.Item(), Is.EqualTo(training ? 1 : 0));

        Tensor Separately(Tensor x) =>
            separate.Bn2.Forward(separate.Conv2.Forward(separate.Bn1.Forward(separate.Conv1.Forward(x)).Relu())).AddRelu(separate.Downsample?.Forward(x) ?? x);
    }

    [TestCaseSource(nameof(s_residuals))]
    public void Residual_ThenRelu_SameAsSeparate(Func<Residual> make)
    {
        foreach (bool training in (bool[])[true, false])
        {
            Residual inner = Prepared(make(), training), separate = Prepared(make(), training);
            Sequential fused = [inner, new Relu()];
            Run(fused.Forward, inner, 3).AssertSame(Run(x => (separate.Body.Forward(x) + (separate.Shortcut?.Forward(x) ?? x)).Relu(), separate, 3));
            Run(inner.Forward, inner, 3).AssertSame(Run(x => separate.Body.Forward(x) + (separate.Shortcut?.Forward(x) ?? x), separate, 3));
        }
    }

    [Test]
    public void Residual_BodyOfAnotherForward_IsNotPassedBy()
    {
        Residual block = Prepared(new Residual(new Doubled { new BatchNorm2d(3) }), training: false);
        Tensor x = Tensor.Full([2, 3, 2, 2], 1, device: Device);
        Assert.That(block.Forward(x).ToArray<float>(), Is.All.EqualTo(3f).Within(1e-4f), "twice the normalised 1 that running statistics of 0 and 1 leave, and x");
    }

    [Test]
    public void BasicBlock_WhileTraced_ShowsTheNormalisationItself()
    {
        BasicBlock block = Prepared(new BasicBlock(3, 3, generator: new Generator(1)), training: false);
        Tensor x = Tensor.Randn([2, 3, 4, 4], generator: new Generator(9), device: Device);
        Tensor plain = block.Forward(x);
        List<Tensor> seen = [];
        using (ForwardTrace.Begin((module, _, y) => seen.AddRange(ReferenceEquals(module, block.Bn2) ? [y] : [])))
        {
            Close.AssertAll("traced", plain, block.Forward(x), 1e-5, 1e-6);
        }

        Close.AssertAll("the normalisation and x", plain, (seen.Single() + x).Relu(), 1e-5, 1e-6);
    }

    [Test]
    public void BatchNorm_ResultAndResidualUsedAgain_GradientsAddUp()
    {
        // y is used twice and the residual is also the input of another operation, so that gradients are shared and must not be overwritten.
        double[][] Gradients(bool fused)
        {
            Tensor x = Tensor.Randn([4, 3, 5], generator: new Generator(1), device: Device).WithGrad();
            Tensor residual = Tensor.Randn([4, 3, 5], generator: new Generator(2), device: Device).WithGrad();
            Tensor y = fused ? x.BatchNorm(null, null, relu: true, residual: residual) : x.BatchNorm(null, null).AddRelu(residual);
            Tensor z = fused ? y.BatchNorm(null, null, residual: y) : y.BatchNorm(null, null) + y;
            ((z * y).Sum() + (residual * residual).Sum()).Backward();
            return [x.Grad!.ToArray<double>(), residual.Grad!.ToArray<double>()];
        }

        double[][] expected = Gradients(fused: false), actual = Gradients(fused: true);
        for (int i = 0; i < expected.Length; i++)
        {
            Close.AssertAll($"gradient {i}", expected[i], actual[i], 1e-5, 1e-5);
        }
    }

    [TestCase(2)]
    [TestCase(3)]
    public void BatchNorm_ResultWithSeveralUsers_GetsTheSumOfTheirGradients(int users)
    {
        Tensor[] weights = [.. Enumerable.Range(0, users).Select(i => Tensor.Randn([4, 3, 2, 5], generator: new Generator(20 + i), device: Device))];
        double[][] Gradients(bool fused, bool retain)
        {
            Tensor x = Tensor.Randn([4, 3, 2, 5], generator: new Generator(1), device: Device).WithGrad();
            Tensor y = fused ? x.BatchNorm(null, null, relu: true) : x.BatchNorm(null, null).Relu();
            if (retain)
            {
                y.RetainGrad();
            }

            // The sum of all gradients is what a user of its own would send; each user here sends one of them.
            weights.Select(weight => (y * weight).Sum()).Aggregate((a, b) => a + b).Backward();
            return [x.Grad!.ToArray<double>(), y.Grad?.ToArray<double>() ?? []];
        }

        double[][] expected = Gradients(fused: false, retain: true);
        Close.AssertAll("x", expected[0], Gradients(fused: true, retain: false)[0], 1e-5, 1e-5);
        double[][] retained = Gradients(fused: true, retain: true);
        Close.AssertAll("x, y retained", expected[0], retained[0], 1e-5, 1e-5);
        Close.AssertAll("y", expected[1], retained[1], 1e-6, 1e-6);
    }

    [Test]
    public void BatchNorm_GradientOfAResultWithTwoUsers_CanBeAskedFor()
    {
        Tensor x = Tensor.Randn([4, 3, 5], generator: new Generator(1), device: Device).WithGrad();
        Tensor y = x.BatchNorm(null, null, relu: true);
        Tensor?[] gradients = Autograd.Grad([((y * 2).Sum() + (y * 3).Sum())], [y, x]);
        Assert.That(gradients[0]!.ToArray<float>(), Is.All.EqualTo(5f));
        Tensor z = x.Detach().WithGrad();
        (z.BatchNorm(null, null, relu: true) * 5).Sum().Backward();
        Close.AssertAll("x", z.Grad!, gradients[1]!, 1e-5, 1e-5);
    }

    [Test]
    public void BatchNorm_OnlyTheResidualNeedsAGradient_GetsIt()
    {
        Tensor x = Tensor.Randn([4, 3, 5], generator: new Generator(1), device: Device);
        Tensor residual = Tensor.Randn([4, 3, 5], generator: new Generator(2), device: Device).WithGrad();
        Tensor y = x.BatchNorm(null, null, relu: true, residual: residual);
        y.Sum().Backward();
        Assert.That(residual.Grad!.ToArray<double>(), Is.EqualTo(y.Detach().ToArray<double>().Select(v => v > 0 ? 1.0 : 0)));
    }

    [Test]
    public void BatchNorm_ResidualWithNaN_PassesItOn()
    {
        Tensor x = Tensor.Randn([4, 2], generator: new Generator(1), device: Device);
        Tensor residual = Tensor.From<float>([0, 0, float.NaN, 0, 0, -9, 0, 0], [4, 2], Device);
        double[] y = x.BatchNorm(null, null, relu: true, residual: residual).ToArray<double>();
        Assert.That(y[2], Is.NaN);
        Assert.That(y[5], Is.Zero);
        Assert.That(y.Count(double.IsNaN), Is.EqualTo(1), "a residual is no part of the statistics");
    }

    [TestCase(0, 3)]
    [TestCase(4, 0)]
    public void BatchNorm_EmptyWithResidual_CountsTheBatch(int images, int channels)
    {
        Tensor x = Tensor.Zeros([images, channels, 2], device: Device).WithGrad(), count = Tensor.From<long>([2], device: Device);
        Tensor y = x.BatchNorm(null, null, relu: true, residual: x, batchCount: count);
        y.Sum().Backward();
        Assert.That(x.Grad!.Shape, Is.EqualTo(x.Shape));
        Assert.That(count.Item(), Is.EqualTo(3));
    }

    [Test]
    public void BasicBlock_Step_LaunchesNothingForSumAndRelu()
    {
        if (Device is not GpuDevice gpu)
        {
            Assert.Ignore("only cards launch kernels");
            return;
        }

        // With a shortcut of its own the block needs no sum of gradients but that of its input.
        BasicBlock block = Prepared(new BasicBlock(4, 6, 2, new Generator(1)), training: true);
        Tensor x = Tensor.Randn([2, 4, 6, 6], generator: new Generator(9), device: Device);
        Tensor seed = Tensor.Ones([2, 6, 3, 3], device: Device);
        using LaunchCount count = gpu.CountLaunches();
        block.Forward(x).Backward(seed);
        Assert.That(count.Kernels.Where(kernel => kernel.Name.StartsWith("map", StringComparison.Ordinal)), Is.Empty);
        Assert.That(count.Kernels.Single(kernel => kernel.Name == "batch_norm").Launches, Is.EqualTo(3));
        Assert.That(count.Kernels.Single(kernel => kernel.Name == "batch_norm_backward").Launches, Is.EqualTo(3));
    }

    [Test]
    public void BasicBlocks_Step_LaunchNothingForTheSumOfGradients()
    {
        if (Device is not GpuDevice gpu)
        {
            Assert.Ignore("only cards launch kernels");
            return;
        }

        BasicBlock first = Prepared(new BasicBlock(4, 4, generator: new Generator(1)), training: true), second = Prepared(new BasicBlock(4, 4, generator: new Generator(2)), training: true);
        Tensor x = Tensor.Randn([2, 4, 6, 6], generator: new Generator(9), device: Device), seed = Tensor.Ones([2, 4, 6, 6], device: Device);

        // As a layer before would have left it.
        x = x.Contiguous(Device.Backend.PrefersChannelsLast ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous);
        using LaunchCount count = gpu.CountLaunches();
        second.Forward(first.Forward(x)).Backward(seed);
        Assert.That(count.Kernels.Where(kernel => kernel.Name.StartsWith("map", StringComparison.Ordinal)), Is.Empty);
    }

    private static Sequential Body(Layer last) => [new Conv2d(3, 3, 3, padding: 1, generator: new Generator(1)), last];

    private T Prepared<T>(T module, bool training) where T : Module => module.To(Device).Train(training);

    private Outcome Run(Func<Tensor, Tensor> forward, Module module, int channels)
    {
        foreach (Tensor parameter in module.Parameters)
        {
            parameter.ClearGrad();
        }

        Tensor x = Tensor.Randn([4, channels, 6, 5], generator: new Generator(9), device: Device).WithGrad();
        Tensor y = forward(x);
        (y * Tensor.Randn(y.Shape, generator: new Generator(10), device: Device)).Sum().Backward();
        return new Outcome(y.Detach(), [x.Grad!, .. module.Parameters.Select(p => p.Grad!)]);
    }

    private sealed record Outcome(Tensor Output, Tensor[] Gradients)
    {
        public void AssertSame(Outcome separate)
        {
            Close.AssertAll("output", separate.Output, Output, 1e-5, 1e-5);
            Assert.That(Output.ToArray<float>(), Has.Some.GreaterThan(0f));
            Assert.That(Gradients, Has.Length.EqualTo(separate.Gradients.Length));
            for (int i = 0; i < Gradients.Length; i++)
            {
                Close.AssertAll($"gradient {i}", separate.Gradients[i], Gradients[i], 1e-4, 1e-4);
            }
        }
    }

    private sealed class Mean : Layer
    {
        public override Tensor Forward(Tensor x) => x.Mean([2, 3], keepDims: true);
    }

    private sealed class Doubled : Sequential
    {
        public override Tensor Forward(Tensor x) => base.Forward(x) * 2;
    }
}
