namespace Engine.Nn;

/// <summary>
/// A search for good hyper-parameters: a space, a way to choose from it, and the trials so far. Several threads, and with a storage of
/// their own kind several processes, work on one study.
/// </summary>
/// <example><code>
/// Study study = new(space, new TpeSearch(seed: 1)) { Pruner = new SuccessiveHalvingPruner() };
/// study.Optimize(trial => Train(trial), trials: 60);
/// Console.WriteLine(study.Best);
/// foreach ((Dimension dimension, double share) in study.Importance())
/// {
///     Console.WriteLine($"{dimension.Name}: {share:P0}");
/// }
/// </code></example>
public sealed partial class Study
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Trial> _ended = [];

    /// <summary>A study; begins it in the storage, or joins the one that is there.</summary>
    /// <param name="space">The hyper-parameters to try. Nothing can be added to it any more.</param>
    /// <param name="algorithm">How values are chosen; a <see cref="TpeSearch"/> if left out.</param>
    /// <param name="mode">Which way the objective gets better.</param>
    /// <param name="storage">Where trials are kept; in this process if left out. The study does not dispose of it.</param>
    /// <exception cref="ArgumentException">The space has no hyper-parameters, or is too large for a grid.</exception>
    /// <exception cref="StudyFileException">The storage holds a study of another space or mode, or cannot be used.</exception>
    public Study(SearchSpace space, SearchAlgorithm? algorithm = null, MonitorMode mode = MonitorMode.Min, IStudyStorage? storage = null)
    {
        ArgumentNullException.ThrowIfNull(space);
        Space = space.Dimensions.Count > 0 ? space : throw new ArgumentException("Study: the search space has no hyper-parameters.", nameof(space));
        Algorithm = algorithm ?? new TpeSearch();
        Mode = mode;
        Storage = storage ?? new InMemoryStudyStorage();
        _ = Algorithm.Limit(space);
        Storage.Open(new StudyDefinition(space.ToString(), [.. space.Dimensions.Select(static d => d.Name)], mode));
        space.Use();
    }

    /// <summary>The hyper-parameters to try.</summary>
    public SearchSpace Space { get; }

    /// <summary>How values are chosen.</summary>
    public SearchAlgorithm Algorithm { get; }

    /// <summary>Which way the objective gets better.</summary>
    public MonitorMode Mode { get; }

    /// <summary>Where trials are kept.</summary>
    public IStudyStorage Storage { get; }

    /// <summary>Asked after each report of a trial whether to give it up; null to let all run to their ends.</summary>
    public Pruner? Pruner { get; init; }

    /// <summary>How often a trial is taken up again whose process died. Where it dies each time, it is the trial's fault, for instance too much memory.</summary>
    public int Retries
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    = 1;

    /// <summary>Which exceptions of the objective only fail its trial; any other ends the search. <see cref="EngineException"/>s if left as it is.</summary>
    public Func<Exception, bool> IsFailure
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    }

    = static error => error is EngineException;

    /// <summary>All trials by number, those that run among them, as they are now; those of other processes too.</summary>
    /// <exception cref="StudyFileException">The storage cannot be read.</exception>
    public IReadOnlyList<Trial> Trials
    {
        get
        {
            IReadOnlyList<TrialRecord> records = Storage.Load();
            Trial[] trials = new Trial[records.Count];
            lock (_lock)
            {
                for (int i = 0; i < trials.Length; i++)
                {
                    // A trial that has ended does not change.
                    if (!_ended.TryGetValue(records[i].Number, out Trial? trial))
                    {
                        CheckRecord(records[i]);
                        trial = new Trial(Space, records[i]);
                        if (trial.State != TrialState.Running)
                        {
                            _ended.Add(trial.Number, trial);
                        }
                    }

                    trials[i] = trial;
                }
            }

            return trials;
        }
    }

    /// <summary>The completed trial with the best value, the first at a tie; null if there is none.</summary>
    /// <exception cref="StudyFileException">The storage cannot be read.</exception>
    public Trial? Best
    {
        get
        {
            Trial? best = null;
            foreach (Trial trial in Trials)
            {
                if (trial.State == TrialState.Completed && (best is null || (Mode == MonitorMode.Min ? trial.Value < best.Value : trial.Value > best.Value)))
                {
                    best = trial;
                }
            }

            return best;
        }
    }

    /// <summary>How much of the objective's variance over the space each hyper-parameter explains by itself, the largest first; the shares sum to 1.</summary>
    /// <param name="trees">How many trees the forest has that is fitted to the completed trials.</param>
    /// <param name="seed">The forest's random numbers follow from it.</param>
    /// <remarks>
    /// Functional analysis of variance over a random forest: the forest's prediction, averaged over all other hyper-parameters, varies so much with
    /// this one. Ranges that are searched on a logarithmic scale are weighed on it. A trial that does not have a hyper-parameter counts as being in
    /// the middle of its range. Some fifty trials at random say more than hundreds around one optimum.
    /// Hutter, Hoos and Leyton-Brown, An Efficient Approach for Assessing Hyperparameter Importance (2014).
    /// </remarks>
    /// <exception cref="InvalidOperationException">There are no two completed trials of different finite values.</exception>
    public IReadOnlyList<HyperparameterImportance> Importance(int trees = 64, long seed = 0) =>
        FunctionalAnova.Importance(Space, [.. Trials.Where(static t => t.State == TrialState.Completed && double.IsFinite(t.Value))], Hyper.Count(trees), seed);

    private void CheckRecord(TrialRecord record)
    {
        if (record.Coordinates is not { } coordinates)
        {
            return;
        }

        bool fits = coordinates.Count == Space.Dimensions.Count;
        for (int d = 0; fits && d < coordinates.Count; d++)
        {
            fits = double.IsNaN(coordinates[d]) || Space.Dimensions[d].Contains(coordinates[d]);
        }

        if (!fits)
        {
            throw new StudyFileException($"Study: the values of trial {record.Number} in the storage do not lie in the space; the storage is damaged.");
        }
    }
}
