namespace Engine.Nn;

// Captured steps.
public sealed partial class Trainer
{
    private CapturedStep? _captured;
    private Tensor? _inputs;
    private Tensor? _targets;
    private (Shape Inputs, DType InputType, Shape Targets, DType TargetType)? _shapes;

    /// <summary>
    /// Whether steps are captured and replayed, which saves the host's work: on a card small models train several times faster. The results
    /// have the same bits. Batches of another size than most, such as an epoch's last one, run without capture.
    /// </summary>
    /// <remarks>
    /// The model must do the same work in each step (see <see cref="Device.Capture(Action, IReadOnlyList{Tensor}, int)"/>); its code
    /// does not run in a replay. Not together with <see cref="GradientAccumulation"/>.
    /// </remarks>
    public CaptureMode Capture { get; init; }

    /// <summary>Why the step could not be captured although <see cref="Capture"/> is <see cref="CaptureMode.Auto"/>; null where it was or was not tried.</summary>
    public string? CaptureRefusal { get; private set; }

    /// <summary>Whether steps are replayed at present.</summary>
    public bool IsCaptured => _captured is { State: CaptureState.Ready };

    /// <summary>Whether the next step is to run the model's code, so that hooks see it.</summary>
    internal bool AvoidsCapture { get; set; }

    private void CheckCapture()
    {
        if (Capture == CaptureMode.Always && GradientAccumulation > 1)
        {
            throw new InvalidOperationException($"Fit: a step of {GradientAccumulation} mini-batches cannot be captured. Set Capture to Never, or GradientAccumulation to 1.");
        }
    }

    /// <summary>Makes a whole step by way of a recording; false if the step has to run without one.</summary>
    private bool TryCapturedStep(Batch batch)
    {
        if (Capture == CaptureMode.Never || CaptureRefusal is not null || AvoidsCapture || GradientAccumulation > 1
            || (Capture == CaptureMode.Auto && !batch.Inputs.Device.CanRecord))
        {
            return false;
        }

        var shapes = (batch.Inputs.Shape, batch.Inputs.DType, batch.Targets.Shape, batch.Targets.DType);
        if (_captured is null && _shapes != shapes)
        {
            // Capture once two consecutive batches have the same shape.
            _shapes = shapes;
            return false;
        }

        if (_shapes != shapes)
        {
            return false;
        }

        CapturedStep step = _captured ??= NewStep(batch);
        bool wasReady = step.State == CaptureState.Ready, wasRecorded = step.IsRecorded;
        try
        {
            step.Replay(batch.Inputs, batch.Targets);
        }
        catch (CaptureException e) when (wasRecorded || Capture == CaptureMode.Auto)
        {
            // A recording fails if something that it relies on has changed, such as the parameters to train: a new one is made later. A first
            // capture that fails is not tried again.
            CaptureRefusal = wasRecorded ? null : e.Message;
            EndCapture();
            return false;
        }

        CountCaptured(step, batch.Count);
        if (wasReady && step.State == CaptureState.Failed)
        {
            // A device without recordings runs the step anew. It found a change during the step, which has still run to its end.
            EndCapture();
        }

        return true;
    }

    private CapturedStep NewStep(Batch batch)
    {
        using TensorScope outside = TensorScope.Suspend();
        Tensor inputs = _inputs = batch.Inputs.EmptyLike(), targets = _targets = batch.Targets.EmptyLike();
        return inputs.Device.CaptureOnUse(
            () =>
            {
                BeginStep();
                (Tensor prediction, Tensor loss) = Forward(inputs, targets);
                Backward(loss);
                return Apply() is { } isClipped ? [loss, prediction, isClipped] : [loss, prediction];
            },
            [inputs, targets]);
    }

    /// <summary>The figures are summed up outside the recording: metrics may count on the host.</summary>
    private void CountCaptured(CapturedStep step, int count)
    {
        using TensorScope scope = TensorScope.Begin();
        _lossSum.Add(step.Outputs[0].Buffer, count);
        _samples += count;
        if (ClipGradNorm is not null)
        {
            _clippedSteps.AddFlag(step.Outputs[2].Buffer);
        }

        foreach (Metric metric in Metrics)
        {
            metric.Update(step.Outputs[1].Buffer, _targets!);
        }
    }

    private void EndCapture()
    {
        _captured?.Dispose();
        _inputs?.Dispose();
        _targets?.Dispose();
        (_captured, _inputs, _targets, _shapes) = (null, null, null, null);
    }
}
