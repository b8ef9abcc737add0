namespace Engine.Nn.Distributions;

/// <summary>Student's t distribution with df degrees of freedom, moved by loc and stretched by scale.</summary>
/// <remarks>The gradient of <see cref="Distribution.RSample"/> with respect to df is implicit, as <see cref="Gamma"/>'s.</remarks>
public sealed class StudentT : Distribution
{
    private static readonly MapProgram s_mean = MapProgram.Compile(2, Expr.Where(Expr.Input(1) > 1, Expr.Input(0), double.NaN));

    private static readonly MapProgram s_variance = MapProgram.Compile(2, Expr.Where(
        Expr.Input(1) > 2, Expr.Square(Expr.Input(0)) * Expr.Input(1) / (Expr.Input(1) - 2), Expr.Where(Expr.Input(1) > 1, double.PositiveInfinity, double.NaN)));

    /// <summary>Takes parameters that broadcast.</summary>
    /// <param name="df">The degrees of freedom, positive.</param>
    /// <param name="loc">The median.</param>
    /// <param name="scale">The scale, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: df or scale is not positive.</exception>
    public StudentT(Tensor df, Tensor loc, Tensor scale)
        : base(Check(df, loc, scale))
    {
        (Df, Loc, Scale) = (df, loc, scale);
    }

    /// <summary>The degrees of freedom.</summary>
    public Tensor Df { get; }

    /// <summary>The median.</summary>
    public Tensor Loc { get; }

    /// <summary>The scale.</summary>
    public Tensor Scale { get; }

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Pointwise.Apply(nameof(Mean), s_mean, [Loc, Df]).Expand(BatchShape);

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Pointwise.Apply(nameof(Variance), s_variance, [Scale, Df]).Expand(BatchShape);

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator)
    {
        // z/√(χ²/df), and χ² is twice a gamma number of half as many degrees.
        Shape all = SampleShape(shape);
        Tensor half = Df * 0.5, log = GammaSampler.Log(half, all, generator).To(Scale.DType) - half.Log();
        return Loc + (Scale * Noise.Normal(all, Loc, Scale, generator) * (log * -0.5).Exp());
    }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value)
    {
        Tensor z = (value - Loc) / Scale, half = (Df + 1) * 0.5;
        return half.Lgamma() - (Df * 0.5).Lgamma() - (Scale.Log() + ((Df * Math.PI).Log() * 0.5)) - (half * (z.Square() / Df).Log1p());
    }

    /// <inheritdoc/>
    protected override Tensor EntropyCore()
    {
        Tensor half = (Df + 1) * 0.5;
        Tensor logBeta = (Df * 0.5).Lgamma() + (0.5 * Math.Log(Math.PI)) - half.Lgamma();
        return (Scale.Log() + (half * (half.Digamma() - (Df * 0.5).Digamma())) + (Df.Log() * 0.5) + logBeta).Expand(BatchShape);
    }

    private static Shape Check(Tensor df, Tensor loc, Tensor scale)
    {
        Parameters.Positive(nameof(StudentT), df);
        Parameters.Finite(nameof(StudentT), loc);
        Parameters.Positive(nameof(StudentT), scale);
        return Parameters.Broadcast(nameof(StudentT), df, loc, scale);
    }
}
