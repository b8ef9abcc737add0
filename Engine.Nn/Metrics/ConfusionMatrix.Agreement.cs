namespace Engine.Nn;

/// <summary>How much a confusion of two classes counts for <see cref="ConfusionMatrix.Kappa"/>.</summary>
public enum KappaWeights : byte
{
    /// <summary>All confusions alike.</summary>
    None,

    /// <summary>By the distance of the class numbers.</summary>
    Linear,

    /// <summary>By its square.</summary>
    Quadratic,
}

public sealed partial class ConfusionMatrix
{
    /// <summary>Intersection over union, TP/(TP + FP + FN), also called Jaccard index; NaN before the first batch.</summary>
    public double IoU(Averaging averaging = Averaging.Macro) => Average(averaging, static (tp, fp, fn) => (tp, tp + fp + fn));

    /// <summary>The mean over the true classes of the share of their samples that are right; NaN before the first batch.</summary>
    /// <remarks>scikit-learn: <c>balanced_accuracy_score</c>. Other than <see cref="Recall"/>, classes that are only predicted do not count.</remarks>
    public double BalancedAccuracy()
    {
        (double sum, int classes) = (0, 0);
        foreach ((long truePositives, _, long falseNegatives) in PerClass())
        {
            if (truePositives + falseNegatives > 0)
            {
                sum += truePositives / (double)(truePositives + falseNegatives);
                classes++;
            }
        }

        return sum / classes;
    }

    /// <summary>Cohen's kappa: how much more the two agree than by chance, 1 − Σ w·observed/Σ w·expected; NaN before the first batch, and where chance alone agrees.</summary>
    /// <remarks>scikit-learn: <c>cohen_kappa_score</c>.</remarks>
    public double Kappa(KappaWeights weights = KappaWeights.None)
    {
        (double[] rows, double[] columns, double all) = Margins(out long[,] counts);
        (double observed, double expected) = (0, 0);
        for (int i = 0; i < Classes; i++)
        {
            for (int j = 0; j < Classes; j++)
            {
                double weight = weights switch
                {
                    KappaWeights.None => i == j ? 0 : 1,
                    KappaWeights.Linear => Math.Abs(i - j),
                    KappaWeights.Quadratic => (i - (double)j) * (i - j),
                    _ => throw new ArgumentOutOfRangeException(nameof(weights)),
                };
                observed += weight * counts[i, j];
                expected += weight * rows[i] * columns[j] / all;
            }
        }

        return 1 - (observed / expected);
    }

    /// <summary>Matthews' correlation coefficient of true and predicted classes, from −1 to 1; 0 where one of them is constant, NaN before the first batch.</summary>
    /// <remarks>scikit-learn: <c>matthews_corrcoef</c>.</remarks>
    public double Matthews()
    {
        (double[] rows, double[] columns, double all) = Margins(out long[,] counts);
        (double right, double chance, double squaresTrue, double squaresPredicted) = (0, 0, 0, 0);
        for (int c = 0; c < Classes; c++)
        {
            right += counts[c, c];
            chance += rows[c] * columns[c];
            squaresTrue += rows[c] * rows[c];
            squaresPredicted += columns[c] * columns[c];
        }

        double scale = Math.Sqrt((all * all) - squaresTrue) * Math.Sqrt((all * all) - squaresPredicted);
        return all == 0 ? double.NaN : scale == 0 ? 0 : ((right * all) - chance) / scale;
    }

    private (double[] Rows, double[] Columns, double All) Margins(out long[,] counts)
    {
        counts = Counts();
        double[] rows = new double[Classes], columns = new double[Classes];
        for (int i = 0; i < Classes; i++)
        {
            for (int j = 0; j < Classes; j++)
            {
                rows[i] += counts[i, j];
                columns[j] += counts[i, j];
            }
        }

        return (rows, columns, rows.Sum());
    }
}
