namespace Engine.Nn;

/// <summary>
/// y = x above 0, slope·x elsewhere (Xu et al. 2015): while training each element draws a slope between two bounds, at prediction it is the middle
/// of them.
/// </summary>
/// <remarks>Shapes: any → the same. One seed draws the same slopes on every device.</remarks>
public sealed class RRelu : OperationLayer
{
    private static readonly MapProgram s_program = MapProgram.Compile(2, Expr.Where(Expr.Input(0) > 0, Expr.Input(0), Expr.Input(0) * Expr.Input(1)));

    private readonly double _lower;
    private readonly double _upper;
    private readonly Generator? _generator;

    /// <summary>A layer.</summary>
    /// <param name="lower">The least slope.</param>
    /// <param name="upper">The largest slope.</param>
    /// <param name="generator">The source of random numbers; <see cref="Generator.Default"/> if left out.</param>
    public RRelu(double lower = 1.0 / 8, double upper = 1.0 / 3, Generator? generator = null)
    {
        if (!(lower <= upper) || !double.IsFinite(lower) || !double.IsFinite(upper))
        {
            throw new ArgumentOutOfRangeException(nameof(upper), upper, $"RRelu: lower is {lower}; both must be finite and upper not below lower.");
        }

        (_lower, _upper, _generator) = (lower, upper, generator);
    }

    private protected override Tensor Apply(Tensor x)
    {
        Guard.FloatingPoint(nameof(RRelu), x);
        return DropoutScope.IsOn(this) && _lower < _upper ? Draw(x) : x.LeakyRelu((_lower + _upper) / 2);
    }

    /// <inheritdoc/>
    protected internal override Generator? RandomSource => _generator;

    /// <inheritdoc/>
    public override string ToString() => $"RRelu({_lower} to {_upper})";

    private Tensor Draw(Tensor x) =>
        Pointwise.Apply(nameof(RRelu), s_program, [x, Tensor.Rand(x.Shape, _lower, _upper, _generator, x.DType.ComputeType(), x.Device)], computeAs: x.DType.ComputeType()).As(x.DType);
}
