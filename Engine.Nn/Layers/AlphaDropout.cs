namespace Engine.Nn;

/// <summary>
/// Dropout for <see cref="Selu"/> networks (Klambauer et al. 2017): while training each element becomes α′ = −1.7581 with probability p, and
/// all become a·x + b, so that mean 0 and variance 1 stay; at prediction nothing happens.
/// </summary>
/// <remarks>
/// a = ((1 − p)·(1 + p·α′²))^−½, b = −a·p·α′; α′ is where SELU saturates. With p = 1 everything is 0, as in PyTorch. Shapes: any → the same.
/// </remarks>
public sealed class AlphaDropout : OperationLayer
{
    private const double Saturation = -1.7580993408473766;

    // Where kept (the first input is above 0): a·x + b; elsewhere a·α′ + b.
    private static readonly MapProgram s_program = MapProgram.Compile(
        2, Expr.Where(Expr.Input(0) > 0, (Expr.Parameter(0) * Expr.Input(1)) + Expr.Parameter(1), Expr.Parameter(2)));

    private readonly double _p;
    private readonly Generator? _generator;

    /// <summary>A layer.</summary>
    /// <param name="p">The probability with which an element is dropped, in [0, 1].</param>
    /// <param name="generator">The source of random numbers; <see cref="Generator.Default"/> if left out.</param>
    public AlphaDropout(double p = 0.5, Generator? generator = null)
    {
        LayerArguments.Probability(nameof(AlphaDropout), p);
        (_p, _generator) = (p, generator);
    }

    private protected override Tensor Apply(Tensor x)
    {
        Guard.FloatingPoint(nameof(AlphaDropout), x);
        return DropoutScope.IsOn(this) && _p > 0 ? Drop(nameof(AlphaDropout), x, x.Shape, _p, _generator) : x.Alias();
    }

    /// <inheritdoc/>
    protected internal override Generator? RandomSource => _generator;

    /// <inheritdoc/>
    public override string ToString() => $"AlphaDropout({_p})";

    /// <summary>Drops whole regions of x: one number of <paramref name="regions"/>, which broadcasts to x, decides over each.</summary>
    internal static Tensor Drop(string op, Tensor x, Shape regions, double p, Generator? generator)
    {
        double scale = p < 1 ? 1 / Math.Sqrt((1 - p) * (1 + (p * Saturation * Saturation))) : 0;
        double shift = -scale * p * Saturation;
        Tensor kept = Tensor.Ones(regions, x.DType, x.Device).Dropout(p, training: true, generator);
        return Pointwise.Apply(op, s_program, [kept, x], [scale, shift, (scale * Saturation) + shift]);
    }
}
