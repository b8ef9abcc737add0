namespace Engine;

/// <summary>Channels and cells of images exchanged, as they are used to enlarge images by convolutions.</summary>
public sealed partial class Tensor
{
    /// <summary>Blocks of channels spread over cells: […, C·r², H, W] → […, C, H·r, W·r], y[…, c, h·r + i, w·r + j] = x[…, c·r² + i·r + j, h, w].</summary>
    /// <param name="upscaleFactor">r.</param>
    /// <remarks>Shi et al. 2016 (sub-pixel convolution); PyTorch's <c>F.pixel_shuffle</c>.</remarks>
    /// <exception cref="ShapeMismatchException">There are fewer than three axes, or the channels are no multiple of r².</exception>
    public Tensor PixelShuffle(int upscaleFactor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(upscaleFactor);
        long block = (long)upscaleFactor * upscaleFactor;
        if (Rank < 3 || Shape[-3] % block != 0)
        {
            throw new ShapeMismatchException($"PixelShuffle: x is {Shape}; it must be […, C, H, W] with a multiple of {block} channels (upscaleFactor²).");
        }

        int r = upscaleFactor, channels = (int)(Shape[-3] / block), height = Shape[-2], width = Shape[-1];
        int batch = ShuffleOps.Batch(this);
        Tensor y = ReshapeOrSelf(batch, channels, r, r, height, width).Permute(0, 1, 4, 2, 5, 3);
        return this.Own(y.ReshapeOrSelf(shape: Shape.With(-3, channels).With(-2, Guard.Size(nameof(PixelShuffle), (long)height * r)).With(-1, Guard.Size(nameof(PixelShuffle), (long)width * r))));
    }

    /// <summary>Cells gathered into channels, the inverse of <see cref="PixelShuffle"/>: […, C, H·r, W·r] → […, C·r², H, W].</summary>
    /// <param name="downscaleFactor">r.</param>
    /// <exception cref="ShapeMismatchException">There are fewer than three axes, or height and width are no multiples of r.</exception>
    public Tensor PixelUnshuffle(int downscaleFactor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(downscaleFactor);
        int r = downscaleFactor;
        if (Rank < 3 || Shape[-2] % r != 0 || Shape[-1] % r != 0)
        {
            throw new ShapeMismatchException($"PixelUnshuffle: x is {Shape}; it must be […, C, H, W] with height and width that are multiples of {r}.");
        }

        int channels = Shape[-3], height = Shape[-2] / r, width = Shape[-1] / r;
        int batch = ShuffleOps.Batch(this);
        Tensor y = ReshapeOrSelf(batch, channels, height, r, width, r).Permute(0, 1, 3, 5, 2, 4);
        return this.Own(y.ReshapeOrSelf(shape: Shape.With(-3, Guard.Size(nameof(PixelUnshuffle), (long)channels * r * r)).With(-2, height).With(-1, width)));
    }

    /// <summary>The channels of groups dealt out in turn: [N, g·k, …] → the same, y[n, i·g + j] = x[n, j·k + i].</summary>
    /// <param name="groups">g, a divisor of the number of channels.</param>
    /// <remarks>Zhang et al. 2018 (ShuffleNet): between grouped convolutions it lets groups see each other.</remarks>
    /// <exception cref="ShapeMismatchException">There are fewer than two axes, or the channels are no multiple of g.</exception>
    public Tensor ChannelShuffle(int groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (Rank < 2 || Shape[1] % groups != 0)
        {
            throw new ShapeMismatchException($"ChannelShuffle: x is {Shape}; its channels (axis 1) must be a multiple of {groups} groups.");
        }

        long inner = 1;
        for (int i = 2; i < Rank; i++)
        {
            inner *= Shape[i];
        }

        Tensor y = ReshapeOrSelf(Shape[0], groups, Shape[1] / groups, Guard.Size(nameof(ChannelShuffle), inner)).Transpose(1, 2);
        return this.Own(y.ReshapeOrSelf(shape: Shape));
    }
}

file static class ShuffleOps
{
    /// <summary>All axes in front of channels, height and width as one.</summary>
    public static int Batch(Tensor x)
    {
        long batch = 1;
        for (int i = 0; i < x.Rank - 3; i++)
        {
            batch *= x.Shape[i];
        }

        return Guard.Size("Reshape", batch);
    }
}
