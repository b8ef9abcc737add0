namespace Engine.Nn;

/// <summary>All trials of a search.</summary>
/// <param name="Trials">In order.</param>
/// <param name="Best">The completed one with the best value, the first at a tie; null if there is none. NaN is never the best.</param>
public sealed record SearchResult(IReadOnlyList<Trial> Trials, Trial? Best);

/// <summary>Tries choices of hyper-parameters one after the other.</summary>
/// <remarks>Which values trial number n has follows from the space and the search's settings alone, not from what was tried before.</remarks>
public abstract class HyperparameterSearch
{
    private protected HyperparameterSearch(SearchSpace space, MonitorMode mode)
    {
        ArgumentNullException.ThrowIfNull(space);
        Space = space.Dimensions.Count > 0 ? space : throw new ArgumentException("The search space has no hyper-parameters.", nameof(space));
        Mode = mode;
    }

    /// <summary>What is tried.</summary>
    public SearchSpace Space { get; }

    /// <summary>Which way the objective gets better.</summary>
    public MonitorMode Mode { get; }

    /// <summary>
    /// Asked after each report of a trial, with the trials before it: whether to give the trial up. Null to let all run to their ends.
    /// See <see cref="MedianPruner"/>.
    /// </summary>
    public Func<Trial, IReadOnlyList<Trial>, bool>? Pruner { get; init; }

    /// <summary>Tries.</summary>
    /// <param name="trials">How many trials, from number 0.</param>
    /// <param name="objective">Trains with the trial's values and returns what is to be minimised or maximised.</param>
    /// <param name="progress">Is told of each finished trial.</param>
    /// <param name="cancellationToken">Checked before each trial.</param>
    /// <remarks>An <see cref="EngineException"/> of the objective fails its trial; any other exception ends the search.</remarks>
    public SearchResult Run(int trials, Func<Trial, double> objective, IProgress<Trial>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trials);
        ArgumentNullException.ThrowIfNull(objective);
        List<Trial> done = [];
        Trial? best = null;
        for (int number = 0; number < trials; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Trial trial = new(Space, number, Values(number), t => Pruner?.Invoke(t, done) == true);
            try
            {
                trial.Complete(objective(trial));
            }
            catch (EngineException error)
            {
                trial.Fail(error);
            }

            done.Add(trial);
            if (trial.State == TrialState.Completed && !double.IsNaN(trial.Value)
                && (best is null || (Mode == MonitorMode.Min ? trial.Value < best.Value : trial.Value > best.Value)))
            {
                best = trial;
            }

            progress?.Report(trial);
        }

        return new SearchResult(done, best);
    }

    private protected abstract object[] Values(int number);
}

/// <summary>Values at random: of n trials every hyper-parameter sees n different values, where a grid shows each few of them. The usual choice.</summary>
public sealed class RandomSearch : HyperparameterSearch
{
    private readonly ulong _seed;

    /// <summary>A search whose numbers follow from a seed.</summary>
    public RandomSearch(SearchSpace space, long seed = 0, MonitorMode mode = MonitorMode.Min)
        : base(space, mode)
    {
        _seed = (ulong)seed;
    }

    private protected override object[] Values(int number)
    {
        object[] values = new object[Space.Dimensions.Count];
        for (int d = 0; d < values.Length; d++)
        {
            (uint high, uint low, _, _) = Philox.Block((uint)_seed, (uint)(_seed >> 32), (uint)number, (uint)d, 0, 0);
            values[d] = Space.Dimensions[d].ValueAt((((ulong)high << 21) | (low >> 11)) * (1.0 / (1L << 53)));
        }

        return values;
    }
}

/// <summary>Every combination of so many values of each hyper-parameter; the last one changes fastest.</summary>
public sealed class GridSearch : HyperparameterSearch
{
    private readonly int[] _sizes;

    /// <summary>A grid with <paramref name="points"/> values of each hyper-parameter, the ends of ranges included; of choices all, if they are no more.</summary>
    public GridSearch(SearchSpace space, int points, MonitorMode mode = MonitorMode.Min)
        : base(space, mode)
    {
        Hyper.Count(points);
        _sizes = [.. space.Dimensions.Select(d => d.GridSize(points))];
        Count = 1;
        foreach (int size in _sizes)
        {
            Count = checked(Count * size);
        }
    }

    /// <summary>The number of combinations.</summary>
    public int Count { get; }

    /// <summary>Tries all combinations.</summary>
    /// <inheritdoc cref="HyperparameterSearch.Run"/>
    public SearchResult Run(Func<Trial, double> objective, IProgress<Trial>? progress = null, CancellationToken cancellationToken = default) =>
        Run(Count, objective, progress, cancellationToken);

    private protected override object[] Values(int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, Count);
        object[] values = new object[_sizes.Length];
        for (int d = _sizes.Length - 1; d >= 0; d--)
        {
            values[d] = Space.Dimensions[d].ValueAt(Space.Dimensions[d].GridPlace(number % _sizes[d], _sizes[d]));
            number /= _sizes[d];
        }

        return values;
    }
}
