using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

[TestFixture("reference")]
internal sealed class LayerTests(string deviceName) : DeviceFixture(deviceName)
{
    // From PyTorch's state_dict of the same module.
    private static readonly object[][] s_states =
    [
        [new Lstm(4, 5, numLayers: 2, bidirectional: true), """
            weight_ih_l0[20, 4] weight_hh_l0[20, 5] bias_ih_l0[20] bias_hh_l0[20]
            weight_ih_l0_reverse[20, 4] weight_hh_l0_reverse[20, 5] bias_ih_l0_reverse[20] bias_hh_l0_reverse[20]
            weight_ih_l1[20, 10] weight_hh_l1[20, 5] bias_ih_l1[20] bias_hh_l1[20]
            weight_ih_l1_reverse[20, 10] weight_hh_l1_reverse[20, 5] bias_ih_l1_reverse[20] bias_hh_l1_reverse[20]
            """],
        [new Gru(3, 2, bias: false), "weight_ih_l0[6, 3] weight_hh_l0[6, 2]"],
        [new MultiheadAttention(8, 2), "in_proj_weight[24, 8] in_proj_bias[24] out_proj.weight[8, 8] out_proj.bias[8]"],
        [new BatchNorm2d(3), "weight[3] bias[3] running_mean[3] running_var[3] num_batches_tracked[]"],
        [new BatchNorm1d(3, affine: false), "running_mean[3] running_var[3] num_batches_tracked[]"],
        [new BatchNorm2d(3, trackRunningStats: false), "weight[3] bias[3]"],
        [new Embedding(5, 3), "weight[5, 3]"],
        [new ConvTranspose2d(4, 6, 3, groups: 2), "weight[4, 3, 3, 3] bias[6]"],
        [new Conv1d(4, 6, 3, groups: 2), "weight[6, 2, 3] bias[6]"],
        [new Conv2d(4, 6, (3, 5), bias: false), "weight[6, 4, 3, 5]"],
        [new LayerNorm([2, 3]), "weight[2, 3] bias[2, 3]"],
        [new GroupNorm(2, 4), "weight[4] bias[4]"],
        [new Linear(4, 2, bias: false), "weight[2, 4]"],
        [new BasicBlock(2, 3, 2), """
            conv1.weight[3, 2, 3, 3] bn1.weight[3] bn1.bias[3] bn1.running_mean[3] bn1.running_var[3] bn1.num_batches_tracked[]
            conv2.weight[3, 3, 3, 3] bn2.weight[3] bn2.bias[3] bn2.running_mean[3] bn2.running_var[3] bn2.num_batches_tracked[]
            downsample.0.weight[3, 2, 1, 1] downsample.1.weight[3] downsample.1.bias[3] downsample.1.running_mean[3] downsample.1.running_var[3] downsample.1.num_batches_tracked[]
            """],
    ];

