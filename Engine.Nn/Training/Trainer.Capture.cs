namespace Engine.Nn;

// Captured steps.
public sealed partial class Trainer
{
    private CapturedStep? _captured;
    private Batch _buffers;
    private BatchForm? _form;
    private string[]? _outputNames;

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
            || (Capture == CaptureMode.Auto && !batch.AllInputs[0].Device.CanRecord))
        {
            return false;
        }

        if (_form?.Fits(batch) != true)
        {
            // Capture once two consecutive batches have the same shapes.
            _form = _captured is null ? new BatchForm(batch) : _form;
            return false;
        }

        CapturedStep step = _captured ??= NewStep(batch);
        bool wasReady = step.State == CaptureState.Ready, wasRecorded = step.IsRecorded;
        try
        {
            step.Replay(batch.Tensors());
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
        Batch buffers = _buffers = batch.Select(static t => t.EmptyLike());
        return buffers.AllInputs[0].Device.CaptureOnUse(
            () =>
            {
                BeginStep();
                (Tensors predictions, Tensor loss) = ForwardWithLoss(buffers);
                Backward(loss);
                _outputNames = predictions.Names.Count > 0 ? [.. predictions.Names] : null;
                return Apply() is { } isClipped ? [loss, .. predictions, isClipped] : [loss, .. predictions];
            },
            buffers.Tensors());
    }

    /// <summary>The figures are summed up outside the recording: metrics may count on the host.</summary>
    private void CountCaptured(CapturedStep step, int count)
    {
        using TensorScope scope = TensorScope.Begin();
        _lossSum.Add(step.Outputs[0].Buffer, count);
        _samples += count;
        if (ClipGradNorm is not null)
        {
            _clippedSteps.AddFlag(step.Outputs[^1].Buffer);
        }

        int outputs = step.Outputs.Count - 1 - (ClipGradNorm is null ? 0 : 1);
        Tensors predictions = Tensors.From([.. step.Outputs.Skip(1).Take(outputs).Select(static o => o.Buffer)], _outputNames);
        foreach (Metric metric in Metrics)
        {
            metric.Update(predictions, _buffers);
        }
    }

    private void EndCapture()
    {
        _captured?.Dispose();
        _buffers.Dispose();
        (_captured, _buffers, _form) = (null, default, null);
    }
}
