namespace Engine.Nn;

/// <summary>The block of MobileNetV2: 1×1 to more channels, a filter for each of them, 1×1 to fewer without activation; x is added where it fits.</summary>
internal sealed partial class InvertedResidual(int inChannels, int outChannels, int stride, int expansion, Generator? generator) : OperationLayer
{
    /// <summary>The layers.</summary>
    public Sequential Conv { get; } = Layers(inChannels, outChannels, stride, expansion, generator);

    private bool AddsInput { get; } = stride == 1 && inChannels == outChannels;

    private protected override Tensor Apply(Tensor x)
    {
        Tensor y = Conv.Forward(x);
        return AddsInput ? y + x : y;
    }

    private static Sequential Layers(int inChannels, int outChannels, int stride, int expansion, Generator? generator)
    {
        int wide = LayerArguments.Features(nameof(MobileNetV2), (long)inChannels * expansion, "width");
        Sequential layers = [];
        if (expansion != 1)
        {
            layers.Add(ConvNorm.Make(inChannels, wide, 1, 1, 1, new BatchNorm2d(wide), new Relu6(), generator));
        }

        layers.Add(ConvNorm.Make(wide, wide, 3, stride, wide, new BatchNorm2d(wide), new Relu6(), generator));
        layers.Add(new Conv2d(wide, outChannels, 1, bias: false, generator: generator));
        layers.Add(new BatchNorm2d(outChannels));
        return layers;
    }
}

/// <summary>The block of MobileNetV3: as that of MobileNetV2, with a <see cref="SqueezeExcitation"/> in the middle of some and another activation.</summary>
internal sealed partial class SqueezedInvertedResidual(MobileNetV3Stage stage, int inChannels, Generator? generator) : OperationLayer
{
    /// <summary>The layers.</summary>
    public Sequential Block { get; } = Layers(stage, inChannels, generator);

    private bool AddsInput { get; } = stage.Stride == 1 && inChannels == stage.Channels;

    private protected override Tensor Apply(Tensor x)
    {
        Tensor y = Block.Forward(x);
        return AddsInput ? y + x : y;
    }

    private static Sequential Layers(MobileNetV3Stage stage, int inChannels, Generator? generator)
    {
        int wide = stage.Expanded;
        Sequential layers = [];
        if (wide != inChannels)
        {
            layers.Add(ConvNorm.Make(inChannels, wide, 1, 1, 1, MobileNetV3.Norm(wide), Activation(), generator));
        }

        layers.Add(ConvNorm.Make(wide, wide, stage.Kernel, stage.Stride, wide, MobileNetV3.Norm(wide), Activation(), generator));
        if (stage.Squeezes)
        {
            layers.Add(new SqueezeExcitation(wide, ConvNorm.Channels(nameof(MobileNetV3), wide / 4, "width"), generator));
        }

        layers.Add(ConvNorm.Make(wide, stage.Channels, 1, 1, 1, MobileNetV3.Norm(stage.Channels), null, generator));
        return layers;

        Layer Activation() => stage.IsHardSwish ? new HardSwish() : new Relu();
    }
}

/// <summary>
/// Weighs channels by their own means (Hu et al. 2018): <c>y = x·hardsigmoid(fc2(relu(fc1(mean(x)))))</c>, with 1×1 convolutions.
/// </summary>
internal sealed partial class SqueezeExcitation(int channels, int squeezed, Generator? generator) : OperationLayer
{
    /// <summary>The mean over the image, [N, C, 1, 1].</summary>
    public AdaptiveAvgPool2d Pool { get; } = new(1);

    /// <summary>To fewer channels.</summary>
    public Conv2d Fc1 { get; } = new(channels, squeezed, 1, generator: generator);

    /// <summary>Back to all.</summary>
    public Conv2d Fc2 { get; } = new(squeezed, channels, 1, generator: generator);

    private protected override Tensor Apply(Tensor x)
    {
        Tensor weights = Fc2.Forward(Fc1.Forward(Pool.Forward(x), relu: true)).HardSigmoid();
        return x * weights;
    }
}
