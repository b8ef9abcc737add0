namespace Engine.Nn;

/// <summary>
/// A vision transformer (Dosovitskiy et al. 2021): the image is cut into patches, each of which becomes a token; a token of the class and learned positions are
/// added; blocks of self-attention and a two-layer network follow; a linear layer reads the token of the class.
/// </summary>
/// <remarks>
/// Shapes: x [N, channels, size, size] → [N, classes]. The names are those of torchvision: class_token, conv_proj, encoder.pos_embedding,
/// encoder.layers.encoder_layer_0.self_attention.in_proj_weight, …, encoder.layers.encoder_layer_0.mlp.0, …, encoder.ln, heads.head. Files that name the two layers
/// mlp.linear_1 and mlp.linear_2, as torchvision's own do, are renamed by <see cref="TorchvisionWeights.CurrentNames"/>.
/// </remarks>
public sealed partial class VisionTransformer : OperationLayer
{
    private readonly int _imageSize;
    private readonly int _channels;

    /// <summary>A network with torchvision's start values: its last layer is 0, so that all classes are equally likely at first.</summary>
    /// <param name="imageSize">Height and width of the images, a multiple of the patch size.</param>
    /// <param name="patchSize">Height and width of a patch.</param>
    /// <param name="layers">The number of blocks.</param>
    /// <param name="heads">The heads of each self-attention; divides hidden.</param>
    /// <param name="hidden">The size of a token.</param>
    /// <param name="mlp">The width of the hidden layer of each block.</param>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="dropout">The share of values that are dropped after the positions, the attention and each linear layer of a block, in training.</param>
    /// <param name="attentionDropout">The share of attention weights that are dropped in training.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentException">The image is not a multiple of the patch, or hidden not one of heads; or there are more layers than the process has memory for.</exception>
    public VisionTransformer(
        int imageSize,
        int patchSize,
        int layers,
        int heads,
        int hidden,
        int mlp,
        int inChannels = 3,
        int classes = 1000,
        double dropout = 0,
        double attentionDropout = 0,
        Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(imageSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(patchSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hidden);
        if (imageSize % patchSize != 0)
        {
            throw new ArgumentException($"VisionTransformer: imageSize {imageSize} must be a multiple of patchSize {patchSize}.", nameof(imageSize));
        }

        LayerArguments.Parts(nameof(VisionTransformer), layers, nameof(layers));
        (_imageSize, _channels) = (imageSize, inChannels);
        int side = imageSize / patchSize;
        int tokens = LayerArguments.Features(nameof(VisionTransformer), ((long)side * side) + 1, nameof(imageSize));
        ConvProj = new Conv2d(inChannels, hidden, patchSize, patchSize, generator: generator);
        Init.TruncatedNormal(ConvProj.Weight, std: Math.Sqrt(1.0 / Init.Fans(ConvProj.Weight).FanIn), generator: generator);
        Init.Zeros(ConvProj.Bias!);
        ClassToken = Weights.Constant([1, 1, hidden], 0);
        Encoder = new VisionEncoder(tokens, layers, heads, hidden, mlp, dropout, attentionDropout, generator);
        Linear head = new(hidden, classes, generator: generator);
        Init.Zeros(head.Weight);
        Init.Zeros(head.Bias!);
        Heads = new Sequential { { "head", head } };
    }

    /// <summary>The token whose answer is read, [1, 1, hidden].</summary>
    public Tensor ClassToken { get; }

    /// <summary>From patches to tokens.</summary>
    public Conv2d ConvProj { get; }

    /// <summary>Positions, blocks and the last normalisation: [N, tokens, hidden] → the same.</summary>
    public Layer Encoder { get; }

    /// <summary>The classifier under the name head; <c>Heads["head"] = new Linear(768, 5)</c> makes a model for other classes.</summary>
    public Sequential Heads { get; }

    /// <summary>The base network with patches of 16: 12 blocks of 12 heads, tokens of 768; 86,567,656 parameters for images of 224×224.</summary>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="imageSize">Height and width of the images; weights fit those of 224.</param>
    /// <param name="generator">The source of the start values.</param>
    public static VisionTransformer VitB16(int inChannels = 3, int classes = 1000, int imageSize = 224, Generator? generator = null) =>
        new(imageSize, 16, 12, 12, 768, 3072, inChannels, classes, generator: generator);

    private protected override Tensor Apply(Tensor x)
    {
        if (x.Rank != 4 || x.Shape[1] != _channels || x.Shape[2] != _imageSize || x.Shape[3] != _imageSize)
        {
            throw new ShapeMismatchException($"VisionTransformer: x is {x.Shape}; it must be [N, {_channels}, {_imageSize}, {_imageSize}], as the positions are learned for that size. Resize the images.");
        }

        int batch = x.Shape[0], hidden = ClassToken.Shape[2];
        Tensor patches = ConvProj.Forward(x).Flatten(2).Transpose(1, 2);
        Tensor tokens = Tensor.Concat([ClassToken.To(patches.DType).Expand([batch, 1, hidden]), patches], 1);
        return Heads.Forward(Encoder.Forward(tokens).Select(1, 0));
    }

    // The classifier may be a layer of somebody else, which keeps what it sees.
    internal override bool KeepsNothing(int depth) => LeanChain.KeepsNothing(Heads, depth - 1);
}
