using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Each message names the layer, the shapes, the rule and the way out.</summary>
[TestFixture("reference")]
internal sealed class LayerErrorTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly object[][] s_shapes =
    [
        [() => new Linear(784, 10), new Shape(32, 785), "Linear: x is [32, 785], weight is [10, 784]; the last size of x must be 784 (in)."],
        [() => new Conv2d(3, 8, 3), new Shape(1, 4, 8, 8), "Conv2d: x is [1, 4, 8, 8], weight is [8, 3, 3, 3], groups 1; x must have 3 channels"],
        [() => new BatchNorm2d(3), new Shape(2, 4, 5, 5), "BatchNorm2d: x is [2, 4, 5, 5]; it must be [N, C, H, W] with C = 3 (the features of this layer)."],
        [() => new BatchNorm1d(3), new Shape(2, 3, 5, 5), "BatchNorm1d: x is [2, 3, 5, 5]; it must be [N, C] or [N, C, L] with C = 3"],
        [() => new BatchNorm1d(3), new Shape(1, 3), "each channel needs more than one value. Use a larger batch, or Eval()."],
        [() => new LayerNorm([4, 5]), new Shape(2, 4, 6), "LayerNorm: x is [2, 4, 6]; its last sizes must be [4, 5] (the normalised shape)."],
        [() => new GroupNorm(2, 4), new Shape(2, 6, 3), "GroupNorm: x is [2, 6, 3]; it must be [N, C, …] with C = 4"],
        [() => new RmsNorm(4), new Shape(2, 3), "RmsNorm: x is [2, 3]; its last sizes must be [4]"],
        [() => new GlobalAvgPool2d(), new Shape(2, 3), "GlobalAvgPool2d: x is [2, 3]; it must be [N, C, H, W]."],
        [() => new Lstm(4, 5, batchFirst: true), new Shape(2, 3, 6), "Lstm: x is [2, 3, 6]; it must be [N, L, 4] (batchFirst: True, inputSize: 4)."],
        [() => new Gru(4, 5), new Shape(3, 4), "Gru: x is [3, 4]; it must be [L, N, 4]"],
        [() => new MultiheadAttention(8, 2), new Shape(5, 3, 7), "MultiheadAttention: query is [5, 3, 7]; it must be [L, N, 8]"],
    ];

    private static readonly object[][] s_arguments =
    [
        [() => new Linear(0, 3), "inFeatures"],
        [() => new Conv2d(3, 8, 3, groups: 2), "Conv2d: 3 input and 8 output channels cannot be divided into 2 groups; both must be multiples."],
        [() => new Conv2d(3, 8, 0), "Conv2d: kernel (0, 0)"],
        [() => new Conv2d(3, 8, 3, padding: -1), "padding (-1, -1) at least 0"],
        [() => new Dropout(1.5), "Dropout: the probability must lie in [0, 1]."],
        [() => new Dropout(double.NaN), "Dropout: the probability must lie in [0, 1]."],
        [() => new Embedding(5, 3, paddingIdx: 5), "paddingIdx"],
        [() => new MultiheadAttention(10, 3), "MultiheadAttention: embedDim 10 cannot be divided among 3 heads; it must be a multiple of numHeads."],
        [() => new DenseNetBc(depth: 41), "DenseNetBc: depth 41 must be 4 and a multiple of 6"],
        [() => new LayerNorm(0), "LayerNorm: [0] has nothing to normalise"],
        [() => ModelZoo.Create("vgg", [1, 28, 28]), "There is no model 'vgg'; there are mlp, lenet5, convbn, resnet20, resnet18, plain20, resnet34, resnet50, resnet101, resnet152, resnext50_32x4d, resnext101_32x8d, wide_resnet50_2, densenet121, densenet161, densenet169, densenet201, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn, alexnet, squeezenet1_0, squeezenet1_1, mobilenet_v2, mobilenet_v3_large, mobilenet_v3_small, vit_b_16, densenet, densenet_bc_40_12."],
        [() => ModelZoo.Create("vgg11", [1, 28, 28]), "Model 'vgg11': the image is [1, 28, 28]; it halves images five times"],
        [() => ModelZoo.Create("alexnet", [3, 62, 63]), "Model 'alexnet': the image is [3, 62, 63]; it halves images five times, so that they must have 63 pixels a side."],
        [() => ModelZoo.Create("vit_b_16", [3, 32, 48]), "Model 'vit_b_16': the image is [3, 32, 48]; its height and width must be equal."],
        [() => new VisionTransformer(30, 16, 1, 1, 4, 4), "imageSize 30 must be a multiple of patchSize 16"],
        [() => new MobileNetV2(width: 0), "there must be a positive number of channels"],
        [() => ModelZoo.Create("densenet121", [3, 32, 31]), "Model 'densenet121': the image is [3, 32, 31]"],
        [() => new ResNet(ResNetBlock.Basic, []), "ResNet: there are 0 stages"],
        [() => new ResNet(ResNetBlock.Basic, [1, 0]), "blocks"],
        [() => new ResNet((ResNetBlock)7, [1]), "ResNet: there is no such block."],
        [() => new ResNet(ResNetBlock.Basic, [1], stem: (ResNetStem)7), "ResNet: there is no such stem."],
        [() => new ResNet(ResNetBlock.Basic, [1], width: 0), "width"],
        [() => new DenseNet(4, []), "DenseNet: at least one block is needed."],
        [() => new DenseNet(0, [1]), "growth"],
        [() => new Vgg([]), "Vgg: at least one stage is needed."],
        [() => new Vgg([1, -1]), "convolutions"],
        [() => new Bottleneck(4, 0), "width"],
        [() => ModelZoo.Create("mlp", [28, 28]), "Model 'mlp': the image is [28, 28]; it must be [channels, height, width]."],
        [() => new LeNet5(imageSize: 8), "imageSize"],
    ];

    [TestCaseSource(nameof(s_shapes))]
    public void Forward_WrongShape_TellsTheRule(Func<Layer> make, Shape shape, string message) =>
        Assert.That(() => make().Forward(Tensor.Zeros(shape)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains(message));

    [TestCaseSource(nameof(s_arguments))]
    public void Constructor_BadArgument_TellsTheRule(Func<Layer> make, string message) =>
        Assert.That(() => make(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(message));

    [Test]
    public void Sequential_LayerThatRefuses_IsNamed()
    {
        Sequential net = [new Flatten(), new Sequential { { "head", new Linear(10, 2) }, new Relu() }];
        Assert.That(
            () => net.Forward(Tensor.Zeros([3, 4, 5])),
            Throws.TypeOf<ShapeMismatchException>().With.Message.EqualTo(
                "Layer \"1\": Layer \"head\": Linear: x is [3, 20], weight is [2, 10]; the last size of x must be 10 (in).").And.InnerException.Not.Null);
    }

    [Test]
    public void Lstm_StateOfAnotherBatch_Throws() => Assert.That(
        () => new Lstm(4, 5).Forward(Tensor.Zeros([6, 3, 4]), Tensor.Zeros([1, 2, 5]), null),
        Throws.TypeOf<ShapeMismatchException>().With.Message.EqualTo("Lstm: x is [6, 3, 4], the given state [1, 2, 5]; it must be [1, 3, 5] (layers · directions, N, hidden)."));
}
