namespace Engine.Nn;

/// <summary>
/// A small modern convolutional network: twice (3×3 convolution, batch norm, ReLU, 2×2 max pooling) with 32 and 64 channels, then linear
/// layers of 128 and <c>classes</c>.
/// </summary>
/// <remarks>Shapes: x [N, channels, H, W] → [N, classes]; for 28×28 images the first linear layer sees 3136 values.</remarks>
public sealed class ConvBn : Sequential
{
    /// <summary>A network with random start values.</summary>
    /// <param name="inChannels">Channels of the images.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="imageSize">Height and width of the images, at least 4.</param>
    /// <param name="generator">The source of the start values.</param>
    public ConvBn(int inChannels = 1, int classes = 10, Size2? imageSize = null, Generator? generator = null)
    {
        (int height, int width) = imageSize ?? 28;
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(height, width), 4, nameof(imageSize));
        int channels = inChannels;
        foreach (int next in (ReadOnlySpan<int>)[32, 64])
        {
            Add(new Conv2d(channels, next, 3, padding: 1, bias: false, generator: generator));
            Add(new BatchNorm2d(next));
            Add(new Relu());
            Add(new MaxPool2d(2));
            channels = next;
        }

        Add(new Flatten());
        Add(new Linear(channels * (height / 2 / 2) * (width / 2 / 2), 128, generator: generator));
        Add(new Relu());
        Add(new Linear(128, classes, generator: generator));
    }
}
