namespace Engine.Nn;

/// <summary>A change of an image while it is still bytes, [channels, height, width].</summary>
/// <remarks>
/// It must follow from its arguments alone: the same random numbers make the same image. One that draws a random number is augmentation, and left out of
/// data that a model is validated on (<see cref="IDataset.WithoutRandomChanges"/>), or replaced by what <see cref="WithoutRandomness"/> says; one that draws
/// none is part of how images are read, and stays.
/// </remarks>
public interface IImageTransform
{
    /// <summary>What stands in its place where images may not change by chance; null if that is decided by whether it draws random numbers.</summary>
    /// <remarks>One that cuts a random piece out has to name one that cuts a fixed piece of the same size: left out, images would keep their size.</remarks>
    IImageTransform? WithoutRandomness => null;

    /// <summary>The shape of what is made of an image: the same unless a transform changes size or channels. It may not depend on random numbers.</summary>
    /// <param name="image">[channels, height, width] of the image that comes in.</param>
    /// <exception cref="ShapeMismatchException">Such an image cannot be changed so.</exception>
    Shape OutputShape(Shape image) => image;

    /// <summary>Writes the changed image; source and destination do not overlap.</summary>
    /// <param name="source">The pixels, channel by channel, row by row.</param>
    /// <param name="destination">As many bytes as <see cref="OutputShape"/> has elements.</param>
    /// <param name="image">The shape of the source.</param>
    /// <param name="random">The random numbers of this sample.</param>
    void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random);
}
