using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Engine.Nn;

/// <summary>How the values of the classes become one.</summary>
public enum Averaging : byte
{
    /// <summary>The mean over the classes that occur, rare ones counting as much as frequent ones.</summary>
    Macro,

    /// <summary>From the sums over all classes; of single-label classes it is the accuracy.</summary>
    Micro,
}

/// <summary>Counts for every pair of true and predicted class; precision, recall and F1 follow from it.</summary>
/// <remarks>
/// With true positives TP, false positives FP and false negatives FN of a class: precision = TP/(TP + FP), recall = TP/(TP + FN), F1 =
/// 2·TP/(2·TP + FP + FN); each is 0 where it would be 0/0. <see cref="Compute"/> is the accuracy.
/// </remarks>
public sealed partial class ConfusionMatrix : Metric
{
    private readonly RunningCount _counts;

    // The cells lie on one axis of the device.
    private const int MostClasses = 46_340;

    /// <summary>The matrix of a number of classes under the name <c>confusion</c> or another.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no class, or more than 46,340, whose pairs no axis can hold.</exception>
    public ConfusionMatrix(int classes, string name = "confusion")
        : base(name)
    {
        Classes = Hyper.Count(classes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classes, MostClasses);
        _counts = new RunningCount([classes * classes]);
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The counts, [true class, predicted class]; waits for the device.</summary>
    public long[,] Counts()
    {
        long[] flat = _counts.Read();
        long[,] counts = new long[Classes, Classes];
        flat.CopyTo(MemoryMarshal.CreateSpan(ref counts[0, 0], flat.Length));
        return counts;
    }

    /// <summary>The counts as a table: a row for each true class, a column for each predicted one. Waits for the device.</summary>
    public override string ToString()
    {
        const string Corner = "true \\ predicted";
        long[,] counts = Counts();
        CultureInfo culture = CultureInfo.InvariantCulture;
        int width = Math.Max(counts.Cast<long>().Max().ToString(culture).Length, (Classes - 1).ToString(culture).Length) + 2;
        StringBuilder text = new(Corner);
        for (int c = 0; c < Classes; c++)
        {
            text.Append(c.ToString(culture).PadLeft(width));
        }

        for (int row = 0; row < Classes; row++)
        {
            text.Append('\n').Append(row.ToString(culture).PadLeft(Corner.Length));
            for (int column = 0; column < Classes; column++)
            {
                text.Append(counts[row, column].ToString(culture).PadLeft(width));
            }
        }

        return text.Append('\n').ToString();
    }

    /// <inheritdoc/>
    public override double Compute()
    {
        (long right, long wrong) = (0, 0);
        foreach ((long truePositives, long falsePositives, _) in PerClass())
        {
            right += truePositives;
            wrong += falsePositives;
        }

        return right / (double)(right + wrong);
    }

    /// <summary>The share of the predictions of a class that are right; NaN before the first batch.</summary>
    public double Precision(Averaging averaging = Averaging.Macro) => Average(averaging, static (tp, fp, _) => (tp, tp + fp));

    /// <summary>How much of a class was found; NaN before the first batch.</summary>
    public double Recall(Averaging averaging = Averaging.Macro) => Average(averaging, static (tp, _, fn) => (tp, tp + fn));

    /// <summary>The harmonic mean of precision and recall; NaN before the first batch.</summary>
    public double F1(Averaging averaging = Averaging.Macro) => Average(averaging, static (tp, fp, fn) => (2 * tp, (2 * tp) + fp + fn));

    /// <inheritdoc/>
    public override void Reset() => _counts.Reset();

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _counts.Save(state, "counts");
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _counts.Load(state, "counts");
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new ConfusionMatrix(Classes, Name);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        target = ClassesOf(prediction, target);
        if (prediction.Shape[1] != Classes)
        {
            throw new ShapeMismatchException($"{Name}: prediction is {prediction.Shape}; it must have {Classes} classes on axis 1.");
        }

        if (target.ElementCount == 0)
        {
            return;
        }

        int count = Guard.Size(Name, target.ElementCount);
        Tensor truth = target.Reshape(count);
        Tensor weight = (truth >= 0).To(DType.Int64);
        Tensor cell = (truth * weight * Classes) + prediction.ArgMax(1).Reshape(count);
        _counts.Add(Tensor.Zeros([Classes * Classes], DType.Int64, prediction.Device).ScatterAdd(0, cell, weight));
    }

    private double Average(Averaging averaging, Func<long, long, long, (long Part, long Whole)> ratio)
    {
        (long part, long whole, double sum, int occurring) = (0, 0, 0, 0);
        foreach ((long truePositives, long falsePositives, long falseNegatives) in PerClass())
        {
            if (truePositives + falsePositives + falseNegatives == 0)
            {
                continue;
            }

            (long p, long w) = ratio(truePositives, falsePositives, falseNegatives);
            part += p;
            whole += w;
            sum += w == 0 ? 0 : p / (double)w;
            occurring++;
        }

        return averaging switch
        {
            Averaging.Macro => sum / occurring,
            Averaging.Micro => part / (double)whole,
            _ => throw new ArgumentOutOfRangeException(nameof(averaging)),
        };
    }

    private IEnumerable<(long TruePositives, long FalsePositives, long FalseNegatives)> PerClass()
    {
        long[,] counts = Counts();
        for (int c = 0; c < Classes; c++)
        {
            (long row, long column) = (0, 0);
            for (int other = 0; other < Classes; other++)
            {
                row += counts[c, other];
                column += counts[other, c];
            }

            yield return (counts[c, c], column - counts[c, c], row - counts[c, c]);
        }
    }
}
