namespace Engine.Nn;

/// <summary>A figure of how scores order the samples: of yes-or-no answers, of each label, or of each class against the rest.</summary>
/// <remarks>
/// <para>Yes or no: scores [N] or [N, 1], targets of that shape or [N], 1 or 0. Several labels: scores and targets [N, K]. Classes: scores [N, C, …],
/// which should be comparable between samples, so after a softmax, and class numbers [N, …]; negative ones are not counted.</para>
/// <para>The result is the mean over the labels or classes that have both positives and negatives. Without bins all scores are kept, and the result
/// is exact; with them scores from 0 to 1 are counted in so many steps, and the memory does not grow.
/// A score that is NaN makes the result NaN; with bins it is not counted.</para>
/// </remarks>
public abstract class RankingMetric : Metric
{
    internal const int MostBins = 1_000_000;

    private readonly KeptBatches _batches = new();
    private RunningCount? _counts;
    private int _columns;
    private bool _isClasses;

    private protected RankingMetric(int bins, string name)
        : base(name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bins);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, MostBins);
        Bins = bins;
    }

    /// <summary>How many steps of the scores from 0 to 1 are told apart; 0 for all.</summary>
    public int Bins { get; }

    /// <inheritdoc/>
    public override double Compute()
    {
        double sum = 0;
        int defined = 0;
        foreach (ScoreGroup[] groups in AllGroups())
        {
            if (Array.Exists(groups, static g => double.IsNaN(g.Score)))
            {
                return double.NaN;
            }

            double value = Value(groups);
            if (!double.IsNaN(value))
            {
                sum += value;
                defined++;
            }
        }

        return sum / defined;
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _batches.Reset();
        (_counts, _columns) = (null, 0);
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("columns", (long)_columns);
        state.Set("classes", _isClasses ? 1L : 0);
        _batches.Save(state);
        _counts?.Save(state, "counts");
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Reset();
        _columns = Guard.Size(Name, state.Integer("columns"));
        _isClasses = state.Integer("classes") != 0;
        _batches.Load(state);
        if (!_batches.IsEmpty && (_batches.Columns != _columns || _batches.TargetColumns != (_isClasses ? 1 : _columns)))
        {
            throw new ModelFileException($"The scores have {_batches.Columns} columns and the targets {_batches.TargetColumns}; they should have {_columns} and {(_isClasses ? 1 : _columns)}.");
        }

        if (Bins > 0 && _columns > 0)
        {
            _counts = new RunningCount([Guard.Size(Name, 2L * _columns * Bins)]);
            _counts.Load(state, "counts");
        }
    }

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        if (prediction.ElementCount == 0)
        {
            return;
        }

        (Tensor scores, Tensor targets, bool isClasses) = Aligned(prediction, target);

        if (_columns != 0 && (_columns != scores.Shape[1] || _isClasses != isClasses))
        {
            throw new ShapeMismatchException($"{Name}: prediction is {prediction.Shape}, target is {target.Shape}; the batches before had {_columns} {(_isClasses ? "classes" : "labels")}.");
        }

        (_columns, _isClasses) = (scores.Shape[1], isClasses);
        if (Bins == 0)
        {
            _batches.Add(scores, targets);
            return;
        }

        _counts ??= new RunningCount([Guard.Size(Name, 2L * _columns * Bins)]);
        Tensor columns = Tensor.Arange(_columns, scores.Device);
        Tensor positive = isClasses ? targets.EqualTo(columns) : targets.EqualTo(1);
        Tensor counted = (targets >= 0).And(scores.EqualTo(scores)).Expand(scores.Shape);
        Tensor bin = Tensor.Where(counted, scores, scores.ZerosLike()).Clamp(0, 1).To(scores.DType.IsHalf() ? DType.Float32 : scores.DType) * Bins;
        Tensor cell = bin.Floor().To(DType.Int64).Clamp(0, Bins - 1) + (((columns * 2) + positive.To(DType.Int64)) * Bins);
        _counts.Add(Tensor.Zeros([2 * _columns * Bins], DType.Int64, scores.Device).ScatterAdd(0, cell.Reshape(-1), counted.To(DType.Int64).Reshape(-1)));
    }

    /// <summary>The figure of one label or class; NaN where it is not defined.</summary>
    private protected abstract double Value(ScoreGroup[] groups);

    /// <summary>The samples of one label or class by descending score.</summary>
    private protected ScoreGroup[] Groups(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ScoreGroup[][] all = [.. AllGroups()];
        return label < all.Length ? all[label]
            : throw new ArgumentOutOfRangeException(nameof(label), label, $"{Name}: {(all.Length == 0 ? "no batch has been counted" : $"there are {all.Length}, from 0")}.");
    }

    private IEnumerable<ScoreGroup[]> AllGroups()
    {
        if (Bins > 0)
        {
            long[] counts = _counts?.Read() ?? [];
            for (int column = 0; column < _columns; column++)
            {
                Memory<long> no = counts.AsMemory(2 * column * Bins, Bins), yes = counts.AsMemory(((2 * column) + 1) * Bins, Bins);
                yield return [.. Enumerable.Range(0, Bins).Reverse().Select(b => new ScoreGroup(b / (double)Bins, yes.Span[b], no.Span[b])).Where(static g => g.Positives + g.Negatives > 0)];
            }

            yield break;
        }

        double[] scores = _batches.Scores(), targets = _batches.Targets();
        for (int column = 0; column < _columns; column++)
        {
            int samples = scores.Length / _columns;
            List<(double Score, bool IsPositive)> pairs = new(samples);
            for (int i = 0; i < samples; i++)
            {
                double target = targets[_isClasses ? i : (i * _columns) + column];
                if (target >= 0)
                {
                    pairs.Add((scores[(i * _columns) + column], _isClasses ? target == column : target == 1));
                }
            }

            yield return ScoreGroup.Of(pairs);
        }
    }

    /// <summary>Scores [samples, columns] and targets [samples, 1] of classes or [samples, columns] of labels.</summary>
    private (Tensor Scores, Tensor Targets, bool IsClasses) Aligned(Tensor prediction, Tensor target)
    {
        Guard.FloatingPoint(Name, prediction, nameof(prediction));
        if (prediction.Rank >= 2 && prediction.Shape[1] > 1 && target.Rank == prediction.Rank - 1 && prediction.Shape.Remove(1) == target.Shape)
        {
            Tensor classes = ClassesOf(prediction, target);
            return (ColumnsLast(prediction), classes.Reshape(-1, 1), true);
        }

        Tensor y = prediction.Rank == 2 && prediction.Shape[1] == 1 && target.Rank == 1 ? prediction.Squeeze(1) : prediction;
        Guard.SamePairs(Name, y, target, nameof(prediction));
        Tensor answers = target.DType == DType.Bool ? target.To(DType.Int64) : target.DType.IsFloatingPoint() ? (target > 0.5).To(DType.Int64) : target.To(DType.Int64);
        return y.Rank >= 2 && y.Shape[1] > 1 ? (ColumnsLast(y), ColumnsLast(answers), false) : (y.Reshape(-1, 1), answers.Reshape(-1, 1), false);
    }

    private static Tensor ColumnsLast(Tensor x) => x.Rank == 2 ? x : x.Permute([0, .. Enumerable.Range(2, x.Rank - 2), 1]).Reshape(-1, x.Shape[1]);
}

/// <summary>Samples of one score.</summary>
internal readonly record struct ScoreGroup(double Score, long Positives, long Negatives)
{
    /// <summary>Groups of equal scores, the highest first.</summary>
    public static ScoreGroup[] Of(List<(double Score, bool IsPositive)> pairs)
    {
        if (pairs.Exists(static p => double.IsNaN(p.Score)))
        {
            return [new ScoreGroup(double.NaN, 0, 0)];
        }

        pairs.Sort(static (a, b) => b.Score.CompareTo(a.Score));
        List<ScoreGroup> groups = [];
        for (int start = 0, end; start < pairs.Count; start = end)
        {
            long positives = 0;
            for (end = start; end < pairs.Count && pairs[end].Score == pairs[start].Score; end++)
            {
                positives += pairs[end].IsPositive ? 1 : 0;
            }

            groups.Add(new ScoreGroup(pairs[start].Score, positives, end - start - positives));
        }

        return [.. groups];
    }
}
