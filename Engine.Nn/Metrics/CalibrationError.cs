namespace Engine.Nn;

/// <summary>
/// Expected calibration error: predictions are put into bins by their confidence, the probability of the predicted class; the mean over all of |accuracy −
/// mean confidence| of the bin. 0 if of all predictions with 80 % confidence 80 % are right (Guo et al. 2017).
/// </summary>
/// <remarks>
/// Probabilities [N, C, …] and class numbers [N, …], negative ones not counted; or probabilities [N] of a yes and targets 0 and 1, whose confidence is
/// that of a yes. The bins are equally wide. torchmetrics: <c>CalibrationError(norm="l1")</c>.
/// </remarks>
public sealed class CalibrationError : Metric
{
    private readonly RunningCount _counts;
    private readonly RunningCount _right;
    private readonly RunningSums _confidences;

    /// <summary>The metric under the name <c>calibration_error</c> or another.</summary>
    /// <param name="bins">The number of bins.</param>
    /// <param name="name">The name in logs.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no bin, or there are more than a million.</exception>
    public CalibrationError(int bins = 15, string name = "calibration_error")
        : base(name)
    {
        Bins = Hyper.Count(bins);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, RankingMetric.MostBins);
        (_counts, _right, _confidences) = (new RunningCount([bins]), new RunningCount([bins]), new RunningSums(bins));
    }

    /// <summary>The number of bins.</summary>
    public int Bins { get; }

    /// <summary>The bins that have predictions: their mean confidence, their accuracy, how many they are; a reliability diagram. Waits for the device.</summary>
    public IReadOnlyList<(double Confidence, double Accuracy, long Count)> Diagram()
    {
        (long[] counts, long[] right, double[] confidences) = (_counts.Read(), _right.Read(), _confidences.Read());
        return [.. Enumerable.Range(0, Bins).Where(b => counts[b] > 0).Select(b => (confidences[b] / counts[b], right[b] / (double)counts[b], counts[b]))];
    }

    /// <inheritdoc/>
    public override double Compute()
    {
        IReadOnlyList<(double Confidence, double Accuracy, long Count)> bins = Diagram();
        return bins.Sum(static b => Math.Abs(b.Accuracy - b.Confidence) * b.Count) / bins.Sum(static b => b.Count);
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new CalibrationError(Bins, Name);

    /// <inheritdoc/>
    public override void Reset()
    {
        _counts.Reset();
        _right.Reset();
        _confidences.Reset();
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _counts.Save(state, "counts");
        _right.Save(state, "right");
        _confidences.Save(state, "confidences");
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _counts.Load(state, "counts");
        _right.Load(state, "right");
        _confidences.Load(state, "confidences");
    }

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Guard.FloatingPoint(Name, prediction, nameof(prediction));
        if (prediction.ElementCount == 0)
        {
            return;
        }

        Tensor confidence, right, counted;
        Tensor y = prediction.Rank == 2 && prediction.Shape[1] == 1 && target.Rank == 1 ? prediction.Squeeze(1) : prediction;
        if (y.Rank <= 1 && y.Shape == target.Shape)
        {
            (confidence, right) = (y.Reshape(-1), target.To(DType.Float32).Reshape(-1) > 0.5);
            counted = Tensor.Ones(confidence.Shape, DType.Int64, y.Device);
        }
        else
        {
            Tensor truth = ClassesOf(y, target);
            (confidence, right) = (y.Max(1).Reshape(-1), y.ArgMax(1).EqualTo(truth).Reshape(-1));
            counted = (truth >= 0).To(DType.Int64).Reshape(-1);
        }

        confidence = confidence.To(DType.Float32);
        Tensor bin = (confidence * Bins).Floor().Clamp(0, Bins - 1).To(DType.Int64);
        Tensor zeros = Tensor.Zeros([Bins], DType.Int64, y.Device);
        _counts.Add(zeros.ScatterAdd(0, bin, counted));
        _right.Add(zeros.ScatterAdd(0, bin, right.To(DType.Int64) * counted));
        _confidences.Add(Tensor.Zeros([Bins], device: y.Device).ScatterAdd(0, bin, confidence * counted));
    }
}
