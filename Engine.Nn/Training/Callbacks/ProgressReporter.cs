namespace Engine.Nn;

/// <summary>Reports the progress of a run to an <see cref="IProgress{T}"/>, every few steps and at the end of each epoch.</summary>
/// <remarks>Each report reads the loss and the metrics and so waits for the device; every ten steps that costs nothing to speak of.</remarks>
public sealed class ProgressReporter : Callback
{
    private const int ReportShare = 100;

    // A hundred years in seconds: endless runs have none.
    private const double LongestEta = 3.2e9;

    private readonly IProgress<TrainingProgress> _progress;
    private readonly int _everySteps;
    private readonly TimeSpan? _interval;
    private long _epochStart;
    private long _reported;
    private TimeSpan _pause;
    private long _samplesBefore;
    private int _batchesBefore;
    private long _stepEnd;

    /// <summary>Reports to a listener.</summary>
    public ProgressReporter(IProgress<TrainingProgress> progress, int everySteps = 10)
    {
        ArgumentNullException.ThrowIfNull(progress);
        _progress = progress;
        _everySteps = Hyper.Count(everySteps);
    }

    /// <summary>Reports by the clock instead of by steps, and less often where a report takes long: a hundredth of the time is for them.</summary>
    internal ProgressReporter(IProgress<TrainingProgress> progress, TimeSpan interval)
        : this(progress) => (_interval, _pause) = (interval, interval);

    /// <inheritdoc/>
    public override void OnEpochBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _epochStart = context.Trainer.TimeProvider.GetTimestamp();
        _samplesBefore = context.Samples;
        _batchesBefore = context.Batch;
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _stepEnd = context.Trainer.TimeProvider.GetTimestamp();
        if (context.Batch == context.BatchesPerEpoch || (_interval is null ? context.Step % _everySteps == 0 : context.Trainer.TimeProvider.GetElapsedTime(_reported) >= _pause))
        {
            long begin = _interval is null ? 0 : context.Trainer.TimeProvider.GetTimestamp();
            OrderedDictionary<string, double> metrics = [];
            foreach (Metric metric in context.Trainer.Metrics)
            {
                metrics[metric.Name] = metric.Compute();
            }

            Report(context, context.ReadLoss(), metrics, context.Trainer.TimeProvider.GetElapsedTime(_epochStart), isEpochEnd: false);
            if (_interval is { } interval)
            {
                _reported = context.Trainer.TimeProvider.GetTimestamp();
                _pause = TimeSpan.FromTicks(Math.Max(interval.Ticks, ReportShare * context.Trainer.TimeProvider.GetElapsedTime(begin, _reported).Ticks));
            }
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Report(context, context.Logs["loss"], context.Logs, Trained(context), isEpochEnd: true);
    }

    /// <inheritdoc/>
    public override void OnValidationEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Report(context, context.Logs["loss"], context.Logs, Trained(context), isEpochEnd: false, isPoint: true);

        // The time of training goes on behind that of validation.
        _epochStart += context.Trainer.TimeProvider.GetTimestamp() - _stepEnd;
        _stepEnd = context.Trainer.TimeProvider.GetTimestamp();
    }

    private TimeSpan Trained(TrainingContext context) => context.Trainer.TimeProvider.GetElapsedTime(_epochStart, _stepEnd);

    private void Report(TrainingContext context, double loss, IReadOnlyDictionary<string, double> logs, TimeSpan elapsed, bool isEpochEnd, bool isPoint = false)
    {
        int batches = context.Batch - _batchesBefore;
        double seconds = elapsed.TotalSeconds;
        double left = context.BatchesPerEpoch < 0 ? double.PositiveInfinity : ((long)(context.Epochs - context.Epoch) * context.BatchesPerEpoch) - context.Batch;
        left = context.MaxSteps is { } steps ? Math.Min(left, (double)(steps - context.Step) * context.Trainer.GradientAccumulation) : left;
        _progress.Report(new TrainingProgress(
            context.Epoch,
            context.Epochs,
            context.Batch,
            context.BatchesPerEpoch,
            loss,
            context.Optimizer.LearningRate,
            seconds > 0 ? (context.Samples - _samplesBefore) / seconds : 0,
            batches > 0 && seconds > 0 && seconds / batches * left <= LongestEta ? TimeSpan.FromSeconds(seconds / batches * left) : null,
            logs,
            isEpochEnd)
        { Elapsed = elapsed, Step = context.Step, MaxSteps = context.MaxSteps, IsPoint = isPoint });
    }
}
