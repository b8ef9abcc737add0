namespace Engine.Nn.Distributions;

/// <summary>The normal distribution of vectors: density e^(−½·(x − loc)ᵀ·Σ⁻¹·(x − loc))/√((2π)ᵏ·det Σ).</summary>
/// <remarks>By the Cholesky factor L of Σ, which like the solutions of its equations is computed on the host.</remarks>
public sealed class MultivariateNormal : Distribution
{
    /// <summary>Takes the mean, and the covariance or its factor.</summary>
    /// <param name="loc">[…, k].</param>
    /// <param name="covarianceMatrix">Σ, […, k, k], symmetric and positive definite.</param>
    /// <param name="scaleTril">The lower triangular L with L·Lᵀ = Σ, instead; its diagonal is positive.</param>
    /// <exception cref="ArgumentException">Not one of covarianceMatrix and scaleTril is given.</exception>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="NotPositiveDefiniteException">The covariance is no such.</exception>
    public MultivariateNormal(Tensor loc, Tensor? covarianceMatrix = null, Tensor? scaleTril = null)
        : base(Check(loc, covarianceMatrix, scaleTril), [loc.Shape[-1]])
    {
        Loc = loc;
        ScaleTril = scaleTril ?? covarianceMatrix!.Cholesky();
    }

    /// <summary>The mean, as it was given.</summary>
    public Tensor Loc { get; }

    /// <summary>L.</summary>
    public Tensor ScaleTril { get; }

    /// <summary>Σ = L·Lᵀ.</summary>
    public Tensor CovarianceMatrix => ScaleTril.MatMul(ScaleTril.T);

    /// <inheritdoc/>
    public override bool HasRSample => true;

    /// <summary>Σ ln Lᵢᵢ.</summary>
    internal Tensor HalfLogDeterminant => (ScaleTril * Tensor.Eye(EventShape[0], dtype: ScaleTril.DType, device: ScaleTril.Device)).Sum(-1).Log().Sum(-1);

    /// <inheritdoc/>
    protected override Tensor MeanCore() => Loc.Expand(SampleShape(default));

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => ScaleTril.Square().Sum(-1).Expand(SampleShape(default));

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator)
    {
        Tensor noise = Noise.Normal(SampleShape(shape), Loc, ScaleTril, generator);
        return Loc + ScaleTril.MatMul(noise.Unsqueeze(-1)).Squeeze(-1);
    }

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value)
    {
        Tensor z = Whitened(value - Loc);
        return (z.Square().Sum(-1) * -0.5) - HalfLogDeterminant - (EventShape[0] * Parameters.HalfLog2Pi);
    }

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => (HalfLogDeterminant + (EventShape[0] * (0.5 + Parameters.HalfLog2Pi))).Expand(BatchShape);

    /// <summary>L⁻¹·x of vectors […, k].</summary>
    internal Tensor Whitened(Tensor x)
    {
        if (ScaleTril.Rank == 2)
        {
            // One matrix: all vectors are the columns of one right side.
            return ScaleTril.SolveTriangular(x.Reshape(-1, EventShape[0]).T, upper: false).T.Reshape(x.Shape);
        }

        return ScaleTril.SolveTriangular(x.Unsqueeze(-1), upper: false).Squeeze(-1);
    }

    private static Shape Check(Tensor loc, Tensor? covarianceMatrix, Tensor? scaleTril)
    {
        const string Op = nameof(MultivariateNormal);
        ArgumentNullException.ThrowIfNull(loc);
        if (covarianceMatrix is null == scaleTril is null)
        {
            throw new ArgumentException($"{Op}: give either {nameof(covarianceMatrix)} or {nameof(scaleTril)}.");
        }

        Tensor matrix = covarianceMatrix ?? scaleTril!;
        Parameters.Broadcast(Op, loc.Rank == 0 ? loc : loc.Select(-1, 0), matrix.Rank < 2 ? matrix : matrix.Select(-1, 0).Select(-1, 0));
        if (loc.Rank < 1 || matrix.Rank < 2 || matrix.Shape[-1] != loc.Shape[-1] || matrix.Shape[-2] != loc.Shape[-1])
        {
            throw new ShapeMismatchException($"{Op}: loc is {loc.Shape}, the matrix {matrix.Shape}; they must be […, k] and […, k, k].");
        }

        Shape.TryBroadcast(loc.Shape.Prefix(loc.Rank - 1), matrix.Shape.Prefix(matrix.Rank - 2), out Shape batch);
        return batch;
    }
}
