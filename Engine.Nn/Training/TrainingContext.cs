namespace Engine.Nn;

/// <summary>Why a run ended.</summary>
public enum TrainingEnd : byte
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>All epochs were trained, the last of them by this call of <see cref="Trainer.Fit"/>.</summary>
    Completed,

    /// <summary>A callback asked for the end.</summary>
    Stopped,

    /// <summary>The cancellation token asked for it.</summary>
    Cancelled,

    /// <summary>Nothing was trained: the loaded state had all epochs already, or none were asked for.</summary>
    NothingToDo,
}

/// <summary>Where a run stands, as callbacks see it.</summary>
public sealed class TrainingContext
{
    /// <summary>The name of the share of clipped steps.</summary>
    internal const string ClippedShare = "clipped_share";

    private readonly bool _saves;
    private Action<TrainingState>? _pendingSaves;

    internal TrainingContext(Trainer trainer, int epochs, int batchesPerEpoch, bool validates, long? maxSteps = null, bool saves = true)
    {
        MaxSteps = maxSteps;
        _saves = saves;
        Trainer = trainer;
        Epochs = epochs;
        BatchesPerEpoch = batchesPerEpoch;
        Validates = validates;
    }

    /// <summary>The trainer.</summary>
    public Trainer Trainer { get; }

    /// <summary>The model.</summary>
    public Module Model => Trainer.Model;

    /// <summary>The optimizer.</summary>
    public Optimizer Optimizer => Trainer.Optimizer;

    /// <summary>The epoch, from 0; in <see cref="Callback.OnEpochEnd"/> the one that has just ended.</summary>
    public int Epoch { get; internal set; }

    /// <summary>How many epochs the run is to have; <see cref="int.MaxValue"/> where only its steps are counted and an epoch's are unknown.</summary>
    public int Epochs { get; }

    /// <summary>How many steps the run is to have at most; null where epochs alone are counted.</summary>
    public long? MaxSteps { get; }

    /// <summary>How many mini-batches of the epoch are done.</summary>
    public int Batch { get; internal set; }

    /// <summary>The mini-batches of an epoch; −1 where only its end will tell.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>How many updates of the parameters the run has made, those before it was resumed included.</summary>
    public long Step => Trainer.Step;

    /// <summary>How many samples of the epoch are done.</summary>
    public long Samples { get; internal set; }

    /// <summary>The figures of the last epoch: <c>loss</c>, metrics, the same of validation data with <c>val_</c> before, <c>learning_rate</c>, and <c>clipped_share</c> where gradients are clipped.</summary>
    public IReadOnlyDictionary<string, double> Logs { get; internal set; } = new OrderedDictionary<string, double>();

    /// <summary>The names that <see cref="Logs"/> will have, in order.</summary>
    public IReadOnlyList<string> LogNames
    {
        get
        {
            string[] names = ["loss", .. Trainer.Metrics.Select(static m => m.Name)];
            return [.. names, .. Trainer.Figures, .. Validates ? names.Select(static n => "val_" + n) : [], "learning_rate", .. Trainer.ClipGradNorm is null ? (string[])[] : [ClippedShare]];
        }
    }

    /// <summary>Whether figures of validation data will be among them.</summary>
    internal bool Validates { get; }

    /// <summary>Why the run has ended; <see cref="TrainingEnd.None"/> before.</summary>
    public TrainingEnd End { get; internal set; }

    /// <summary>The words of the callback that asked for the end; null if none did.</summary>
    public string? StopReason { get; private set; }

    /// <summary>The mean loss of the epoch so far; waits for the device. NaN before the first batch and, as the epoch is over, in <see cref="Callback.OnEpochEnd"/>.</summary>
    public double ReadLoss() => Trainer.ReadLoss();

    /// <summary>Ends the run after this step, or after this epoch if called at its end.</summary>
    public void RequestStop(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        StopReason ??= reason;
    }

    /// <summary>
    /// Hands the state of the run to <paramref name="save"/> as soon as all callbacks have handled the present event, so that
    /// the saved state has their state of the same moment. During <see cref="Callback.OnBatchEnd"/> this is after the step to which the batch belongs.
    /// </summary>
    public void RequestSave(Action<TrainingState> save)
    {
        ArgumentNullException.ThrowIfNull(save);
        _pendingSaves += _saves ? save : null;
    }

    internal void RunPendingSaves()
    {
        if (_pendingSaves is { } saves)
        {
            _pendingSaves = null;
            TrainingState state = new();
            Trainer.Save(state);
            saves(state);
        }
    }
}
