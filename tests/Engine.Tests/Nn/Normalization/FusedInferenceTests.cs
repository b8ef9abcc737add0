using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Normalization;

/// <summary>A fused model predicts what the model does; the model stays as it is.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class FusedInferenceTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly object[][] s_models =
    [
        ["linear", () => new Sequential(new Linear(12, 5), new BatchNorm1d(5), new Relu(), new Linear(5, 3)), new Shape(4, 12), 1],
        ["linear without ReLU", () => new Sequential(new Linear(12, 5, bias: false), new BatchNorm1d(5), new Tanh()), new Shape(4, 12), 1],
        ["not affine", () => new Sequential(new Linear(12, 5), new BatchNorm1d(5, affine: false), new Relu()), new Shape(4, 12), 1],
        ["grouped, strided", () => new Sequential(new Conv2d(4, 8, 3, stride: 2, padding: 1, groups: 4), new BatchNorm2d(8), new Relu()), new Shape(2, 4, 7, 6), 1],
        ["sequence", () => new Sequential(new Conv1d(3, 4, 3), new BatchNorm1d(4), new Relu()), new Shape(2, 3, 9), 1],
        ["norm first", () => new Sequential(new BatchNorm2d(3), new Conv2d(3, 4, 3), new Relu(), new BatchNorm2d(4), new Conv2d(4, 4, 1), new BatchNorm2d(4)), new Shape(2, 3, 6, 6), 1],
        ["block", () => new BasicBlock(3, 4, 2), new Shape(2, 3, 6, 6), 3],
        ["residual", () => new Sequential(new Residual(new Sequential(new Conv2d(3, 3, 3, padding: 1), new BatchNorm2d(3))), new Relu()), new Shape(2, 3, 6, 6), 1],
        ["ConvBn", () => new ConvBn(1, 10, 8), new Shape(2, 1, 8, 8), 2],
        ["ResNet", () => new ResNet([4, 6], 2, 1), new Shape(2, 1, 8, 8), 1 + 4 + 5],
        ["DenseNet-BC", () => new DenseNetBc(10, 4, 1), new Shape(2, 1, 8, 8), 3],
        ["bottleneck", () => new Bottleneck(4, 2, 2), new Shape(2, 4, 6, 6), 4],
        ["plain block", () => new PlainBlock(3, 4), new Shape(2, 3, 6, 6), 2],
        ["DenseNet", () => new DenseNet(4, [1, 1], inChannels: 1, classes: 3), new Shape(2, 1, 32, 32), 3],
        ["VGG", () => new Vgg([1, 1], batchNorm: true, 1, 3, width: 4, hidden: 8), new Shape(2, 1, 32, 32), 2],
    ];

    [TestCaseSource(nameof(s_models))]
    public void Predict_Fused_IsTheModelsToRounding(string name, Func<Layer> make, Shape shape, int pairs)
    {
        Layer model = make().To(Device);
        Trained(model, shape);
        Tensor x = Tensor.Randn(shape, generator: new Generator(3), device: Device);
        Tensor expected = model.Predict(x);
        float[][] before = [.. model.StateDict().Values.Select(static t => t.To(DType.Float32).ToArray<float>())];
        using FusedInference fused = model.FuseBatchNorm();
        Assert.That(fused.Fused, Has.Count.EqualTo(pairs), name);
        Tensor actual = fused.Predict(x);
        Close.AssertAll(name, expected, actual, 1e-5, 1e-5);
        Assert.That(model.Predict(x).ToArray<float>(), Is.EqualTo(expected.ToArray<float>()), "the model computes as before");
        Assert.That(model.StateDict().Values.Select(static t => t.To(DType.Float32).ToArray<float>()), Is.EqualTo(before));
        Assert.That(model.IsTraining, Is.True);
    }

    [Test]
    public void Predict_Fused_SkipsTheNormalisation()
    {
        Sequential model = new Sequential(new Linear(3, 4), new BatchNorm1d(4), new Relu()).To(Device);
        using FusedInference fused = model.FuseBatchNorm();
        Tensor x = Tensor.Randn([5, 3], generator: new Generator(3), device: Device), expected = model.Predict(x);

        // The weights are those of the moment of fusing.
        model[1].StateDict()["running_mean"].CopyFrom<float>([9, 9, 9, 9]);
        Close.AssertAll("as it was", expected, fused.Predict(x), 1e-5, 1e-5);
    }

    [Test]
    public void Predict_ManyThreads_OthersUseTheModelMeanwhile()
    {
        Sequential model = new Sequential(new Linear(3, 4, generator: new Generator(1)), new BatchNorm1d(4), new Relu()).To(Device);
        Trained(model, [8, 3]);
        using FusedInference fused = model.FuseBatchNorm();
        Tensor x = Tensor.Randn([5, 3], generator: new Generator(3), device: Device);
        float[] plain = model.Predict(x).ToArray<float>(), folded = fused.Predict(x).ToArray<float>();
        Parallel.For(0, 32, i => Assert.That((i % 2 == 0 ? fused.Predict(x) : model.Predict(x)).ToArray<float>(), Is.EqualTo(i % 2 == 0 ? folded : plain)));
    }

    [Test]
    public void SharedLayers_AreNotFused()
    {
        Linear shared = new(3, 3);
        Sequential model = new Sequential(shared, new BatchNorm1d(3), new Sequential(shared), new Linear(3, 3), new BatchNorm1d(3)).To(Device);
        using FusedInference fused = model.FuseBatchNorm();
        Assert.That(fused.Fused, Is.EqualTo(new[] { ("3", "4") }));
        Tensor x = Tensor.Randn([5, 3], generator: new Generator(3), device: Device);
        Close.AssertAll("values", model.Predict(x), fused.Predict(x), 1e-5, 1e-5);
    }

    [Test]
    public void NothingToFuse_WrongRank_AndDisposed_AreRefused()
    {
        Assert.That(() => new Sequential(new Linear(3, 3), new Relu()).FuseBatchNorm(), Throws.ArgumentException.With.Message.Contains("FuseBatchNorm").And.Message.Contains("Sequential"));
        Assert.That(() => new Sequential(new Linear(3, 3), new BatchNorm1d(3, trackRunningStats: false)).FuseBatchNorm(), Throws.ArgumentException);
        Sequential model = new Sequential(new Linear(3, 3), new BatchNorm1d(3)).To(Device);
        FusedInference fused = model.FuseBatchNorm();
        Assert.That(() => fused.Predict(Tensor.Ones([2, 3, 3], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 3, 3]"));
        fused.Dispose();
        fused.Dispose();
        Assert.That(() => fused.Predict(Tensor.Ones([2, 3], device: Device)), Throws.TypeOf<ObjectDisposedException>());
    }

    /// <summary>Statistics, γ and β as after some training.</summary>
    private void Trained(Layer model, Shape shape)
    {
        using GradMode.Scope mode = GradMode.Off();
        Generator generator = new(8);
        foreach ((_, Engine.Nn.Module module) in model.NamedModules())
        {
            if (module is BatchNorm { Weight: { } weight, Bias: { } bias })
            {
                Init.Uniform(weight, 0.5, 2, generator);
                Init.Normal(bias, 0, 0.5, generator);
            }
        }

        for (int i = 0; i < 20; i++)
        {
            _ = model.Forward(Tensor.Randn(shape, mean: 0.3, std: 1.5, generator: generator, device: Device));
        }
    }
}
