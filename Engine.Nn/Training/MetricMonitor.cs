namespace Engine.Nn;

/// <summary>A figure that is watched, and which way it gets better.</summary>
/// <remarks>Names that end in loss, error, mae, mse or rmse get better downwards; those in accuracy, precision, recall or f1 upwards.</remarks>
public sealed class MetricMonitor
{
    private static readonly string[] s_downwards = ["loss", "error", "mae", "mse", "rmse"];
    private static readonly string[] s_upwards = ["accuracy", "precision", "recall", "f1"];

    private readonly MonitorMode? _mode;
    private readonly double _minDelta;

    /// <summary>Watches a figure.</summary>
    /// <param name="name">Its name in <see cref="TrainingContext.Logs"/>.</param>
    /// <param name="mode">Which way is better; by the name where left out.</param>
    /// <param name="minDelta">Smaller improvements do not count.</param>
    public MetricMonitor(string name, MonitorMode? mode = null, double minDelta = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        _mode = mode ?? ModeOf(name);
        _minDelta = Hyper.NotNegative(minDelta);
    }

    /// <summary>The name in logs.</summary>
    public string Name { get; }

    /// <summary>Which way is better.</summary>
    /// <exception cref="InvalidOperationException">No mode was given and the name does not say it.</exception>
    public MonitorMode Mode => _mode ?? throw new InvalidOperationException(NoMode);

    /// <summary>A value that every other one is better than.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="Mode"/>.</exception>
    public double Worst => Mode == MonitorMode.Min ? double.PositiveInfinity : double.NegativeInfinity;

    /// <summary><see cref="Worst"/>, or NaN where the mode is not known yet: a name that does not exist comes to light when a run begins.</summary>
    internal double Start => _mode is null ? double.NaN : Worst;

    private string NoMode => $"the name '{Name}' does not tell which way is better; pass a mode, MonitorMode.Min or MonitorMode.Max.";

    /// <summary>Whether a value is better than the best so far by more than the least difference; NaN never is.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="Mode"/>.</exception>
    public bool IsBetter(double value, double best) => Mode == MonitorMode.Min ? value < best - _minDelta : value > best + _minDelta;

    /// <summary>Refuses a run that will not have the figure, or not know which way it is better, before it has cost an epoch.</summary>
    /// <exception cref="InvalidOperationException">The figure will not be there, or there is no mode.</exception>
    internal void Check(TrainingContext context, string callback)
    {
        CheckName(context, callback, Name);
        if (_mode is null)
        {
            throw new InvalidOperationException($"{callback}: {NoMode}");
        }
    }

    /// <summary>Refuses a run that will not have a figure of this name.</summary>
    /// <exception cref="InvalidOperationException">The figure will not be there.</exception>
    internal static void CheckName(TrainingContext context, string callback, string name)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.LogNames.Contains(name))
        {
            return;
        }

        string hint = !context.Validates && name.StartsWith("val_", StringComparison.Ordinal) ? " Pass validation data to Fit." : string.Empty;
        throw new InvalidOperationException($"{callback}: {FigureNames.Unknown(name, context.LogNames, "will be")}{hint}");
    }

    internal static MonitorMode? ModeOf(string name) =>
        Array.Exists(s_downwards, suffix => name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) ? MonitorMode.Min
        : Array.Exists(s_upwards, suffix => name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) ? MonitorMode.Max
        : null;
}
