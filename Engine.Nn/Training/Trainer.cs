namespace Engine.Nn;

/// <summary>
/// Trains a model: goes through the data in epochs, lets the optimizer follow the gradients of the loss, measures, and calls callbacks.
/// </summary>
/// <remarks>
/// <para>The loss and the metrics are summed up on the device; the host waits for them at the end of an epoch and where a callback reads
/// them, not at every step. Each step has a <see cref="TensorScope"/> of its own, so that memory is flat.</para>
/// <para>A trainer knows its position. <see cref="Fit"/> goes on from there, after a cancellation or after <see cref="Load"/>, with the same
/// bits as a run that was never interrupted. It is used by one thread at a time; <see cref="Predict(Tensor, int, CancellationToken)"/> and <see cref="Evaluate"/> may be
/// called from others while no training runs.</para>
/// <code>
/// Trainer trainer = new(model, new Adam(model.Parameters), Losses.CrossEntropy)
/// {
///     Metrics = [new Accuracy()],
///     Callbacks = [new EarlyStopping("val_loss", patience: 3), new ScheduleCallback(Schedule.Cosine(1e-3, steps: 4690))],
///     ClipGradNorm = 1,
/// };
/// History history = trainer.Fit(train, validation, epochs: 10);
/// </code>
/// </remarks>
public sealed partial class Trainer
{
    /// <summary>A reader needs no shorter interval.</summary>
    private static readonly TimeSpan s_barInterval = TimeSpan.FromMilliseconds(100);

    private readonly RunningSum _lossSum = new();
    private readonly ClippedSteps _clippedSteps = new();
    private long _samples;
    private int _isFitting;
    private bool _wasLoaded;

    /// <summary>The figures beside the loss: of the training data during training, of validation data with fresh copies.</summary>
    public IReadOnlyList<Metric> Metrics { get; init => field = Guard.NoNulls(value); } = [];

    /// <summary>The code that is called at the events of a run, in this order. A callback that is added during a run takes part from the next <see cref="Fit"/> on.</summary>
    public IList<Callback> Callbacks
    {
        get;
        init => field = [.. Guard.NoNulls(value)];
    }

    = [];

    /// <summary>
    /// The longest that the gradient of all parameters may be; null for no limit. The share of steps of an epoch that were clipped is its figure
    /// <c>clipped_share</c> (<see cref="ClippedSteps"/>).
    /// </summary>
    public double? ClipGradNorm
    {
        get;
        init => field = value is { } norm ? Hyper.Positive(norm, nameof(ClipGradNorm)) : null;
    }

    /// <summary>The most that one element of a gradient may be; null for no limit. Applied before <see cref="ClipGradNorm"/>.</summary>
    public double? ClipGradValue
    {
        get;
        init => field = value is { } limit ? Hyper.Positive(limit, nameof(ClipGradValue)) : null;
    }

    /// <summary>
    /// A term that is added to the loss of each step, so that weights are held small, whatever the optimizer:
    /// <c>() => Regularizers.L1(weights, 1e-4)</c>. Null for none.
    /// </summary>
    /// <remarks>
    /// It acts through its gradient only: the figures <c>loss</c> and <c>val_loss</c> are those of the loss alone and can be compared.
    /// </remarks>
    public Func<Tensor>? Regularizer { get; init; }

    /// <summary>
    /// How many mini-batches make a step: their gradients are averaged, each weighted by its number of samples, so that a step is that of one
    /// batch of all of them. The last step of an epoch may have fewer.
    /// </summary>
    /// <remarks>
    /// That is exact for a loss that is the mean over the samples of a batch, as the losses' defaults are, and how <see cref="History"/> sums
    /// losses up. A sum is averaged in the same way. Where samples count unequally (class weights, ignored targets), the mean of a
    /// batch divides by another number than that of its samples; a loop of one's own can divide by the total.
    /// </remarks>
    public int GradientAccumulation
    {
        get;
        init => field = Hyper.Count(value, nameof(GradientAccumulation));
    }

    = 1;

    /// <summary>
    /// The output to the console during training: by default a progress bar where that is a terminal, a plain line an epoch elsewhere, and nothing where
    /// <see cref="Fit"/> is given a listener.
    /// </summary>
    public Verbosity Verbosity { get; set => field = Known(value); } = DefaultVerbosity;

