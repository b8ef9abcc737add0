namespace Engine.Nn;

/// <summary>
/// Inverted dropout (Srivastava et al. 2014): while training each element becomes 0 with probability p and the others are divided by
/// 1 − p, so that the mean stays; at prediction nothing happens.
/// </summary>
/// <remarks>Shapes: any → the same. One seed drops the same elements on every device.</remarks>
public sealed class Dropout : OperationLayer
{
    private readonly double _p;
    private readonly Generator? _generator;

    /// <summary>A layer.</summary>
    /// <param name="p">The probability with which an element is dropped, in [0, 1].</param>
    /// <param name="generator">The source of random numbers; <see cref="Generator.Default"/> if left out.</param>
    public Dropout(double p = 0.5, Generator? generator = null)
    {
        LayerArguments.Probability(nameof(Dropout), p);
        (_p, _generator) = (p, generator);
    }

    private protected override Tensor Apply(Tensor x) => x.Dropout(_p, DropoutScope.IsOn(this), _generator);

    /// <inheritdoc/>
    protected internal override Generator? RandomSource => _generator;

    /// <inheritdoc/>
    public override string ToString() => $"Dropout({_p})";
}
