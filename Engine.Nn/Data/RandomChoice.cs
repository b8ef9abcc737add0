namespace Engine.Nn;

/// <summary>One of several batch transforms, drawn anew for each batch: <c>new RandomChoice(new MixUp(0.2, 10), new CutMix(1, 10))</c>.</summary>
public sealed class RandomChoice : IBatchTransform
{
    private readonly IBatchTransform[] _transforms;

    /// <summary>Draws among transforms, each as probable as the others.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public RandomChoice(params IBatchTransform[] transforms)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        Guard.NoNulls<IBatchTransform>(transforms);
        _transforms = transforms.Length > 0 ? [.. transforms] : throw new ArgumentException("RandomChoice: there are no transforms to choose from.", nameof(transforms));
    }

    /// <inheritdoc/>
    public Batch Apply(Batch batch, ref SampleRandom random) => _transforms[random.Next(_transforms.Length)].Apply(batch, ref random);
}
