namespace Engine.Nn;

/// <summary>Decides which trials of a <see cref="Study"/> to give up early; asked after each report.</summary>
public abstract class Pruner
{
    /// <summary>Whether to give up a trial that has just reported.</summary>
    /// <param name="trial">The trial; it has at least one report.</param>
    /// <param name="others">All other trials of the study, in whatever state.</param>
    /// <param name="mode">Which way values get better.</param>
    public abstract bool ShouldPrune(Trial trial, IReadOnlyList<Trial> others, MonitorMode mode);

    private protected static Trial Reporting(Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return trial.Reports.Count > 0 ? trial : throw new ArgumentException($"Pruner: trial {trial.Number} has not reported yet.", nameof(trial));
    }
}