    /// <summary>The default of the trainers of this process; a service, or a program that prints lines of its own, sets it to <see cref="Verbosity.Quiet"/>.</summary>
    public static Verbosity DefaultVerbosity { get; set => field = Known(value); }

    /// <summary>A console in place of the process's.</summary>
    internal ProgressConsole? ProgressConsole { get; init; }

    /// <summary>The clock by which speed is measured.</summary>
    public TimeProvider TimeProvider { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = TimeProvider.System;

    /// <summary>How many epochs are done.</summary>
    public int Epoch { get; private set; }

    /// <summary>How many mini-batches of the present epoch are done.</summary>
    public int Batch { get; private set; }

    /// <summary>How many updates of the parameters were made.</summary>
    public long Step { get; private set; }

    /// <summary>The figures of all epochs.</summary>
    public History History { get; } = new();

    /// <summary>
    /// Trains until <paramref name="epochs"/> epochs are done, those before a cancellation or in a loaded state included; or
    /// <paramref name="additionalEpochs"/> more.
    /// </summary>
    /// <param name="train">The data to learn from.</param>
    /// <param name="validation">Data to measure on after each epoch; figures get the prefix <c>val_</c>.</param>
    /// <param name="epochs">How many epochs the run is to have altogether. Where neither number is given, one more epoch is trained.</param>
    /// <param name="progress">Is told about progress every ten steps and at the end of each epoch.</param>
    /// <param name="cancellationToken">Ends the run between two steps: the model is as after the last whole one, and <see cref="Fit"/> can go on.</param>
    /// <param name="additionalEpochs">How many epochs to train from here; one that was interrupted counts as the first. Instead of <paramref name="epochs"/>.</param>
    /// <param name="maxSteps">
    /// How many steps the run is to have altogether at most; without a number of epochs it alone ends the run. Within an epoch it leaves the figures so far in
    /// <see cref="History.Points"/>, and a later call with more steps goes on from there.
    /// </param>
    /// <param name="resumeFrom">
    /// A checkpoint to go on from: a file of <see cref="Checkpoint"/>, or a folder of <see cref="CheckpointFolder"/>, whose newest whole file is taken. A folder that is empty or not there yet
    /// begins anew, as the first start of a program that may be restarted does; a file (.safetensors) that is not there is an error.
    /// </param>
    /// <returns>
    /// The figures of all epochs; <see cref="History.End"/> says why the run ended. A run that was loaded with all its epochs done is not an
    /// error: a restarted program may resume a finished run. It ends at once with <see cref="TrainingEnd.NothingToDo"/>.
    /// </returns>
    /// <exception cref="ArgumentException">Both numbers are given, a source has no batches, or there is no validation data for <see cref="ValidateEvery"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="FileNotFoundException">There is no such file to go on from.</exception>
    /// <exception cref="ModelFileException">The checkpoint is damaged, or of another model.</exception>
    /// <exception cref="InvalidOperationException">
    /// This trainer has trained that many epochs already, is already training, or the source gives other batches than it announced.
    /// </exception>
    public History Fit(
        IBatchSource train,
        IBatchSource? validation = null,
        int? epochs = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default,
        int? additionalEpochs = null,
        long? maxSteps = null,
        string? resumeFrom = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentOutOfRangeException.ThrowIfNegative(maxSteps ?? 0, nameof(maxSteps));
        ArgumentOutOfRangeException.ThrowIfNegative(epochs ?? 0, nameof(epochs));
        ArgumentOutOfRangeException.ThrowIfNegative(additionalEpochs ?? 0, nameof(additionalEpochs));
        if (epochs is not null && additionalEpochs is not null)
        {
            throw new ArgumentException($"Fit: epochs {epochs} counts those that are done already, additionalEpochs {additionalEpochs} those from here; give one of them.", nameof(additionalEpochs));
        }

        if (Interlocked.Exchange(ref _isFitting, 1) != 0)
        {
            throw new InvalidOperationException("Fit: this trainer is already training.");
        }

        try
        {
            if (resumeFrom is not null)
            {
                ResumeFrom(resumeFrom);
            }

            if (FastDevRun > 0)
            {
                (train, validation) = (new LimitedBatches(train, FastDevRun), validation is null ? null : new LimitedBatches(validation, FastDevRun));
            }

            int goal = FastDevRun > 0 ? checked(Epoch + 1)
                : epochs ?? (additionalEpochs is null && maxSteps is { } steps ? EpochsOf(steps, train) : checked(Epoch + (additionalEpochs ?? 1)));
            CheckGoal(goal, isTotal: epochs is not null && FastDevRun == 0);
            CheckSources(train, validation);
            CheckPosition(train);
            CheckCapture();
            CheckStep(validation);
            CheckPoints(validation);
            _wasLoaded = false;
            TrainingContext context = new(this, goal, train.BatchCount, validation is not null, FastDevRun > 0 ? null : maxSteps, saves: FastDevRun == 0) { Epoch = Epoch, Batch = Batch, Samples = _samples };
            using ProgressBar? bar = ProgressBar.For(Verbosity, progress is not null, ProgressConsole);
            IReadOnlyList<Callback> callbacks = [
                // The first, so that its line is finished before others write theirs.
                .. bar is null ? (ReadOnlySpan<Callback>)[] : [new ProgressReporter(bar, s_barInterval)],
                .. FastDevRun > 0 ? Callbacks.Where(static c => c is not (ModelCheckpoint or CsvLogger or RunRecorder)) : Callbacks,
                .. progress is null ? (ReadOnlySpan<Callback>)[] : [new ProgressReporter(progress)],
            ];
            bool nothingToDo = Epoch >= goal || Step >= context.MaxSteps;
            Notify(callbacks, context, static (callback, c) => callback.OnTrainBegin(c));
            context.End = Run(train, validation, context, callbacks, cancellationToken);
            context.End = nothingToDo && context.End == TrainingEnd.Completed ? TrainingEnd.NothingToDo : context.End;
            (History.End, History.StopReason) = (context.End, context.StopReason);
            Notify(callbacks, context, static (callback, c) => callback.OnTrainEnd(c));
            context.RunPendingSaves();
            if (context.End == TrainingEnd.Cancelled)
            {
                throw new OperationCanceledException("Fit: the run was cancelled between two steps.", cancellationToken);
            }

            return History;
        }
        finally
        {
            EndCapture();
            Volatile.Write(ref _isFitting, 0);
        }
    }

    /// <summary><see cref="Fit"/> on a thread of its own, so that the caller's stays free.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="Fit"/>.</exception>
    public Task<History> FitAsync(
        IBatchSource train,
        IBatchSource? validation = null,
        int? epochs = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default,
        int? additionalEpochs = null,
        long? maxSteps = null,
        string? resumeFrom = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        return Task.Factory.StartNew(
            () => Fit(train, validation, epochs, progress, cancellationToken, additionalEpochs, maxSteps, resumeFrom),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private static Verbosity Known(Verbosity value) =>
        Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Verbosity: not one of its values.");

    internal double ReadLoss() => _lossSum.Read() / _samples;

    private static void Notify(IReadOnlyList<Callback> callbacks, TrainingContext context, Action<Callback, TrainingContext> tell)
    {
        foreach (Callback callback in callbacks)
        {
            tell(callback, context);
        }
    }

    /// <summary>A call that would do nothing is a mistake about what the number counts, except where a finished run was loaded.</summary>
    private void CheckGoal(int goal, bool isTotal)
    {
        if (isTotal && goal <= Epoch && Epoch > 0 && !_wasLoaded)
        {
            throw new InvalidOperationException(
                $"Fit: epochs {goal} counts all epochs of the run, and this trainer has done {Epoch}, so that nothing would be trained. Pass additionalEpochs: {Math.Max(goal, 1)} to go on from here (or epochs: {Epoch + Math.Max(goal, 1)}); a new Trainer begins anew.");
        }
    }

    private static void CheckSources(IBatchSource train, IBatchSource? validation)
    {
        const string WayOut = "Give it samples, or a smaller batch size where DropLast leaves the only batch out";
        if (train.BatchCount == 0)
        {
            throw new ArgumentException($"Fit: the training data has {train.SampleCount} samples in 0 batches. {WayOut}.", nameof(train));
        }

        if (validation?.BatchCount == 0)
        {
            throw new ArgumentException($"Fit: the validation data has {validation.SampleCount} samples in 0 batches, so that its figures would be NaN. {WayOut}, or pass null.", nameof(validation));
        }
    }

    private void CheckPosition(IBatchSource train)
    {
        if (train.BatchCount >= 0 && Batch > train.BatchCount)
        {
            throw new InvalidOperationException($"Fit: the run stands at batch {Batch} of an epoch, but the source has {train.BatchCount}. Resume with the data and batch size it was begun with.");
        }
    }
}
