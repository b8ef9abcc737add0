namespace Engine.Nn;

/// <summary>Points of a ROC curve: how many of the negatives and of the positives have at least the score of a threshold.</summary>
/// <param name="FalsePositiveRates">From 0 to 1.</param>
/// <param name="TruePositiveRates">From 0 to 1.</param>
/// <param name="Thresholds">Descending from ∞.</param>
public sealed record RocCurve(IReadOnlyList<double> FalsePositiveRates, IReadOnlyList<double> TruePositiveRates, IReadOnlyList<double> Thresholds);

/// <summary>
/// The area under the ROC curve: the probability that a positive has a higher score than a negative, equal ones counting one half. 0.5 is chance.
/// </summary>
/// <remarks>scikit-learn: <c>roc_auc_score(average="macro", multi_class="ovr")</c>.</remarks>

public sealed class Auroc(int bins = 0, string name = "auroc") : RankingMetric(bins, name)
{
    /// <summary>The curve of a label or a class, with a point for each score that occurs; waits for the device.</summary>
    /// <param name="label">Which; 0 of yes-or-no answers.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such label.</exception>
    public RocCurve Curve(int label = 0)
    {
        ScoreGroup[] groups = Groups(label);
        double positives = groups.Sum(static g => g.Positives), negatives = groups.Sum(static g => g.Negatives);
        List<double> falseRates = [0], trueRates = [0], thresholds = [double.PositiveInfinity];
        (long falses, long trues) = (0, 0);
        foreach (ScoreGroup group in groups)
        {
            falses += group.Negatives;
            trues += group.Positives;
            falseRates.Add(falses / negatives);
            trueRates.Add(trues / positives);
            thresholds.Add(group.Score);
        }

        return new RocCurve(falseRates, trueRates, thresholds);
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new Auroc(Bins, Name);

    private protected override double Value(ScoreGroup[] groups)
    {
        (double wins, double positives, double negatives) = (0, 0, 0);
        foreach (ScoreGroup group in groups)
        {
            wins += group.Negatives * (positives + (group.Positives / 2.0));
            positives += group.Positives;
            negatives += group.Negatives;
        }

        return wins / (positives * negatives);
    }
}
