namespace Engine.Nn;

/// <summary>Gives up a trial whose best value so far is worse than the median of the completed trials at the same step (Vizier's rule).</summary>
/// <example><code>Study study = new(space) { Pruner = new MedianPruner() };</code></example>
public sealed class MedianPruner : Pruner
{
    private readonly int _startupTrials;
    private readonly int _warmupSteps;

    /// <summary>A pruner.</summary>
    /// <param name="startupTrials">So many trials run to their ends before any is given up.</param>
    /// <param name="warmupSteps">No trial is given up before this step.</param>
    public MedianPruner(int startupTrials = 5, int warmupSteps = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(startupTrials);
        ArgumentOutOfRangeException.ThrowIfNegative(warmupSteps);
        (_startupTrials, _warmupSteps) = (startupTrials, warmupSteps);
    }

    /// <inheritdoc/>
    /// <remarks>True where all its values are NaN.</remarks>
    public override bool ShouldPrune(Trial trial, IReadOnlyList<Trial> others, MonitorMode mode)
    {
        IReadOnlyList<(int Step, double Value)> reports = Reporting(trial).Reports;
        int step = reports[^1].Step;
        Trial[] completed = [.. Guard.NoNulls(others).Where(static t => t.State == TrialState.Completed)];
        if (completed.Length < _startupTrials || completed.Length == 0 || step < _warmupSteps)
        {
            return false;
        }

        double[] own = [.. reports.Select(static r => r.Value).Where(static v => !double.IsNaN(v))];
        if (own.Length == 0)
        {
            return true;
        }

        double[] values = [.. completed.SelectMany(static t => t.Reports).Where(r => r.Step == step && !double.IsNaN(r.Value)).Select(static r => r.Value).Order()];
        if (values.Length == 0)
        {
            return false;
        }

        double median = (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
        return mode == MonitorMode.Min ? own.Min() > median : own.Max() < median;
    }
}
