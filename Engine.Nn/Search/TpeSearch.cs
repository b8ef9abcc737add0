namespace Engine.Nn;

/// <summary>
/// Values like those of the best trials and unlike those of the others: of so many candidates the one with the largest ratio of the two densities.
/// The usual choice from some twenty trials on (tree-structured Parzen estimator).
/// </summary>
/// <remarks>
/// The settings are those of Optuna 3: the best ⌈n/10⌉ trials, at most 25, against the rest; every hyper-parameter by itself. Trials that were given up
/// rank after those that ended; the longer they ran, the better. Trials that run elsewhere are left out, or count as bad ones with
/// <c>constantLiar</c>. One trial after the other the values follow from the seed; with several at a time also from who was done when.
/// Bergstra, Bardenet, Bengio and Kégl, Algorithms for Hyper-Parameter Optimization (2011).
/// </remarks>
public sealed class TpeSearch : SearchAlgorithm
{
    private const int MostBest = 25;

    private readonly long _seed;
    private readonly RandomSearch _random;
    private readonly int _startupTrials;
    private readonly int _candidates;
    private readonly double _priorWeight;
    private readonly bool _constantLiar;

    /// <summary>A search whose numbers follow from a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="startupTrials">So many trials are tried at random before any is chosen.</param>
    /// <param name="candidates">Of so many values at random the most promising is tried.</param>
    /// <param name="priorWeight">How much the whole range counts beside one observation.</param>
    /// <param name="constantLiar">Whether trials that still run count as bad ones, so that workers side by side do not try the same. For more than two or three at a time.</param>
    public TpeSearch(long seed = 0, int startupTrials = 10, int candidates = 24, double priorWeight = 1, bool constantLiar = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(startupTrials);
        _seed = seed;
        _random = new RandomSearch(seed);
        _startupTrials = startupTrials;
        _candidates = Hyper.Count(candidates);
        _priorWeight = Hyper.Positive(priorWeight);
        _constantLiar = constantLiar;
    }

    internal override double[] Sample(SearchSpace space, int number, Func<IReadOnlyList<Trial>> trials, MonitorMode mode)
    {
        IReadOnlyList<Trial> others = trials();
        Trial[] ended = [.. others.Where(static t => t.State is TrialState.Completed or TrialState.Pruned)];
        if (ended.Length < _startupTrials)
        {
            return _random.Sample(space, number, trials, mode);
        }

        Trial[] ranked = [.. ended.OrderBy(t => RankOf(t, mode))];
        int best = Math.Min((int)Math.Ceiling(0.1 * ended.Length), MostBest);
        Trial[] below = [.. ranked.Take(best).OrderBy(static t => t.Number)];
        IEnumerable<Trial> rest = ranked.Skip(best);
        Trial[] above = [.. (_constantLiar ? rest.Concat(others.Where(static t => t.State == TrialState.Running)) : rest).OrderBy(static t => t.Number)];

        double[] coordinates = new double[space.Dimensions.Count];
        foreach (Dimension dimension in space.Dimensions)
        {
            coordinates[dimension.Index] = !dimension.IsActive(coordinates) ? double.NaN
                : dimension.IsSingle ? dimension.Low
                : Choose(dimension, below, above, new SearchRandom(_seed, number, dimension.Index, 1));
        }

        return coordinates;
    }

    // Those that ended first, then those given up, the farther the better; then by value.
    private static (double Group, double Value) RankOf(Trial trial, MonitorMode mode)
    {
        double value = trial.State == TrialState.Completed ? trial.Value : trial.Reports.Count > 0 ? trial.Reports[^1].Value : 0;
        double signed = double.IsNaN(value) ? double.PositiveInfinity : mode == MonitorMode.Min ? value : -value;
        return (trial.State == TrialState.Completed ? double.NegativeInfinity : trial.Reports.Count > 0 ? -trial.Reports[^1].Step : 1, signed);
    }

    private static double[] Observed(Trial[] trials, Dimension dimension) =>
        [.. trials.Select(t => t.Coordinates[dimension.Index]).Where(static c => !double.IsNaN(c))];

    private double Choose(Dimension dimension, Trial[] below, Trial[] above, SearchRandom random)
    {
        ParzenEstimator good = new(dimension, Observed(below, dimension), _priorWeight), bad = new(dimension, Observed(above, dimension), _priorWeight);
        double chosen = dimension.Low, highest = double.NegativeInfinity;
        for (int i = 0; i < _candidates; i++)
        {
            double candidate = good.Sample(random), ratio = good.LogDensity(candidate) - bad.LogDensity(candidate);
            if (ratio > highest || i == 0)
            {
                (chosen, highest) = (candidate, ratio);
            }
        }

        return chosen;
    }
}
