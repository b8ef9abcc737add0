namespace Engine.Nn;

/// <summary>Points of a precision-recall curve, in scikit-learn's order: ascending thresholds, and behind them the point (1, 0) that has none.</summary>
/// <param name="Precisions">The share of positives among those with at least the score of a threshold.</param>
/// <param name="Recalls">The share of the positives that have at least that score; from 1 to 0.</param>
/// <param name="Thresholds">One fewer than the points.</param>
public sealed record PrecisionRecallCurve(IReadOnlyList<double> Precisions, IReadOnlyList<double> Recalls, IReadOnlyList<double> Thresholds);

/// <summary>Average precision: Σ (Rₙ − Rₙ₋₁)·Pₙ of recall and precision over descending thresholds.</summary>
/// <remarks>scikit-learn: <c>average_precision_score(average="macro")</c>.</remarks>

public sealed class AveragePrecision(int bins = 0, string name = "average_precision") : RankingMetric(bins, name)
{
    /// <summary>The curve of a label or a class, with a point for each score that occurs; waits for the device.</summary>
    /// <param name="label">Which; 0 of yes-or-no answers.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such label.</exception>
    public PrecisionRecallCurve Curve(int label = 0)
    {
        ScoreGroup[] groups = Groups(label);
        double positives = groups.Sum(static g => g.Positives);
        List<double> precisions = [1], recalls = [0], thresholds = [];
        (long all, long trues) = (0, 0);
        foreach (ScoreGroup group in groups)
        {
            all += group.Negatives + group.Positives;
            trues += group.Positives;
            precisions.Add(trues / (double)all);
            recalls.Add(trues / positives);
            thresholds.Add(group.Score);
        }

        precisions.Reverse();
        recalls.Reverse();
        thresholds.Reverse();
        return new PrecisionRecallCurve(precisions, recalls, thresholds);
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new AveragePrecision(Bins, Name);

    private protected override double Value(ScoreGroup[] groups)
    {
        (double sum, long trues, long all) = (0, 0, 0);
        foreach (ScoreGroup group in groups)
        {
            trues += group.Positives;
            all += group.Positives + group.Negatives;
            sum += group.Positives * (trues / (double)all);
        }

        // Of positives alone there is nothing to tell apart, but the figure is defined, as in scikit-learn.
        return sum / trues;
    }
}
