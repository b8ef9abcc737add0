namespace Engine;

// The passes over the step's code: warm-ups, the recording, and replays where the device does not record.
public sealed partial class CapturedStep
{
    private PoolTrace? _trace;

    /// <summary>All warm-ups and the recording.</summary>
    internal void Prepare()
    {
        while (Runs < _warmup)
        {
            RunWarmUp();
        }

        Record();
    }

    private void RunWarmUp()
    {
        _lifecycle.MoveTo(CaptureState.WarmingUp);
        int number = (int)Runs;
        // The first pass makes state that the second finds: only from then on they are alike.
        CapturePass pass = NewPass(PassKind.WarmUp, number, _isStrict, number == 1 ? null : _trace);
        try
        {
            Run(pass);
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }

        _trace = pass.Trace;
        HasRun = true;
        Runs++;
        Conclude(Refusal(pass), CaptureState.Pending);
    }

    private CaptureException? RunAgain()
    {
        CapturePass pass = NewPass(PassKind.Rerun, 0, _isStrict, _trace);
        Run(pass);
        return Refusal(pass);
    }

    private void Record()
    {
        if (!Device.CanRecord)
        {
            _lifecycle.MoveTo(CaptureState.Ready);
            return;
        }

        _lifecycle.MoveTo(CaptureState.Recording);
        try
        {
            _values.Allocate();
            Device.LockForRecording();
            try
            {
                Device.Pool.Provide(_trace!.Needs);
                RecordLocked();
            }
            finally
            {
                Device.UnlockRecording();
            }
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }

        _lifecycle.MoveTo(CaptureState.Ready);
        HasRun = false;
    }

    private void RecordLocked()
    {
        CapturePass pass = NewPass(PassKind.Recording, 0, isStrict: true, _trace);
        int[] inputVersions = [.. _inputs.Select(static i => i.Storage.Version)];
        Device.BeginRecording();
        DeviceRecording recording;
        try
        {
            Run(pass);
            if (Refusal(pass) is { } refusal)
            {
                throw refusal;
            }

            for (int i = 0; i < _inputs.Length; i++)
            {
                if (_inputs[i].Storage.Version != inputVersions[i])
                {
                    throw new CaptureException($"Capture: the step writes over its input {i} {_inputs[i].Shape}. Clone() it in the step, or do not declare it as an input.");
                }
            }

            pass.Draws.Rewind(check: true);
            recording = Device.EndRecording();
        }
        catch
        {
            pass.Draws.Rewind(check: false);
            pass.DropMemory();
            Device.AbortRecording();
            throw;
        }

        (_recording, _memory) = (recording, pass.TakeMemory());
    }

    private CapturePass NewPass(PassKind kind, int number, bool isStrict, PoolTrace? expected) =>
        new(Device, kind, number, isStrict, expected, _values);

    /// <summary>Runs the code and copies its results into the memory of the outputs.</summary>
    private void Run(CapturePass pass)
    {
        pass.Begin();
        try
        {
            using TensorScope scope = TensorScope.Begin();
            IReadOnlyList<Tensor> results = Checked(_step());
            if (!HasRun && Outputs.Count == 0)
            {
                Outputs = [.. results.Select(r => new CapturedOutput(this, BufferFor(r)))];
            }

            CopyOutputs(results);
        }
        finally
        {
            pass.End();
        }
    }

    private static IReadOnlyList<Tensor> Checked(IReadOnlyList<Tensor> results)
    {
        for (int i = 0; i < (results ?? throw new CaptureException("Capture: the step returned null. Return its outputs, or capture an action.")).Count; i++)
        {
            if (results[i] is null)
            {
                throw new CaptureException($"Capture: output {i} of the step is null. Return tensors, or capture an action.");
            }
        }

        return results;
    }

    private static Tensor BufferFor(Tensor result)
    {
        using TensorScope outside = TensorScope.Suspend();
        return Tensor.Allocate(result.Shape, result.DType, result.Device);
    }

    private void CopyOutputs(IReadOnlyList<Tensor> results)
    {
        if (results.Count != Outputs.Count)
        {
            throw new CaptureException($"Capture: the step returned {results.Count} tensors, {Outputs.Count} before. Make each pass the same.");
        }

        using GradMode.Scope mode = GradMode.Off();
        for (int i = 0; i < results.Count; i++)
        {
            Tensor buffer = Outputs[i].Memory, result = results[i];
            if (result.Device != Device)
            {
                throw new DeviceMismatchException($"Capture: output {i} is on {result.Device}, the step is captured on {Device}.");
            }

            if (result.Shape != buffer.Shape || result.DType != buffer.DType)
            {
                throw new CaptureException(
                    $"Capture: output {i} is {result.DType.ShortName()} {result.Shape}, before it was {buffer.DType.ShortName()} {buffer.Shape}. Make each pass the same.");
            }

            buffer.CopyFrom(result);
        }
    }

    /// <summary>The reason why a recording cannot repeat the pass; null if it can.</summary>
    private static CaptureException? Refusal(CapturePass pass) => pass.Violation ?? (pass.Trace.Difference is { } difference
        ? new CaptureException(
            $"Capture: the step did not do the same again: {difference}. It branches on values or on the host's state, shapes change, or it keeps more memory each time. Make each pass the same.")
        : null);
}
