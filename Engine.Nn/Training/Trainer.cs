namespace Engine.Nn;

/// <summary>
/// Trains a model: goes through the data in epochs, lets the optimizer follow the gradients of the loss, measures, and calls callbacks.
/// </summary>
/// <remarks>
/// <para>The loss and the metrics are summed up on the device; the host waits for them at the end of an epoch and where a callback reads
/// them, not at every step. Each step has a <see cref="TensorScope"/> of its own, so that memory is flat.</para>
/// <para>A trainer knows its position. <see cref="Fit"/> goes on from there, after a cancellation or after <see cref="Load"/>, with the same
/// bits as a run that was never interrupted. It is used by one thread at a time; <see cref="Predict"/> and <see cref="Evaluate"/> may be
/// called from others while nobody trains.</para>
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
    private readonly Func<Tensor, Tensor> _forward;
    private readonly LossFunction _loss;
    private readonly RunningSum _lossSum = new();
    private long _samples;
    private int _isFitting;

    /// <summary>A trainer of a model that turns one tensor into another.</summary>
    public Trainer(Layer model, Optimizer optimizer, LossFunction loss)
        : this(model, (model ?? throw new ArgumentNullException(nameof(model))).Forward, optimizer, loss)
    {
    }

    /// <summary>A trainer of any module, given what to do with the inputs of a batch.</summary>
    public Trainer(Module model, Func<Tensor, Tensor> forward, Optimizer optimizer, LossFunction loss)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(loss);
        (Model, Optimizer, _forward, _loss) = (model, optimizer, forward, loss);
    }

    /// <summary>The model.</summary>
    public Module Model { get; }

    /// <summary>The optimizer.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>What is measured beside the loss; of the training data while it is trained on, of validation data with fresh copies.</summary>
    public IReadOnlyList<Metric> Metrics { get; init; } = [];

    /// <summary>What happens at the turns of a run, in this order.</summary>
    public IReadOnlyList<Callback> Callbacks { get; init; } = [];

    /// <summary>The longest that the gradient of all parameters may be; null for no limit.</summary>
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

    /// <summary>How many mini-batches make a step: their gradients are averaged. The last step of an epoch may have fewer.</summary>
    public int GradientAccumulation
    {
        get;
        init => field = Hyper.Count(value, nameof(GradientAccumulation));
    }

    = 1;

    /// <summary>The clock by which speed is measured.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How many epochs are done.</summary>
    public int Epoch { get; private set; }

    /// <summary>How many mini-batches of the present epoch are done.</summary>
    public int Batch { get; private set; }

    /// <summary>How many updates of the parameters were made.</summary>
    public long Step { get; private set; }

    /// <summary>The figures of all epochs.</summary>
    public History History { get; } = new();

    /// <summary>Trains until <paramref name="epochs"/> epochs are done; those before a cancellation or in a loaded state count.</summary>
    /// <param name="train">The data to learn from.</param>
    /// <param name="validation">Data to measure on after each epoch; figures get the prefix <c>val_</c>.</param>
    /// <param name="epochs">How many epochs the run is to have altogether.</param>
    /// <param name="progress">Is told about progress every ten steps and at the end of each epoch.</param>
    /// <param name="cancellationToken">Ends the run between two steps: the model is as after the last whole one, and <see cref="Fit"/> can go on.</param>
    /// <returns>The figures of all epochs; <see cref="History.End"/> tells why the run ended.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The trainer is already training, or the source gives other batches than it announced.</exception>
    public History Fit(
        IBatchSource train, IBatchSource? validation = null, int epochs = 1, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentOutOfRangeException.ThrowIfNegative(epochs);
        if (Interlocked.Exchange(ref _isFitting, 1) != 0)
        {
            throw new InvalidOperationException("Fit: this trainer is already training.");
        }

        try
        {
            CheckPosition(train);
            CheckCapture();
            TrainingContext context = new(this, epochs, train.BatchCount, validation is not null) { Epoch = Epoch, Batch = Batch, Samples = _samples };
            IReadOnlyList<Callback> callbacks = progress is null ? Callbacks : [.. Callbacks, new ProgressReporter(progress)];
            Notify(callbacks, context, static (callback, c) => callback.OnTrainBegin(c));
            context.End = Run(train, validation, context, callbacks, cancellationToken);
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
    public Task<History> FitAsync(
        IBatchSource train, IBatchSource? validation = null, int epochs = 1, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Factory.StartNew(
            () => Fit(train, validation, epochs, progress, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    internal double ReadLoss() => _lossSum.Read() / _samples;

    private static void Notify(IReadOnlyList<Callback> callbacks, TrainingContext context, Action<Callback, TrainingContext> tell)
    {
        foreach (Callback callback in callbacks)
        {
            tell(callback, context);
        }
    }

    private void CheckPosition(IBatchSource train)
    {
        if (Batch > train.BatchCount)
        {
            throw new InvalidOperationException($"Fit: the run stands at batch {Batch} of an epoch, but the source has {train.BatchCount}. Resume with the data and batch size it was begun with.");
        }
    }
}
