namespace Engine.Nn;

/// <summary>A figure that is watched, and which way it gets better.</summary>
/// <remarks>Names that end in loss, error, mae, mse or rmse get better downwards; those in accuracy, precision, recall or f1 upwards.</remarks>
public sealed class MetricMonitor
{
    private static readonly string[] s_downwards = ["loss", "error", "mae", "mse", "rmse"];
    private static readonly string[] s_upwards = ["accuracy", "precision", "recall", "f1"];

    private readonly double _minDelta;

    /// <summary>Watches a figure.</summary>
    /// <param name="name">Its name in <see cref="TrainingContext.Logs"/>.</param>
    /// <param name="mode">Which way is better; by the name where left out.</param>
    /// <param name="minDelta">Smaller improvements do not count.</param>
    /// <exception cref="ArgumentException">The name does not tell which way is better.</exception>
    public MetricMonitor(string name, MonitorMode? mode = null, double minDelta = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        Mode = mode ?? ModeOf(name);
        _minDelta = Hyper.NotNegative(minDelta);
    }

    /// <summary>The name in logs.</summary>
    public string Name { get; }

    /// <summary>Which way is better.</summary>
    public MonitorMode Mode { get; }

    /// <summary>What every value is better than.</summary>
    public double Worst => Mode == MonitorMode.Min ? double.PositiveInfinity : double.NegativeInfinity;

    /// <summary>Whether a value is better than the best so far by more than the least difference; NaN never is.</summary>
    public bool IsBetter(double value, double best) => Mode == MonitorMode.Min ? value < best - _minDelta : value > best + _minDelta;

    /// <summary>Refuses a run that will not have the figure, before it has cost an epoch.</summary>
    /// <exception cref="InvalidOperationException">The figure will not be there.</exception>
    internal void Check(TrainingContext context, string callback)
    {
        if (!context.LogNames.Contains(Name))
        {
            string hint = Name.StartsWith("val_", StringComparison.Ordinal) ? " Pass validation data to Fit." : string.Empty;
            throw new InvalidOperationException($"{callback}: there will be no figure '{Name}'; there are {string.Join(", ", context.LogNames)}.{hint}");
        }
    }

    private static MonitorMode ModeOf(string name) =>
        Array.Exists(s_downwards, suffix => name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) ? MonitorMode.Min
        : Array.Exists(s_upwards, suffix => name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) ? MonitorMode.Max
        : throw new ArgumentException($"MetricMonitor: the name '{name}' does not tell which way is better; pass a mode.", nameof(name));
}
