namespace Engine.Nn;

/// <summary>The mean over all numbers of something between a prediction and its target, which have one shape.</summary>
public abstract class ElementMean : Metric
{
    private readonly RunningSum _sum = new();
    private long _count;

    private protected ElementMean(string name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    public override double Compute() => _sum.Read() / _count;

    /// <inheritdoc/>
    public override void Reset()
    {
        _sum.Reset();
        _count = 0;
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _sum.Save(state, "sum");
        state.Set("count", _count);
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _sum.Load(state, "sum");
        _count = state.Integer("count");
    }

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Guard.SamePairs(Name, prediction, target, nameof(prediction));
        if (prediction.ElementCount == 0)
        {
            return;
        }

        Tensor y = prediction.DType.IsHalf() || !prediction.DType.IsFloatingPoint() ? prediction.To(DType.Float32) : prediction;
        _sum.Add(Value(y, target.To(y.DType)).Sum());
        _count += prediction.ElementCount;
    }

    /// <summary>The value of each pair.</summary>
    private protected abstract Tensor Value(Tensor prediction, Tensor target);
}

/// <summary>MAE: the mean of |y − t|.</summary>
public sealed class MeanAbsoluteError(string name = "mae") : ElementMean(name)
{
    /// <inheritdoc/>
    public override Metric Fresh() => new MeanAbsoluteError(Name);

    private protected override Tensor Value(Tensor prediction, Tensor target) => (prediction - target).Abs();
}

/// <summary>MSE: the mean of (y − t)².</summary>
public sealed class MeanSquaredError(string name = "mse") : ElementMean(name)
{
    /// <inheritdoc/>
    public override Metric Fresh() => new MeanSquaredError(Name);

    private protected override Tensor Value(Tensor prediction, Tensor target) => (prediction - target).Square();
}

/// <summary>RMSE: the root of the mean of (y − t)².</summary>
public sealed class RootMeanSquaredError(string name = "rmse") : ElementMean(name)
{
    /// <inheritdoc/>
    public override double Compute() => Math.Sqrt(base.Compute());

    /// <inheritdoc/>
    public override Metric Fresh() => new RootMeanSquaredError(Name);

    private protected override Tensor Value(Tensor prediction, Tensor target) => (prediction - target).Square();
}

/// <summary>MAPE: the mean of |y − t|/|t|, as a share, not in percent. A target nearer to 0 than 1.17·10⁻⁶ counts as that, as in torchmetrics.</summary>
public sealed class MeanAbsolutePercentageError(string name = "mape") : ElementMean(name)
{
    private const double LeastTarget = 1.17e-6;

    /// <inheritdoc/>
    public override Metric Fresh() => new MeanAbsolutePercentageError(Name);

    private protected override Tensor Value(Tensor prediction, Tensor target) => (prediction - target).Abs() / target.Abs().Clamp(LeastTarget);
}
