namespace Engine.Nn;

/// <summary>Softmax over the channels at each place of an image.</summary>
/// <remarks>Shapes: x [N, C, H, W] or [C, H, W] → the same.</remarks>
public sealed class Softmax2d : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => OverChannels(x);

    private static Tensor OverChannels(Tensor x) => x.Rank is 3 or 4
        ? x.Softmax(-3)
        : throw new ShapeMismatchException($"Softmax2d: x is {x.Shape}; it must be [N, C, H, W] or [C, H, W].");
}
