namespace Engine.Nn;

/// <summary>
/// <see cref="AlphaDropout"/> of whole channels, for convolutional <see cref="Selu"/> networks: while training each channel of a sample becomes α′ with
/// probability p, and all become a·x + b, so that mean 0 and variance 1 stay; at prediction nothing happens.
/// </summary>
/// <remarks>Shapes: x [N, C, …] → the same; a channel […] is dropped as a whole. With p = 1 everything is 0, as in PyTorch.</remarks>
public sealed class FeatureAlphaDropout : OperationLayer
{
    private readonly double _p;
    private readonly Generator? _generator;

    /// <summary>A layer.</summary>
    /// <param name="p">The probability with which a channel is dropped, in [0, 1].</param>
    /// <param name="generator">The source of random numbers; <see cref="Generator.Default"/> if left out.</param>
    public FeatureAlphaDropout(double p = 0.5, Generator? generator = null)
    {
        LayerArguments.Probability(nameof(FeatureAlphaDropout), p);
        (_p, _generator) = (p, generator);
    }

    private protected override Tensor Apply(Tensor x)
    {
        Guard.FloatingPoint(nameof(FeatureAlphaDropout), x);
        if (x.Rank < 2)
        {
            throw new ShapeMismatchException($"FeatureAlphaDropout: x is {x.Shape}; it must be [N, C, …].");
        }

        return DropoutScope.IsOn(this) && _p > 0 ? AlphaDropout.Drop(nameof(FeatureAlphaDropout), x, Channels(x), _p, _generator) : x.Alias();
    }

    /// <inheritdoc/>
    protected internal override Generator? RandomSource => _generator;

    /// <inheritdoc/>
    public override string ToString() => $"FeatureAlphaDropout({_p})";

    private static Shape Channels(Tensor x)
    {
        int[] sizes = new int[x.Rank];
        sizes.AsSpan().Fill(1);
        (sizes[0], sizes[1]) = (x.Shape[0], x.Shape[1]);
        return new Shape(sizes);
    }
}
