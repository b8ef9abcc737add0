namespace Engine.Nn;

/// <summary>Gives up a trial whose value is worse than the median of the earlier trials at the same step.</summary>
/// <example><code>new RandomSearch(space) { Pruner = new MedianPruner(MonitorMode.Min).ShouldPrune }</code></example>
public sealed class MedianPruner
{
    private readonly MonitorMode _mode;
    private readonly int _firstTrials;
    private readonly int _firstSteps;

    /// <summary>A pruner.</summary>
    /// <param name="mode">Which way values get better.</param>
    /// <param name="firstTrials">So many trials run to their ends before any is given up.</param>
    /// <param name="firstSteps">No trial is given up before this step.</param>
    public MedianPruner(MonitorMode mode = MonitorMode.Min, int firstTrials = 5, int firstSteps = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstSteps);
        _mode = mode;
        _firstTrials = Hyper.Count(firstTrials);
        _firstSteps = firstSteps;
    }

    /// <summary>Whether the last report of a trial is worse than the median of what earlier trials reported at its step; NaN is.</summary>
    public bool ShouldPrune(Trial trial, IReadOnlyList<Trial> earlier)
    {
        ArgumentNullException.ThrowIfNull(trial);
        Guard.NoNulls(earlier);
        (int step, double value) = trial.Reports[^1];
        if (earlier.Count < _firstTrials || step < _firstSteps)
        {
            return false;
        }

        double[] values = [.. earlier.SelectMany(static t => t.Reports).Where(r => r.Step == step && !double.IsNaN(r.Value)).Select(static r => r.Value).Order()];
        if (values.Length == 0)
        {
            return double.IsNaN(value);
        }

        double median = (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
        return _mode == MonitorMode.Min ? !(value <= median) : !(value >= median);
    }
}
