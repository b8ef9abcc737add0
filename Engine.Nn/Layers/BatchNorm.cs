namespace Engine.Nn;

/// <summary>
/// Batch normalisation (Ioffe and Szegedy 2015): per channel <c>y = (x − mean)/√(var + eps)·γ + β</c>. While training, mean and (biased)
/// variance are those of the batch, and running ones are kept; at prediction the running ones are used.
/// </summary>
/// <remarks>
/// Running statistics follow <c>r ← (1 − momentum)·r + momentum·batch</c> with the unbiased variance; with momentum null they are the plain
/// average over all batches. γ starts at 1, β at 0, the running mean at 0, the running variance at 1.
/// </remarks>
public abstract class BatchNorm : ChannelNorm, IFusesRelu, IFusesResidual
{
    // The plain average: r ← r + (batch − r)/n, with n on the device, where nothing has to wait for it.
    private static readonly MapProgram s_average = MapProgram.Compile(3, Expr.Input(0) + ((Expr.Input(1) - Expr.Input(0)) / Expr.Input(2)));

    private bool _isCumulative;

    private protected BatchNorm(int numFeatures, double eps, double? momentum, bool affine, bool trackRunningStats)
        : base(numFeatures, eps, affine, trackRunningStats) => Momentum = momentum;

    /// <summary>The weight of a new batch in the running statistics; null for a plain average over all batches.</summary>
    public double? Momentum { get; }

    /// <summary>
    /// Whether the running statistics are used and kept as they are while training too; γ and β go on learning unless they are frozen themselves
    /// (<see cref="BatchNormExtensions.FreezeBatchNorm"/>). Not saved with the model.
    /// </summary>
    /// <exception cref="InvalidOperationException">The layer keeps no running statistics.</exception>
    public bool StatisticsFrozen
    {
        get;
        set => field = !value || RunningMean is not null
            ? value
            : throw new InvalidOperationException($"{GetType().Name}.StatisticsFrozen: the layer keeps no running statistics (trackRunningStats: false), so there is nothing to freeze.");
    }

    /// <summary>Whether the next batch is normalised by its own statistics.</summary>
    internal bool UsesBatchStatistics => RunningMean is null || (IsTraining && !StatisticsFrozen);

    /// <summary>The output, with negative results set to 0 in the same pass if <paramref name="relu"/>.</summary>
    public Tensor Forward(Tensor x, bool relu)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            Tensor y = Call(x);
            return relu && !LayerCall.IncludesRelu(this) ? y.Relu() : y;
        }

        return ForwardTrace.Record(this, x, Normalize(x, null, relu));
    }

    /// <summary>
    /// The end of a residual block: the output plus <paramref name="residual"/>, with negative sums set to 0 if <paramref name="relu"/>, in the
    /// same pass over memory where the residual has the shape and element type of x.
    /// </summary>
    public Tensor Forward(Tensor x, Tensor residual, bool relu = true)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(residual);
        if (residual.Shape == x.Shape && residual.DType == x.DType && !ForwardTrace.IsActive && !IsWatched)
        {
            return Normalize(x, residual, relu);
        }

        Tensor y = Forward(x);
        return relu ? y.AddRelu(residual) : y + residual;
    }

    bool IFusesResidual.CanFuse => !IsWatched;

    /// <summary>Forgets the running statistics; until <see cref="EndCumulative"/> they become the plain average over all batches.</summary>
    internal void BeginCumulative()
    {
        RunningMean?.ZeroInPlace();
        RunningVar?.FillInPlace(1);
        NumBatchesTracked?.ZeroInPlace();
        _isCumulative = true;
    }

    /// <summary>Back to the layer's own momentum.</summary>
    internal void EndCumulative() => _isCumulative = false;

    private protected override Tensor Apply(Tensor x) => Normalize(x, null, relu: false);

    private Tensor Normalize(Tensor x, Tensor? residual, bool relu)
    {
        CheckShape(x);
        if (!IsTraining || StatisticsFrozen || NumBatchesTracked is not { } batches)
        {
            return x.BatchNorm(Weight, Bias, RunningMean, RunningVar, IsTraining && !StatisticsFrozen, momentum: 0, Eps, relu, residual);
        }

        if (!_isCumulative && Momentum is { } momentum)
        {
            return x.BatchNorm(Weight, Bias, RunningMean, RunningVar, training: true, momentum, Eps, relu, residual, batches);
        }

        // A momentum of 1 keeps the statistics of the batch alone.
        using Tensor mean = RunningMean!.ZerosLike(), variance = RunningVar!.ZerosLike();
        Tensor y = x.BatchNorm(Weight, Bias, mean, variance, training: true, momentum: 1, Eps, relu, residual, batches);
        Pointwise.Into(RunningMean, s_average, [RunningMean, mean, batches]);
        Pointwise.Into(RunningVar, s_average, [RunningVar, variance, batches]);
        return y;
    }
}

/// <summary>Batch normalisation of vectors or sequences.</summary>
/// <remarks>Shapes: x [N, C] or [N, C, L] → the same. <inheritdoc cref="BatchNorm" path="/remarks"/></remarks>
/// <param name="numFeatures">C.</param>
/// <param name="eps">Keeps the root away from 0.</param>
/// <param name="momentum">The weight of a new batch in the running statistics; null for a plain average.</param>
/// <param name="affine">Whether γ and β are learned.</param>
/// <param name="trackRunningStats">Whether running statistics are kept.</param>
public sealed class BatchNorm1d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true)
    : BatchNorm(numFeatures, eps, momentum, affine, trackRunningStats)
{
    private protected override string ExpectedShape => "[N, C] or [N, C, L]";

    private protected override bool AcceptsRank(int rank) => rank is 2 or 3;
}

/// <summary>Batch normalisation of images.</summary>
/// <remarks>Shapes: x [N, C, H, W] → the same. <inheritdoc cref="BatchNorm" path="/remarks"/></remarks>
/// <param name="numFeatures">C.</param>
/// <param name="eps">Keeps the root away from 0.</param>
/// <param name="momentum">The weight of a new batch in the running statistics; null for a plain average.</param>
/// <param name="affine">Whether γ and β are learned.</param>
/// <param name="trackRunningStats">Whether running statistics are kept.</param>
public sealed class BatchNorm2d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true)
    : BatchNorm(numFeatures, eps, momentum, affine, trackRunningStats)
{
    private protected override string ExpectedShape => "[N, C, H, W]";

    private protected override bool AcceptsRank(int rank) => rank == 4;
}

/// <summary>Batch normalisation of volumes.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] → the same. <inheritdoc cref="BatchNorm" path="/remarks"/></remarks>
/// <param name="numFeatures">C.</param>
/// <param name="eps">Keeps the root away from 0.</param>
/// <param name="momentum">The weight of a new batch in the running statistics; null for a plain average.</param>
/// <param name="affine">Whether γ and β are learned.</param>
/// <param name="trackRunningStats">Whether running statistics are kept.</param>
public sealed class BatchNorm3d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true)
    : BatchNorm(numFeatures, eps, momentum, affine, trackRunningStats)
{
    private protected override string ExpectedShape => "[N, C, D, H, W]";

    private protected override bool AcceptsRank(int rank) => rank == 5;
}
