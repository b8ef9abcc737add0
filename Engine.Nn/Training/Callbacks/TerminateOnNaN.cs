namespace Engine.Nn;

/// <summary>Ends a run whose loss has become NaN or infinite: nothing good comes after it.</summary>
/// <remarks>A sum that has met a NaN stays NaN, so looking every few steps misses none; each look waits for the device.</remarks>
public sealed class TerminateOnNaN : Callback
{
    private readonly int _everySteps;

    /// <summary>Looks at the loss every few steps and at the end of each epoch.</summary>
    public TerminateOnNaN(int everySteps = 10)
    {
        _everySteps = Hyper.Count(everySteps);
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Step % _everySteps == 0 || context.Batch == context.BatchesPerEpoch)
        {
            double loss = context.ReadLoss();
            if (!double.IsFinite(loss))
            {
                context.RequestStop($"The loss became {loss} within {_everySteps} steps before step {context.Step}, in epoch {context.Epoch}. A smaller learning rate or gradient clipping may help.");
            }
        }
    }
}
