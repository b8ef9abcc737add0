namespace Engine.Nn;

/// <summary>A change of images that are floating-point tensors, on the device where they are: of a batch, each image with random numbers of its own, or of one image.</summary>
/// <remarks>
/// The usual transforms of bytes (<see cref="IImageTransform"/>) change tensors, too, with the same random numbers. In a batch of a loader they change the input that is images; there must be one.
/// A value to fill with is taken as the number that it is, so it belongs to the range of the images.
/// <code>
/// IBatchSource train = new DataLoader(data, 64) { Shuffle = true }.With(seed: 1, new RandomHorizontalFlip(), new Normalize(ImageNet.Mean, ImageNet.Std));
/// Tensor small = new Resize(64).Apply(photo, ref random);
/// </code>
/// </remarks>
public interface ITensorTransform : IBatchTransform
{
    /// <summary>The changed images.</summary>
    /// <param name="images">Floating-point images, [N, C, H, W], or one, [C, H, W].</param>
    /// <param name="random">The random numbers; each image draws its own.</param>
    /// <exception cref="ShapeMismatchException">They are no images, have no pixels, or such images cannot be changed so.</exception>
    /// <exception cref="DTypeMismatchException">They are not floating-point.</exception>
    Tensor Apply(Tensor images, ref SampleRandom random);

    /// <inheritdoc/>
    Batch IBatchTransform.Apply(Batch batch, ref SampleRandom random)
    {
        Tensor[] inputs = [.. batch.AllInputs];
        int at = Array.FindIndex(inputs, static x => x.Rank == 4);
        if (at < 0 || Array.FindLastIndex(inputs, static x => x.Rank == 4) != at)
        {
            throw new ShapeMismatchException($"{GetType().Name}: the inputs are {batch.AllInputs}; exactly one of them must be images [N, C, H, W].");
        }

        inputs[at] = Apply(inputs[at], ref random);
        return batch with { AllInputs = Tensors.From(inputs, batch.AllInputs.Names.Count > 0 ? [.. batch.AllInputs.Names] : null) };
    }
}
