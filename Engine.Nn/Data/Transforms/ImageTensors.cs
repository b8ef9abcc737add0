namespace Engine.Nn;

/// <summary>Changes one image of a batch, [C, H, W]; a view is welcome.</summary>
internal delegate Tensor ImageChange(Tensor image, ref SampleRandom random);

/// <summary>What the transforms of floating-point images have in common.</summary>
internal static class ImageTensors
{
    /// <summary>The images as a batch, [N, C, H, W].</summary>
    public static Tensor Batched(string op, Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        Guard.FloatingPoint(op, images, nameof(images));
        return images.Rank is 3 or 4 && images.Shape[-1] > 0 && images.Shape[-2] > 0 && images.Shape[-3] > 0
            ? images.Rank == 3 ? images.Unsqueeze(0) : images
            : throw new ShapeMismatchException($"{op}: images are {images.Shape}; they must be [N, C, H, W] or [C, H, W], with pixels.");
    }

    /// <summary>The batch with as many axes as the images had.</summary>
    public static Tensor Unbatched(Tensor changed, Tensor images) => images.Rank == 3 ? changed.Squeeze(0) : changed;

    /// <summary>Each image changed by itself, with random numbers that it draws after those of the images before.</summary>
    /// <param name="op">The name of the transform.</param>
    /// <param name="images">[N, C, H, W] or [C, H, W].</param>
    /// <param name="output">The shape of what is made of one image, of its shape.</param>
    /// <param name="random">The random numbers.</param>
    /// <param name="change">The change.</param>
    public static Tensor Each(string op, Tensor images, Func<Shape, Shape> output, ref SampleRandom random, ImageChange change)
    {
        Tensor batch = Batched(op, images);
        int count = batch.Shape[0];
        Shape each = output(ImageShape(batch));
        if (count == 0)
        {
            return Unbatched(Tensor.Empty([0, .. each.AsSpan()], batch.DType, batch.Device), images);
        }

        Tensor[] changed = new Tensor[count];
        for (int i = 0; i < count; i++)
        {
            changed[i] = change(batch.Select(0, i), ref random);
        }

        return Unbatched(Tensor.Stack(changed), images);
    }

    /// <summary>Draws for each image whether it is changed, and takes the changed or the old one.</summary>
    public static Tensor Sometimes(string op, Tensor images, double probability, ref SampleRandom random, Func<Tensor, Tensor> change)
    {
        Tensor batch = Batched(op, images);
        byte[] chosen = new byte[batch.Shape[0]];
        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i] = random.NextDouble() < probability ? (byte)1 : (byte)0;
        }

        if (!chosen.Contains((byte)1))
        {
            return images.Clone();
        }

        Tensor mask = Tensor.From<byte>(chosen, [chosen.Length, 1, 1, 1], batch.Device).To(DType.Bool);
        return Unbatched(Tensor.Where(mask, change(batch), batch), images);
    }

    /// <summary>The shape of one image of a batch.</summary>
    public static Shape ImageShape(Tensor batch) => [batch.Shape[1], batch.Shape[2], batch.Shape[3]];

    /// <summary>A window of images [..., H, W] that may reach beyond them.</summary>
    public static Tensor Cut(Tensor images, int height, int width, int top, int left, ImagePadding mode, double fill)
    {
        int sourceHeight = images.Shape[-2], sourceWidth = images.Shape[-1];
        if (top >= 0 && left >= 0 && top + height <= sourceHeight && left + width <= sourceWidth)
        {
            return images.Narrow(-2, top, height).Narrow(-1, left, width);
        }

        if (mode != ImagePadding.Constant)
        {
            return images.IndexSelect(-2, Places(height, top, sourceHeight, mode, images.Device)).IndexSelect(-1, Places(width, left, sourceWidth, mode, images.Device));
        }

        return images.Pad([(-top, top + height - sourceHeight), (-left, left + width - sourceWidth)], fill);
    }

    /// <summary>A rectangle of images [N, C, H, W] in another size, as a <see cref="Resampling"/> of bytes would make it.</summary>
    public static Tensor Resized(Tensor images, int height, int width, ImageInterpolation interpolation) => images.Shape[-2] == height && images.Shape[-1] == width
        ? images
        : interpolation == ImageInterpolation.Nearest
            ? images.Interpolate([height, width], InterpolationMode.NearestExact)
            : images.Interpolate([height, width], InterpolationMode.Bilinear, antialias: true);

    private static Tensor Places(int count, int start, int size, ImagePadding mode, Device device) =>
        Tensor.From<long>([.. Enumerable.Range(start, count).Select(i => (long)ImageBorder.Inside(i, size, mode))], device);
}
