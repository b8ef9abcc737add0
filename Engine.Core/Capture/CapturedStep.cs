namespace Engine;

/// <summary>A step, such as one of training, whose work on a device was recorded and can be repeated at the cost of one launch.</summary>
/// <remarks>
/// <para>Made by <see cref="Device.Capture(Action, IReadOnlyList{Tensor}, int)"/>. A replay reads and writes the memory that the recording
/// did: parameters, state and gradients change as if the step had run; all of it stays alive until this is disposed, and blocks that the
/// recording used and returned do not go back to the pool before that. A replay does not wait for the device.</para>
/// <para>On a device that cannot record, a replay runs the step's code again, under the same rules.</para>
/// <para>It is used by one thread at a time.</para>
/// </remarks>
public sealed partial class CapturedStep : IDisposable
{
    private const int FewestWarmUps = 2;

    private readonly CaptureLifecycle _lifecycle = new();
    private readonly Func<IReadOnlyList<Tensor>> _step;
    private readonly Tensor[] _inputs;
    private readonly bool _isStrict;
    private readonly int _warmup;
    private readonly ReplayMemory _values;
    private DeviceRecording? _recording;
    private RecordedMemory? _memory;
    private Exception? _failure;

    internal CapturedStep(Device device, Func<IReadOnlyList<Tensor>> step, IReadOnlyList<Tensor> inputs, int warmup, bool isStrict)
    {
        ArgumentNullException.ThrowIfNull(step);
        Guard.NoNulls(inputs);
        ArgumentOutOfRangeException.ThrowIfLessThan(warmup, FewestWarmUps);
        Device = device;
        _step = step;
        _inputs = [.. inputs];
        _warmup = warmup;
        _isStrict = isStrict;
        _values = new ReplayMemory(device);
        foreach (Tensor input in _inputs)
        {
            ArgumentNullException.ThrowIfNull(input, nameof(inputs));
            if (input.Device != device)
            {
                throw new DeviceMismatchException($"Capture: an input {input.Shape} is on {input.Device}, the step is captured on {device}. Make the input there.");
            }
        }
    }

    /// <summary>Where the work is done.</summary>
    public Device Device { get; }

    /// <summary>Where this step stands.</summary>
    public CaptureState State => _lifecycle.State;

    /// <summary>Whether replays carry out recorded work; otherwise they run the step's code.</summary>
    public bool IsRecorded => _recording is not null;

    /// <summary>How many kernels a replay launches; 0 where nothing is recorded.</summary>
    public int Launches => _recording?.Launches ?? 0;

    /// <summary>How often the step was carried out, warm-ups included.</summary>
    public long Runs { get; private set; }

    /// <summary>The results of the step, in its order; known after the first pass.</summary>
    public IReadOnlyList<CapturedOutput> Outputs { get; private set; } = [];

    /// <summary>The only output of a step with one.</summary>
    /// <exception cref="InvalidOperationException">There is none yet, or there are several.</exception>
    public CapturedOutput Output => Outputs.Count == 1
        ? Outputs[0]
        : throw new InvalidOperationException($"CapturedStep: there are {Outputs.Count} outputs; Output is for a step with one.");

    internal bool HasRun { get; private set; }

    /// <summary>Carries the step out once more, with the inputs' present values or with new ones.</summary>
    /// <param name="inputs">New values for the declared inputs in their order: the same shapes and element types; from any device. None keeps them.</param>
    /// <exception cref="ArgumentException">The number of inputs is another.</exception>
    /// <exception cref="ShapeMismatchException">An input has another shape. A replay repeats the recorded work only; run other shapes without capture.</exception>
    /// <exception cref="DTypeMismatchException">An input has another element type.</exception>
    /// <exception cref="CaptureException">Something that the recording relies on has changed, such as a parameter's memory; or it had failed before.</exception>
    public void Replay(params ReadOnlySpan<Tensor> inputs)
    {
        Guard.NoNulls(inputs);
        if (State == CaptureState.Failed)
        {
            throw new CaptureException($"CapturedStep: it has failed: {_failure?.Message}", _failure);
        }

        ObjectDisposedException.ThrowIf(State == CaptureState.Disposed, this);
        CheckInputs(inputs);
        for (int i = 0; i < inputs.Length; i++)
        {
            if (!ReferenceEquals(inputs[i], _inputs[i]))
            {
                using GradMode.Scope mode = GradMode.Off();
                _inputs[i].CopyFrom(inputs[i]);
            }
        }

        if (State == CaptureState.Pending)
        {
            if (Runs < _warmup)
            {
                RunWarmUp();
                return;
            }

            Record();
        }

        _lifecycle.MoveTo(CaptureState.Replaying);
        CaptureException? refusal = null;
        try
        {
            if (_recording is { } recording)
            {
                _values.Refresh();
                recording.Replay();
                _memory!.MarkWritten();
            }
            else
            {
                refusal = RunAgain();
            }
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }

        HasRun = true;
        Runs++;
        Conclude(refusal, CaptureState.Ready);
    }

    /// <summary>Gives the memory back. It may be called again, but not by the step itself.</summary>
    public void Dispose()
    {
        if (State == CaptureState.Disposed)
        {
            return;
        }

        _lifecycle.MoveTo(CaptureState.Disposed);
        Release();
    }

    private void CheckInputs(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.Length != 0 && inputs.Length != _inputs.Length)
        {
            throw new ArgumentException($"Replay: the step was captured with {_inputs.Length} inputs, {inputs.Length} were given. Pass all of them or none.", nameof(inputs));
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            Tensor expected = _inputs[i], given = inputs[i];
            ArgumentNullException.ThrowIfNull(given, nameof(inputs));
            if (given.Shape != expected.Shape)
            {
                throw new ShapeMismatchException($"Replay: input {i} is {given.Shape}; the step was captured with {expected.Shape}. Run other shapes without capture, or capture a step for them.");
            }

            if (given.DType != expected.DType)
            {
                throw new DTypeMismatchException($"Replay: input {i} is {given.DType.ShortName()}; the step was captured with {expected.DType.ShortName()}. Convert it with To({expected.DType}).");
            }
        }
    }

    /// <summary>Ends a pass that has carried the step out.</summary>
    private void Conclude(CaptureException? refusal, CaptureState next)
    {
        if (refusal is null)
        {
            _lifecycle.MoveTo(next);
            return;
        }

        Fail(refusal);
        if (_isStrict)
        {
            throw refusal;
        }

        // A step that is captured on its first use has run and counts. The next call of Replay reports the refusal.
    }

    private void Fail(Exception cause)
    {
        _failure = cause;
        _lifecycle.MoveTo(CaptureState.Failed);
    }

    private void Release()
    {
        // The driver first: its recording must be gone before anything else gets the memory.
        _recording?.Dispose();
        _recording = null;
        _memory?.Dispose();
        _memory = null;
        _values.Dispose();
        foreach (CapturedOutput output in Outputs)
        {
            output.Dispose();
        }
    }
}
