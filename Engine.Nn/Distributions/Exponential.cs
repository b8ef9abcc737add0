namespace Engine.Nn.Distributions;

/// <summary>The exponential distribution: density rate·e^(−rate·x) for x ≥ 0.</summary>
public sealed class Exponential : Distribution
{
    /// <summary>Takes the rate.</summary>
    /// <param name="rate">One over the mean, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a rate is not positive.</exception>
    public Exponential(Tensor rate)
        : base(Parameters.Broadcast(nameof(Exponential), Parameters.Positive(nameof(Exponential), rate)))
    {
        Rate = rate;
    }

    /// <summary>One over the mean.</summary>
    public Tensor Rate { get; }

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Rate.Reciprocal();

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => Rate.Square().Reciprocal();

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) => Noise.Exponential(SampleShape(shape), Rate, generator) / Rate;

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => (Rate.Log() - (Rate * value)).Within(value >= 0);

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => 1 - Rate.Log();

    /// <inheritdoc/>
    protected override Tensor CdfCore(Tensor value) => -(-Rate * value.Clamp(0)).Expm1();

    /// <inheritdoc/>
    protected override Tensor IcdfCore(Tensor probability) => -(-probability).Log1p() / Rate;
}
