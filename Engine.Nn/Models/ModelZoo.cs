namespace Engine.Nn;

/// <summary>Ready networks by name, as commands take them.</summary>
public static class ModelZoo
{
    private static readonly OrderedDictionary<string, Func<Shape, int, Generator?, Layer>> s_factories = new(StringComparer.OrdinalIgnoreCase)
    {
        ["mlp"] = static (image, classes, generator) => new Mlp(Guard.Size("mlp", image.ElementCount), [256, 128], classes, generator),
        ["lenet5"] = static (image, classes, generator) => new LeNet5(image[0], classes, (image[1], image[2]), generator),
        ["convbn"] = static (image, classes, generator) => new ConvBn(image[0], classes, (image[1], image[2]), generator),
        ["resnet20"] = static (image, classes, generator) => ResNet.ResNet20(image[0], classes, generator),
        ["resnet18"] = static (image, classes, generator) => ResNet.ResNet18(image[0], classes, generator),
        ["plain20"] = static (image, classes, generator) => new ResNet(ResNetBlock.Plain, [3, 3, 3], image[0], classes, ResNetStem.Small, 16, generator),
        ["resnet34"] = static (image, classes, generator) => ResNet.ResNet34(StemFor(image), image[0], classes, generator),
        ["resnet50"] = static (image, classes, generator) => ResNet.ResNet50(StemFor(image), image[0], classes, generator),
        ["resnet101"] = static (image, classes, generator) => ResNet.ResNet101(StemFor(image), image[0], classes, generator),
        ["resnet152"] = static (image, classes, generator) => ResNet.ResNet152(StemFor(image), image[0], classes, generator),
        ["resnext50_32x4d"] = static (image, classes, generator) => ResNet.ResNeXt50(StemFor(image), image[0], classes, generator),
        ["resnext101_32x8d"] = static (image, classes, generator) => ResNet.ResNeXt101(StemFor(image), image[0], classes, generator),
        ["wide_resnet50_2"] = static (image, classes, generator) => ResNet.WideResNet50(StemFor(image), image[0], classes, generator),
        ["densenet121"] = static (image, classes, generator) => DenseNet.DenseNet121(Large("densenet121", image), classes, generator),
        ["densenet161"] = static (image, classes, generator) => DenseNet.DenseNet161(Large("densenet161", image), classes, generator),
        ["densenet169"] = static (image, classes, generator) => DenseNet.DenseNet169(Large("densenet169", image), classes, generator),
        ["densenet201"] = static (image, classes, generator) => DenseNet.DenseNet201(Large("densenet201", image), classes, generator),
        ["vgg11"] = static (image, classes, generator) => Vgg.Vgg11(false, Large("vgg11", image), classes, generator),
        ["vgg11_bn"] = static (image, classes, generator) => Vgg.Vgg11(true, Large("vgg11_bn", image), classes, generator),
        ["vgg13"] = static (image, classes, generator) => Vgg.Vgg13(false, Large("vgg13", image), classes, generator),
        ["vgg13_bn"] = static (image, classes, generator) => Vgg.Vgg13(true, Large("vgg13_bn", image), classes, generator),
        ["vgg16"] = static (image, classes, generator) => Vgg.Vgg16(false, Large("vgg16", image), classes, generator),
        ["vgg16_bn"] = static (image, classes, generator) => Vgg.Vgg16(true, Large("vgg16_bn", image), classes, generator),
        ["vgg19"] = static (image, classes, generator) => Vgg.Vgg19(false, Large("vgg19", image), classes, generator),
        ["vgg19_bn"] = static (image, classes, generator) => Vgg.Vgg19(true, Large("vgg19_bn", image), classes, generator),
        ["alexnet"] = static (image, classes, generator) => new AlexNet(Large("alexnet", image, least: 63), classes, generator: generator),
        ["squeezenet1_0"] = static (image, classes, generator) => SqueezeNet.SqueezeNet10(Large("squeezenet1_0", image, least: 21, halvings: "four"), classes, generator: generator),
        ["squeezenet1_1"] = static (image, classes, generator) => SqueezeNet.SqueezeNet11(Large("squeezenet1_1", image, least: 17, halvings: "four"), classes, generator: generator),
        ["mobilenet_v2"] = static (image, classes, generator) => new MobileNetV2(Large("mobilenet_v2", image), classes, generator: generator),
        ["mobilenet_v3_large"] = static (image, classes, generator) => MobileNetV3.Large(Large("mobilenet_v3_large", image), classes, generator: generator),
        ["mobilenet_v3_small"] = static (image, classes, generator) => MobileNetV3.Small(Large("mobilenet_v3_small", image), classes, generator: generator),
        ["vit_b_16"] = static (image, classes, generator) => VisionTransformer.VitB16(Square("vit_b_16", image), classes, image[1], generator),
        ["densenet"] = static (image, classes, generator) => new DenseNetBc(40, 12, image[0], classes, generator),
        ["densenet_bc_40_12"] = static (image, classes, generator) => new DenseNetBc(40, 12, image[0], classes, generator),
    };

    /// <summary>The names; the last two are one network.</summary>
    public static IReadOnlyList<string> Names => [.. s_factories.Keys];

    /// <summary>A network with random start values.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="image">The shape of one image, [channels, height, width].</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentException">The name is unknown, or the shape does not have three axes.</exception>
    public static Layer Create(string name, Shape image, int classes = 10, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!s_factories.TryGetValue(name, out Func<Shape, int, Generator?, Layer>? factory))
        {
            throw new ArgumentException($"There is no model '{name}'; there are {string.Join(", ", Names)}.", nameof(name));
        }

        return image.Rank == 3
            ? factory(image, classes, generator)
            : throw new ArgumentException($"Model '{name}': the image is {image}; it must be [channels, height, width].", nameof(image));
    }

    /// <summary>The channels of an image whose sides are equal.</summary>
    private static int Square(string name, Shape image) => image[1] == image[2]
        ? image[0]
        : throw new ArgumentException($"Model '{name}': the image is {image}; its height and width must be equal.", nameof(image));

    /// <summary>Images of less than 64 pixels a side would be gone after the stem of ImageNet and three stages.</summary>
    private static ResNetStem StemFor(Shape image) => Math.Min(image[1], image[2]) < 64 ? ResNetStem.Small : ResNetStem.ImageNet;

    /// <summary>The channels of an image that survives being halved several times.</summary>
    private static int Large(string name, Shape image, int least = 32, string halvings = "five") => Math.Min(image[1], image[2]) >= least
        ? image[0]
        : throw new ArgumentException($"Model '{name}': the image is {image}; it halves images {halvings} times, so that they must have {least} pixels a side.", nameof(image));
}
