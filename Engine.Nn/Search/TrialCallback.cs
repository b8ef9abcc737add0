namespace Engine.Nn;

/// <summary>Reports a figure of each epoch to a <see cref="Trial"/> and ends the run when the trial is given up. The step is the number of epochs done, from 1.</summary>
public sealed class TrialCallback : Callback
{
    private readonly Trial _trial;
    private readonly string _figure;

    /// <summary>Reports a figure of the logs.</summary>
    public TrialCallback(Trial trial, string figure = "val_loss")
    {
        ArgumentNullException.ThrowIfNull(trial);
        ArgumentException.ThrowIfNullOrEmpty(figure);
        _trial = trial;
        _figure = figure;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The run will not have the figure; the message lists those it will.</exception>
    public override void OnTrainBegin(TrainingContext context) => MetricMonitor.CheckName(context, Name, _figure);

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_trial.Report(context.Epoch + 1, context.Logs[_figure]))
        {
            context.RequestStop($"Trial {_trial.Number} was given up after epoch {context.Epoch}.");
        }
    }
}
