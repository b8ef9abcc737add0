namespace Engine.Nn;

/// <summary>A figure that follows from the means and the spreads of residuals and targets, or of two series.</summary>
public abstract class MomentMetric : Metric
{
    private protected MomentMetric(string name)
        : base(name)
    {
    }

    private protected RunningMoments Moments { get; } = new();

    /// <inheritdoc/>
    public override void Reset() => Moments.Reset();

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Moments.Save(state);
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Moments.Load(state);
    }

    /// <summary>A batch as rows and columns: [N] has one column, [N, …] one a number of a sample.</summary>
    private protected static Tensor Rows(Tensor x) => x.Rank == 0 ? x.Reshape(1, 1) : x.Rank == 1 ? x.Unsqueeze(1) : x.Flatten(1);

    private protected double MeanOverColumns(Func<RunningMoments.Column, double> value)
    {
        RunningMoments.Column[] columns = Moments.Read();
        return columns.Length == 0 || Moments.Count < 2 ? double.NaN : columns.Average(value);
    }
}

/// <summary>R²: 1 − Σ(t − y)²/Σ(t − mean of t)², the share of the variance that the prediction explains; the mean over the outputs of a sample.</summary>
/// <remarks>scikit-learn: <c>r2_score</c>. Of constant targets it is 1 for a perfect prediction, else 0; of fewer than two samples NaN.</remarks>
public sealed class R2Score(string name = "r2") : MomentMetric(name)
{
    /// <inheritdoc/>
    public override double Compute()
    {
        long n = Moments.Count;
        return MeanOverColumns(c => Share(c.SquaresA + (n * c.MeanA * c.MeanA), c.SquaresB));
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new R2Score(Name);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Guard.SamePairs(Name, prediction, target, nameof(prediction));
        Moments.Add(Rows(target - prediction), Rows(target));
    }

    internal static double Share(double left, double whole) => whole > 0 ? 1 - (left / whole) : double.IsNaN(whole) || double.IsNaN(left) ? double.NaN : left == 0 ? 1 : 0;
}

/// <summary>1 − Var(t − y)/Var(t): as <see cref="R2Score"/>, but a constant error costs nothing; the mean over the outputs of a sample.</summary>
/// <remarks>scikit-learn: <c>explained_variance_score</c>.</remarks>
public sealed class ExplainedVariance(string name = "explained_variance") : MomentMetric(name)
{
    /// <inheritdoc/>
    public override double Compute() => MeanOverColumns(static c => R2Score.Share(c.SquaresA, c.SquaresB));

    /// <inheritdoc/>
    public override Metric Fresh() => new ExplainedVariance(Name);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Guard.SamePairs(Name, prediction, target, nameof(prediction));
        Moments.Add(Rows(target - prediction), Rows(target));
    }
}

/// <summary>Pearson's correlation of predictions and targets, from −1 to 1; the mean over the outputs of a sample. NaN if one of them is constant.</summary>
public sealed class PearsonCorrelation(string name = "pearson") : MomentMetric(name)
{
    /// <inheritdoc/>
    public override double Compute() => MeanOverColumns(static c => Math.Clamp(c.Products / (Math.Sqrt(c.SquaresA) * Math.Sqrt(c.SquaresB)), -1, 1));

    /// <inheritdoc/>
    public override Metric Fresh() => new PearsonCorrelation(Name);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Guard.SamePairs(Name, prediction, target, nameof(prediction));
        Moments.Add(Rows(prediction), Rows(target));
    }
}

/// <summary>Spearman's correlation: Pearson's of the ranks; equal numbers share the mean of their ranks. Keeps all numbers.</summary>
/// <remarks>Predictions and targets have one shape, and all their numbers are one series.</remarks>
public sealed class SpearmanCorrelation(string name = "spearman") : Metric(name)
{
    private readonly KeptBatches _batches = new();

    /// <inheritdoc/>
    public override double Compute()
    {
        double[] y = _batches.Scores(), t = _batches.Targets();
        if (y.Length < 2 || Array.Exists(y, double.IsNaN) || Array.Exists(t, double.IsNaN))
        {
            return double.NaN;
        }

        double[] a = Ranks(y), b = Ranks(t);
        double mean = (y.Length + 1) / 2.0;
        (double products, double squaresA, double squaresB) = (0, 0, 0);
        for (int i = 0; i < a.Length; i++)
        {
            products += (a[i] - mean) * (b[i] - mean);
            squaresA += (a[i] - mean) * (a[i] - mean);
            squaresB += (b[i] - mean) * (b[i] - mean);
        }

        return Math.Clamp(products / (Math.Sqrt(squaresA) * Math.Sqrt(squaresB)), -1, 1);
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new SpearmanCorrelation(Name);

    /// <inheritdoc/>
    public override void Reset() => _batches.Reset();

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _batches.Save(state);
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _batches.Load(state);
    }

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Guard.SamePairs(Name, prediction, target, nameof(prediction));
        if (prediction.ElementCount > 0)
        {
            _batches.Add(prediction.Reshape(-1, 1), target.Reshape(-1, 1));
        }
    }

    private static double[] Ranks(double[] values)
    {
        int[] order = [.. Enumerable.Range(0, values.Length)];
        Array.Sort((double[])values.Clone(), order);
        double[] ranks = new double[values.Length];
        for (int start = 0, end; start < order.Length; start = end)
        {
            end = start + 1;
            while (end < order.Length && values[order[end]] == values[order[start]])
            {
                end++;
            }

            for (int i = start; i < end; i++)
            {
                ranks[order[i]] = (start + end + 1) / 2.0;
            }
        }

        return ranks;
    }
}