    [TestCaseSource(nameof(s_states))]
    public void StateDict_NamesAndShapes_EqualPyTorchs(Module module, string expected)
    {
        string actual = string.Join(' ', module.StateDict().Select(t => t.Key + t.Value.Shape));
        Assert.That(actual, Is.EqualTo(string.Join(' ', expected.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))));
    }

    [Test]
    public void BatchNorm_Training_KeepsStatisticsThatEvalUses()
    {
        BatchNorm2d norm = new(2, momentum: 0.5);
        Tensor x = Tensor.From<float>([1, 3, 10, 30, 1, 3, 10, 30], [2, 2, 1, 2]);
        float[] trained = norm.Forward(x).ToArray<float>();
        Assert.That(trained, Is.EqualTo(new float[] { -1, 1, -1, 1, -1, 1, -1, 1 }).Within(1e-5));

        // Half of the start (0, 1) and half of the batch: means 2 and 20, unbiased variances 4/3 and 400/3.
        Assert.That(norm.RunningMean!.ToArray<float>(), Is.EqualTo(new float[] { 1, 10 }));
        Assert.That(norm.RunningVar!.ToArray<float>(), Is.EqualTo(new[] { (1 + (4 / 3f)) / 2, (1 + (400 / 3f)) / 2 }).Within(1e-4));
        Assert.That(norm.NumBatchesTracked!.Item(), Is.EqualTo(1));

        norm.Eval();
        float[] evaluated = norm.Forward(x).ToArray<float>();
        Assert.That(evaluated[1], Is.EqualTo(2 / Math.Sqrt(7 / 6.0)).Within(1e-4));
        Assert.That(norm.NumBatchesTracked!.Item(), Is.EqualTo(1), "evaluation changes nothing");
        Assert.That(norm.RunningMean!.ToArray<float>(), Is.EqualTo(new float[] { 1, 10 }));
    }

    [Test]
    public void BatchNorm_WithoutStatistics_EvalUsesTheBatch()
    {
        BatchNorm1d norm = new BatchNorm1d(1, trackRunningStats: false, affine: false).Eval();
        Assert.That(norm.Forward(Tensor.From<float>([2, 4], [2, 1])).ToArray<float>(), Is.EqualTo(new float[] { -1, 1 }).Within(1e-4));
    }

    [Test]
    public void Dropout_Training_KeepsTheMean_EvalKeepsAll()
    {
        Dropout dropout = new(0.25, new Generator(7));
        Tensor x = Tensor.Ones([10_000]);
        float[] y = dropout.Forward(x).ToArray<float>();
        Assert.That(y.Distinct().Order(), Is.EqualTo(new[] { 0f, 1 / 0.75f }).Within(1e-6));

        // Standard deviation of the mean: √(0.25·0.75/10,000)/0.75 ≈ 0.0058; five of them.
        Assert.That(y.Average(), Is.EqualTo(1).Within(0.03));
        Assert.That(dropout.Eval().Forward(x).ToArray<float>(), Is.All.EqualTo(1));
    }

    [TestCase(typeof(Lstm))]
    [TestCase(typeof(Gru))]
    public void Recurrent_BatchFirst_IsATransposition(Type type)
    {
        Recurrent first = type == typeof(Lstm) ? new Lstm(3, 4, batchFirst: true) : new Gru(3, 4, batchFirst: true);
        Recurrent second = type == typeof(Lstm) ? new Lstm(3, 4) : new Gru(3, 4);
        second.LoadStateDict(first.StateDict());
        Tensor x = Tensor.Randn([2, 5, 3], generator: new Generator(1));
        Assert.That(first.Forward(x).ToArray<float>(), Is.EqualTo(second.Forward(x.Transpose(0, 1)).Transpose(0, 1).ToArray<float>()));
        Assert.That(first.Forward(Tensor.Zeros([2, 0, 3])).Shape, Is.EqualTo(new Shape(2, 0, 4)), "no steps");
    }

    [Test]
    public void RmsNorm_Formula()
    {
        RmsNorm norm = new(2, eps: 0);
        Assert.That(norm.Forward(Tensor.From<float>([3, 4], [1, 2])).ToArray<float>(), Is.EqualTo(new[] { 3 / MathF.Sqrt(12.5f), 4 / MathF.Sqrt(12.5f) }).Within(1e-6));
    }

    [Test]
    public void Shaping_Layers_ChangeShapesOnly()
    {
        Tensor x = Tensor.Randn([2, 3, 4, 4]);
        Assert.That(new Flatten().Forward(x).Shape, Is.EqualTo(new Shape(2, 48)));
        Assert.That(new Flatten(0, 1).Forward(x).Shape, Is.EqualTo(new Shape(6, 4, 4)));
        Assert.That(new Identity().Forward(x).ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
        Assert.That(new Lambda(static t => t.Reshape(2, -1)).Forward(x).Shape, Is.EqualTo(new Shape(2, 48)));
        Assert.That(new GlobalAvgPool2d().Forward(x).Shape, Is.EqualTo(new Shape(2, 3)));
        Assert.That(new AdaptiveAvgPool2d((2, 1)).Forward(x).Shape, Is.EqualTo(new Shape(2, 3, 2, 1)));
        Assert.That(new MaxPool2d(3, stride: 2, padding: 1).Forward(x).Shape, Is.EqualTo(new Shape(2, 3, 2, 2)));
        Assert.That(new AvgPool2d(2).Forward(x).Shape, Is.EqualTo(new Shape(2, 3, 2, 2)));
    }

    [Test]
    public void Activations_AreTheTensorsFunctions()
    {
        Tensor x = Tensor.Linspace(-4, 4, 33);
        (Layer Layer, Tensor Expected)[] pairs =
        [
            (new Relu(), x.Relu()), (new LeakyRelu(0.2), x.LeakyRelu(0.2)), (new Elu(0.5), x.Elu(0.5)), (new Selu(), x.Selu()),
            (new Gelu(), x.Gelu()), (new Gelu(tanhApproximation: true), x.GeluTanh()), (new Silu(), x.Silu()), (new Mish(), x.Mish()),
            (new HardSwish(), x.HardSwish()), (new HardSigmoid(), x.HardSigmoid()), (new Tanh(), x.Tanh()), (new Sigmoid(), x.Sigmoid()),
            (new LogSigmoid(), x.LogSigmoid()), (new Softplus(), x.Softplus()), (new Softmax(0), x.Softmax(0)), (new LogSoftmax(), x.LogSoftmax()),
        ];
        foreach ((Layer layer, Tensor expected) in pairs)
        {
            Assert.That(layer.Forward(x).ToArray<float>(), Is.EqualTo(expected.ToArray<float>()), layer.ToString());
        }
    }

    [Test]
    public void Residual_AddsTheShortcut()
    {
        Tensor x = Tensor.From<float>([1, 2]);
        Assert.That(new Residual(new Twice()).Forward(x).ToArray<float>(), Is.EqualTo(new float[] { 3, 6 }));
        Assert.That(new Residual(new Twice(), new Twice()).Forward(x).ToArray<float>(), Is.EqualTo(new float[] { 4, 8 }));
    }
}
