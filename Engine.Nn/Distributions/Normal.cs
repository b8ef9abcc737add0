namespace Engine.Nn.Distributions;

/// <summary>The normal distribution: density e^(−(x − loc)²/(2·scale²))/(scale·√(2π)).</summary>
public sealed class Normal : Distribution
{
    /// <summary>Takes parameters that broadcast.</summary>
    /// <param name="loc">The mean.</param>
    /// <param name="scale">The standard deviation, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a scale is not positive.</exception>
    public Normal(Tensor loc, Tensor scale)
        : base(Check(loc, scale))
    {
        (Loc, Scale) = (loc, scale);
    }

    /// <summary>The mean.</summary>
    public Tensor Loc { get; }

    /// <summary>The standard deviation.</summary>
    public Tensor Scale { get; }

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Loc.Expand(BatchShape);

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Scale.Square().Expand(BatchShape);

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => Loc + (Scale * Noise.Normal(SampleShape(shape), Loc, Scale, generator));

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => (((value - Loc) / Scale).Square() * -0.5) - Scale.Log() - Parameters.HalfLog2Pi;

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => (Scale.Log() + (0.5 + Parameters.HalfLog2Pi)).Expand(BatchShape);

    /// <inheritdoc/>
    protected override Tensor CdfCore(Tensor value) => (((value - Loc) / (Scale * Math.Sqrt(2))).Erf() + 1) * 0.5;

    /// <inheritdoc/>
    protected override Tensor IcdfCore(Tensor probability) => Loc + (Scale * Math.Sqrt(2) * ((probability * 2) - 1).Erfinv());

    internal static Shape Check(Tensor loc, Tensor scale)
    {
        Parameters.Finite(nameof(Normal), loc);
        Parameters.Positive(nameof(Normal), scale);
        return Parameters.Broadcast(nameof(Normal), loc, scale);
    }
}

/// <summary>Of a number whose logarithm is normal with mean loc and standard deviation scale.</summary>
public sealed class LogNormal : Distribution
{
    /// <summary>Takes parameters that broadcast.</summary>
    /// <param name="loc">The mean of the logarithm.</param>
    /// <param name="scale">The standard deviation of the logarithm, positive.</param>
    public LogNormal(Tensor loc, Tensor scale)
        : base(Normal.Check(loc, scale))
    {
        Logarithm = new Normal(loc, scale);
    }

    /// <summary>The mean of the logarithm.</summary>
    public Tensor Loc => Logarithm.Loc;

    /// <summary>The standard deviation of the logarithm.</summary>
    public Tensor Scale => Logarithm.Scale;

    /// <inheritdoc/>
    public override bool HasRSample => true;

    internal Normal Logarithm { get; }

    /// <inheritdoc/>
    protected override Tensor MeanCore() => (Loc + (Scale.Square() * 0.5)).Exp();

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Scale.Square().Expm1() * ((Loc * 2) + Scale.Square()).Exp();

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => Logarithm.RSample(shape, generator).Exp();

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value)
    {
        Tensor inside = value > 0;
        Tensor log = Tensor.Where(inside, value, value.Detach().OnesLike()).Log();
        return (Logarithm.LogProb(log) - log).Within(inside);
    }

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => Logarithm.Entropy() + Loc;

    /// <inheritdoc/>
    protected override Tensor CdfCore(Tensor value) => Logarithm.Cdf(value.Clamp(0).Log());

    /// <inheritdoc/>
    protected override Tensor IcdfCore(Tensor probability) => Logarithm.Icdf(probability).Exp();
}
