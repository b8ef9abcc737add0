namespace Engine;

public abstract partial class Device
{
    private readonly ManualResetEventSlim _recordingEnded = new(initialState: true);
    private int _recordingThread;

    /// <summary>Whether the device can record its work. Where it cannot, a captured step runs its code again at each replay.</summary>
    public virtual bool CanRecord => false;

    /// <summary>Whether any thread records this device's work.</summary>
    internal bool IsBeingRecorded => Volatile.Read(ref _recordingThread) != 0;

    internal bool IsRecordingElsewhere => _recordingThread is var thread && thread != 0 && thread != Environment.CurrentManagedThreadId;

    /// <summary>
    /// Captures a step: runs it <paramref name="warmup"/> times, then records what it does on this device, so that
    /// <see cref="CapturedStep.Replay"/> repeats it at the cost of one launch.
    /// </summary>
    /// <param name="step">
    /// The work to capture, the same each time: fixed shapes, no branch that depends on values, no value that the host reads or sends.
    /// Warm-ups compute it. The recording notes its kernels without running them. After that the code is not run again, unless the device cannot
    /// record (<see cref="CanRecord"/>).
    /// </param>
    /// <param name="inputs">Tensors on this device that <see cref="CapturedStep.Replay"/> is given new values for.</param>
    /// <param name="warmup">
    /// How often the step is run before, at least twice: the first pass makes state and caches and compiles kernels, the others must rent and
    /// return the same memory in the same order as the recording.
    /// </param>
    /// <remarks>
    /// <code>
    /// using CapturedStep step = device.Capture(
    ///     () =>
    ///     {
    ///         optimizer.ZeroGrad();
    ///         Tensor loss = model.Forward(x).CrossEntropy(y);
    ///         loss.Backward();
    ///         optimizer.Step();
    ///         return loss;
    ///     },
    ///     inputs: [x, y]);
    /// step.Replay(images, labels);
    /// double loss = step.Output.Item();      // waits
    /// </code>
    /// Each replay draws new random numbers and uses the present learning rates and step counts: it gives the bits that the step would have
    /// given. No other thread may compute on the device while it records.
    /// </remarks>
    /// <exception cref="CaptureException">The step cannot be captured; the device and its random generators are as before the recording.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two warm-ups.</exception>
    public CapturedStep Capture(Action step, IReadOnlyList<Tensor>? inputs = null, int warmup = 2) =>
        Capture(WithoutOutput(step), inputs, warmup);

    /// <summary>As <see cref="Capture(Action, IReadOnlyList{Tensor}, int)"/>, for a step with one output.</summary>
    /// <inheritdoc cref="Capture(Action, IReadOnlyList{Tensor}, int)"/>
    public CapturedStep Capture(Func<Tensor> step, IReadOnlyList<Tensor>? inputs = null, int warmup = 2) =>
        Capture(WithOneOutput(step), inputs, warmup);

    /// <summary>As <see cref="Capture(Action, IReadOnlyList{Tensor}, int)"/>, for a step with several outputs.</summary>
    /// <inheritdoc cref="Capture(Action, IReadOnlyList{Tensor}, int)"/>
    public CapturedStep Capture(Func<IReadOnlyList<Tensor>> step, IReadOnlyList<Tensor>? inputs = null, int warmup = 2)
    {
        CapturedStep captured = new(this, step, inputs ?? [], warmup, isStrict: true);
        try
        {
            captured.Prepare();
            return captured;
        }
        catch
        {
            captured.Dispose();
            throw;
        }
    }

    /// <summary>
    /// As <see cref="Capture(Action, IReadOnlyList{Tensor}, int)"/>, but nothing happens now: the first <paramref name="warmup"/> calls of
    /// <see cref="CapturedStep.Replay"/> run the step as warm-ups, the next one records and replays it. No step is made twice with one
    /// batch, as a training run wants it. A step that turns out not to be repeatable while it runs is carried out to its end, and its
    /// <see cref="CapturedStep.State"/> is then <see cref="CaptureState.Failed"/>.
    /// </summary>
    /// <inheritdoc cref="Capture(Action, IReadOnlyList{Tensor}, int)"/>
    public CapturedStep CaptureOnUse(Action step, IReadOnlyList<Tensor>? inputs = null, int warmup = 2) =>
        CaptureOnUse(WithoutOutput(step), inputs, warmup);

    /// <summary>As <see cref="CaptureOnUse(Action, IReadOnlyList{Tensor}, int)"/>, for a step with one output.</summary>
    /// <inheritdoc cref="Capture(Action, IReadOnlyList{Tensor}, int)"/>
    public CapturedStep CaptureOnUse(Func<Tensor> step, IReadOnlyList<Tensor>? inputs = null, int warmup = 2) =>
        CaptureOnUse(WithOneOutput(step), inputs, warmup);

    /// <summary>As <see cref="CaptureOnUse(Action, IReadOnlyList{Tensor}, int)"/>, for a step with several outputs.</summary>
    /// <inheritdoc cref="Capture(Action, IReadOnlyList{Tensor}, int)"/>
    public CapturedStep CaptureOnUse(Func<IReadOnlyList<Tensor>> step, IReadOnlyList<Tensor>? inputs = null, int warmup = 2) =>
        new(this, step, inputs ?? [], warmup, isStrict: false);

    /// <summary>From here on kernels and copies on the device are recorded instead of carried out. Core never begins a second recording meanwhile.</summary>
    protected internal virtual void BeginRecording() => throw CannotRecord();

    /// <summary>Ends the recording.</summary>
    protected internal virtual DeviceRecording EndRecording() => throw CannotRecord();

    /// <summary>Forgets an unfinished recording; the device works as before.</summary>
    protected internal virtual void AbortRecording() => throw CannotRecord();

    /// <summary>Keeps other threads from this device's memory until <see cref="UnlockRecording"/>.</summary>
    internal void LockForRecording()
    {
        if (Interlocked.CompareExchange(ref _recordingThread, Environment.CurrentManagedThreadId, 0) != 0)
        {
            throw new CaptureException($"{Name}: another step is being recorded on this device. Record one at a time.");
        }

        _recordingEnded.Reset();
    }

    internal void UnlockRecording()
    {
        Volatile.Write(ref _recordingThread, 0);
        _recordingEnded.Set();
    }

    /// <summary>Lets a thread that prepares data wait for a recording of another one: a matter of milliseconds.</summary>
    internal void WaitForRecording()
    {
        if (IsRecordingElsewhere)
        {
            _recordingEnded.Wait();
        }
    }

    /// <summary>On the thread that captures a step, refuses an access that a recording could not repeat. Other threads wait for the end of a recording.</summary>
    internal void Refuse(string operation, HostAccess access)
    {
        if (CapturePass.On(this) is { } pass)
        {
            pass.Refuse(operation, access);
        }
        else
        {
            WaitForRecording();
        }
    }

    private static Func<IReadOnlyList<Tensor>> WithoutOutput(Action step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return () =>
        {
            step();
            return [];
        };
    }

    private static Func<IReadOnlyList<Tensor>> WithOneOutput(Func<Tensor> step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return () => [step()];
    }

    private NotSupportedException CannotRecord() => new($"{Name}: this device does not record.");
}
