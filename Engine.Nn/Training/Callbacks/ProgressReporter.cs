namespace Engine.Nn;

/// <summary>Tells an <see cref="IProgress{T}"/> where the run stands, every few steps and at the end of each epoch.</summary>
/// <remarks>Each report reads the loss and the metrics and so waits for the device; every ten steps that costs nothing to speak of.</remarks>
public sealed class ProgressReporter : Callback
{
    private readonly IProgress<TrainingProgress> _progress;
    private readonly int _everySteps;
    private long _epochStart;
    private long _samplesBefore;
    private int _batchesBefore;
    private TimeSpan _trained;

    /// <summary>Reports to a listener.</summary>
    public ProgressReporter(IProgress<TrainingProgress> progress, int everySteps = 10)
    {
        ArgumentNullException.ThrowIfNull(progress);
        _progress = progress;
        _everySteps = Hyper.Count(everySteps);
    }

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
        bool last = context.Batch == context.BatchesPerEpoch;
        if (last)
        {
            _trained = context.Trainer.TimeProvider.GetElapsedTime(_epochStart);
        }

        if (context.Step % _everySteps == 0 || last)
        {
            OrderedDictionary<string, double> metrics = [];
            foreach (Metric metric in context.Trainer.Metrics)
            {
                metrics[metric.Name] = metric.Compute();
            }

            Report(context, context.ReadLoss(), metrics, context.Trainer.TimeProvider.GetElapsedTime(_epochStart), isEpochEnd: false);
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Report(context, context.Logs["loss"], context.Logs, _trained, isEpochEnd: true);
    }

    private void Report(TrainingContext context, double loss, IReadOnlyDictionary<string, double> logs, TimeSpan elapsed, bool isEpochEnd)
    {
        int batches = context.Batch - _batchesBefore;
        double seconds = elapsed.TotalSeconds;
        long left = ((long)(context.Epochs - context.Epoch) * context.BatchesPerEpoch) - context.Batch;
        _progress.Report(new TrainingProgress(
            context.Epoch,
            context.Epochs,
            context.Batch,
            context.BatchesPerEpoch,
            loss,
            context.Optimizer.LearningRate,
            seconds > 0 ? (context.Samples - _samplesBefore) / seconds : 0,
            batches > 0 && seconds > 0 ? TimeSpan.FromSeconds(seconds / batches * left) : null,
            logs,
            isEpochEnd));
    }
}
