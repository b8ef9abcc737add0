using Engine;
using Engine.Nn;

namespace TransferLearningSample;

/// <summary>ResNet-18 with weights from a file, under torchvision's names, and the images that the weights are for.</summary>
internal sealed class Backbone
{
    private const int Small = 28;

    private readonly IReadOnlyDictionary<string, Tensor> _weights;
    private readonly ResNetStem _stem;
    private readonly int _width;

    /// <summary>Of torchvision's size, or of a quarter of its width with a stem for small images: the filters of the stem tell.</summary>
    public Backbone(IReadOnlyDictionary<string, Tensor> weights)
    {
        if (!weights.TryGetValue("conv1.weight", out Tensor? filters) || !weights.TryGetValue("fc.weight", out Tensor? classifier))
        {
            throw new ModelFileException("These are not the weights of a ResNet: conv1.weight or fc.weight is missing.");
        }

        _weights = weights;
        _width = filters.Shape[0];
        _stem = filters.Shape[2] == 7 ? ResNetStem.ImageNet : ResNetStem.Small;
        (Classes, Features) = (classifier.Shape[0], classifier.Shape[1]);
    }

    /// <summary>The number of classes that the weights are for.</summary>
    public int Classes { get; }

    /// <summary>How many numbers the classifier gets.</summary>
    public int Features { get; }

    /// <summary>From an image of any size to one that the network knows.</summary>
    public IImageTransform Resize => _stem == ResNetStem.ImageNet ? new Compose(new Resize(256), new CenterCrop(ImageNet.ImageSize)) : new Resize(Small, Small);

    /// <summary>From its bytes to numbers.</summary>
    public PixelNormalization Normalization => _stem == ResNetStem.ImageNet ? ImageNet.Normalization : new(FashionMnist.Mean, FashionMnist.Std);

    /// <summary>The small network that <c>pretrain</c> trains: a quarter of ResNet-18's channels.</summary>
    public static ResNet New(int classes, Generator? generator) => New(16, ResNetStem.Small, classes, generator);

    /// <summary>The network with random start values.</summary>
    public ResNet Create(Generator? generator = null) => New(_width, _stem, Classes, generator);

    /// <summary>The network with the weights of the file.</summary>
    public ResNet Load()
    {
        ResNet model = Create();
        model.LoadStateDict(_weights);
        return model;
    }

    private static ResNet New(int width, ResNetStem stem, int classes, Generator? generator) =>
        new(ResNetBlock.Basic, [2, 2, 2, 2], inChannels: 3, classes, stem, width, generator);
}
