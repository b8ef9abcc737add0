namespace Engine.Nn.Distributions;

/// <summary>The Laplace distribution: density e^(−|x − loc|/scale)/(2·scale).</summary>
public sealed class Laplace : Distribution
{
    /// <summary>Takes parameters that broadcast.</summary>
    /// <param name="loc">The mean.</param>
    /// <param name="scale">The mean distance from it, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a scale is not positive.</exception>
    public Laplace(Tensor loc, Tensor scale)
        : base(Check(loc, scale))
    {
        (Loc, Scale) = (loc, scale);
    }

    /// <summary>The mean.</summary>
    public Tensor Loc { get; }

    /// <summary>The mean distance from it.</summary>
    public Tensor Scale { get; }

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Loc.Expand(BatchShape);

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => (Scale.Square() * 2).Expand(BatchShape);

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator)
    {
        Shape all = SampleShape(shape);
        Tensor side = (Tensor.Bernoulli(all, 0.5, generator, Scale.DType, Scale.Device) * 2) - 1;
        return Loc + (Scale * (side * Noise.Exponential(all, Scale, generator)));
    }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => -((value - Loc).Abs() / Scale) - (Scale * 2).Log();

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => ((Scale * 2).Log() + 1).Expand(BatchShape);

    /// <inheritdoc/>
    protected override Tensor CdfCore(Tensor value)
    {
        Tensor distance = value - Loc;
        return 0.5 - (distance.Sign() * (-distance.Abs() / Scale).Expm1() * 0.5);
    }

    /// <inheritdoc/>
    protected override Tensor IcdfCore(Tensor probability)
    {
        Tensor term = probability - 0.5;
        return Loc - (Scale * term.Sign() * (term.Abs() * -2).Log1p());
    }

    private static Shape Check(Tensor loc, Tensor scale)
    {
        Parameters.Finite(nameof(Laplace), loc);
        Parameters.Positive(nameof(Laplace), scale);
        return Parameters.Broadcast(nameof(Laplace), loc, scale);
    }
}
