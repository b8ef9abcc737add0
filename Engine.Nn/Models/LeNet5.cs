namespace Engine.Nn;

/// <summary>
/// LeNet-5 (LeCun et al. 1998) with ReLU and max pooling: two 5×5 convolutions to 6 and 16 channels, each pooled 2×2, then linear layers of
/// 120, 84 and <c>classes</c>.
/// </summary>
/// <remarks>Shapes: x [N, channels, H, W] → [N, classes]; for 28×28 images the first linear layer sees 400 values.</remarks>
public sealed class LeNet5 : Sequential
{
    /// <summary>A network with random start values.</summary>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="imageSize">Height and width of the images, at least 12.</param>
    /// <param name="generator">The source of the start values.</param>
    public LeNet5(int inChannels = 1, int classes = 10, Size2? imageSize = null, Generator? generator = null)
    {
        (int height, int width) = imageSize ?? 28;
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(height, width), 12, nameof(imageSize));
        int features = 16 * Pooled(height) * Pooled(width);
        Add(new Conv2d(inChannels, 6, 5, padding: 2, generator: generator));
        Add(new Relu());
        Add(new MaxPool2d(2));
        Add(new Conv2d(6, 16, 5, generator: generator));
        Add(new Relu());
        Add(new MaxPool2d(2));
        Add(new Flatten());
        Add(new Linear(features, 120, generator: generator));
        Add(new Relu());
        Add(new Linear(120, 84, generator: generator));
        Add(new Relu());
        Add(new Linear(84, classes, generator: generator));
    }

    /// <summary>A side after both convolutions and poolings: the first keeps it, the second takes 4 off.</summary>
    private static int Pooled(int side) => ((side / 2) - 4) / 2;
}
