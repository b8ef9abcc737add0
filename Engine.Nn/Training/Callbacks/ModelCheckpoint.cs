namespace Engine.Nn;

/// <summary>Saves the run to disk, from where it can go on: after every epoch, every few steps, or when a figure is better than ever.</summary>
/// <remarks>
/// <para>Files are replaced as a whole, so that a process killed at any moment leaves a loadable one. A cancelled run is saved once more,
/// unless only the best is kept.</para>
/// <code>
/// new ModelCheckpoint("run/last.safetensors") { EverySteps = 500 }
/// new ModelCheckpoint("run/best.safetensors", monitor: "val_accuracy")
/// trainer.Load(Checkpoint.Load("run/last.safetensors"));
/// </code>
/// </remarks>
public sealed class ModelCheckpoint : Callback
{
    private readonly Action<TrainingContext, TrainingState> _save;
    private readonly MetricMonitor? _monitor;
    private double _best;

    /// <summary>Saves to one file, always replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="monitor">The name of a figure: only an epoch that is the best by it is saved. Null to save each.</param>
    /// <param name="mode">Which way the figure is better; by its name where left out (see <see cref="MetricMonitor"/>).</param>
    public ModelCheckpoint(string path, string? monitor = null, MonitorMode? mode = null)
        : this(monitor, mode, (_, state) => Checkpoint.Save(path, state))
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
    }

    /// <summary>Saves to a folder that keeps the last few.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="monitor">The name of a figure: only an epoch that is the best by it is saved. Null to save each.</param>
    /// <param name="mode">Which way the figure is better; by its name where left out (see <see cref="MetricMonitor"/>).</param>
    public ModelCheckpoint(CheckpointFolder folder, string? monitor = null, MonitorMode? mode = null)
        : this(monitor, mode, (context, state) => folder.Save(context.Step, state))
    {
        ArgumentNullException.ThrowIfNull(folder);
    }

    private ModelCheckpoint(string? monitor, MonitorMode? mode, Action<TrainingContext, TrainingState> save)
    {
        _save = save;
        _monitor = monitor is null ? null : new MetricMonitor(monitor, mode);
        _best = _monitor?.Start ?? 0;
    }

    /// <summary>How many steps lie between two saves, beside those at the ends of epochs; 0 for only those.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int EverySteps
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The run will not have the figure (the message lists those it will), or its name implies no mode.</exception>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _monitor?.Check(context, Name);
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_monitor is null && EverySteps > 0 && context.Step % EverySteps == 0)
        {
            Request(context);
        }
    }

    /// <summary>With a monitor as at the end of an epoch; others save by steps.</summary>
    public override void OnValidationEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_monitor is not null)
        {
            OnEpochEnd(context);
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_monitor is not { } monitor)
        {
            Request(context);
        }
        else if (monitor.IsBetter(context.Logs[monitor.Name], _best))
        {
            _best = context.Logs[monitor.Name];
            Request(context);
        }
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_monitor is null && context.End == TrainingEnd.Cancelled)
        {
            Request(context);
        }
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("best", _best);
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _best = state.Number("best");
    }

    private void Request(TrainingContext context) => context.RequestSave(state => _save(context, state));
}
