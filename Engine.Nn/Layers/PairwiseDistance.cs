namespace Engine.Nn;

/// <summary>The p-norm of differences: <c>y = (Σ |x1 − x2 + eps|ᵖ)^(1/p)</c> along the last axis.</summary>
/// <remarks>Shapes: x1 and x2 […, D], broadcast → y […].</remarks>
public sealed class PairwiseDistance : Module
{
    private readonly double _p;
    private readonly double _eps;
    private readonly bool _keepDims;

    /// <summary>A module.</summary>
    /// <param name="p">The p of the norm, above 0; infinity for the largest difference.</param>
    /// <param name="eps">Keeps equal vectors away from 0, where the norm has no slope.</param>
    /// <param name="keepDims">Whether y keeps the last axis with size 1.</param>
    public PairwiseDistance(double p = 2, double eps = 1e-6, bool keepDims = false)
    {
        if (!(p > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "PairwiseDistance: p must be above 0.");
        }

        (_p, _eps, _keepDims) = (p, eps, keepDims);
    }

    /// <summary>The distance of each pair.</summary>
    /// <exception cref="ShapeMismatchException">The shapes do not broadcast, or have no axis.</exception>
    /// <exception cref="DTypeMismatchException">x1 or x2 is not floating-point.</exception>
    public Tensor Forward(Tensor x1, Tensor x2)
    {
        ArgumentNullException.ThrowIfNull(x1);
        ArgumentNullException.ThrowIfNull(x2);
        Guard.FloatingPoint(nameof(PairwiseDistance), x1, nameof(x1));
        Guard.FloatingPoint(nameof(PairwiseDistance), x2, nameof(x2));
        Tensor difference = x1 - x2 + _eps;
        return _p == 2 ? difference.Norm(-1, _keepDims)
            : _p == 1 ? difference.Abs().Sum(-1, _keepDims)
            : double.IsPositiveInfinity(_p) ? difference.Abs().Max(-1, _keepDims)
            : difference.Abs().Pow(_p).Sum(-1, _keepDims).Pow(1 / _p);
    }

    /// <inheritdoc/>
    public override string ToString() => $"PairwiseDistance(p {_p})";
}
