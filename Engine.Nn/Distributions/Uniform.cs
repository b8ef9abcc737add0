namespace Engine.Nn.Distributions;

/// <summary>The uniform distribution on [low, high).</summary>
public sealed class Uniform : Distribution
{
    private static readonly MapProgram s_logProb = MapProgram.Compile(3, Expr.Where(
        Expr.And(Expr.Input(1) <= Expr.Input(0), Expr.Input(0) < Expr.Input(2)), -Expr.Log(Expr.Input(2) - Expr.Input(1)), double.NegativeInfinity));

    /// <summary>Takes parameters that broadcast.</summary>
    /// <param name="low">The smallest number.</param>
    /// <param name="high">Above low; itself never drawn, but for rounding.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: high does not lie above low.</exception>
    public Uniform(Tensor low, Tensor high)
        : base(Check(low, high))
    {
        (Low, High) = (low, high);
    }

    /// <summary>The smallest number.</summary>
    public Tensor Low { get; }

    /// <summary>The bound above.</summary>
    public Tensor High { get; }

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => (Low + High) * 0.5;

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => (High - Low).Square() / 12;

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => Low + ((High - Low) * Noise.Uniform(SampleShape(shape), Low, generator));

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => Pointwise.Apply(nameof(LogProb), s_logProb, [value, Low, High]);

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => (High - Low).Log();

    /// <inheritdoc/>
    protected override Tensor CdfCore(Tensor value) => ((value - Low) / (High - Low)).Clamp(0, 1);

    /// <inheritdoc/>
    protected override Tensor IcdfCore(Tensor probability) => Low + (probability * (High - Low));

    private static Shape Check(Tensor low, Tensor high)
    {
        Parameters.Finite(nameof(Uniform), low);
        Parameters.Finite(nameof(Uniform), high);
        Shape shape = Parameters.Broadcast(nameof(Uniform), low, high);
        if (Parameters.CanLook(low) && !(low < high).All().Item<bool>())
        {
            throw new ArgumentOutOfRangeException(nameof(high), $"{nameof(Uniform)}: high must lie above low.");
        }

        return shape;
    }
}
