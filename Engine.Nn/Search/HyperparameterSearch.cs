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
