namespace Engine.Backends;

/// <summary>
/// One pass over a step that is being captured (see <see cref="Device.Capture(Action, IReadOnlyList{Tensor}, int)"/>), for code inside the
/// step. Optimizers use it; so can any code with values that the host computes anew for every step.
/// </summary>
/// <remarks>
/// A replay runs the recorded kernels with the recorded arguments: a number that is passed by value keeps its value. A number that is to
/// change lies in device memory:
/// <code>
/// if (CapturePass.Current?.ReplayValues(1, DType.Float32, values => values[0] = NextRate()) is { } rate)
/// {
///     …            // being recorded: kernels read the tensor; NextRate runs before each replay, not now
/// }
/// else
/// {
///     …            // any other time: use NextRate() by value
/// }
/// </code>
/// A pass belongs to the thread that runs the step.
/// </remarks>
public sealed partial class CapturePass
{
    [ThreadStatic]
    private static CapturePass? t_current;

    // Passes under way in the process. Hot paths look at a static field first; thread statics cost more.
    private static volatile int s_passes;

    private readonly PassKind _kind;
    private readonly bool _isStrict;
    private readonly bool _isFirst;
    private readonly ReplayMemory _replayMemory;

    internal CapturePass(Device device, PassKind kind, int number, bool isStrict, PoolTrace? expected, ReplayMemory replayMemory)
    {
        Device = device;
        _kind = kind;
        // The first pass makes the state of optimizers and the caches of layers. All later passes find them.
        _isFirst = kind == PassKind.WarmUp && number == 0;
        _isStrict = isStrict;
        _replayMemory = replayMemory;
        Trace = new PoolTrace(expected, keeps: kind != PassKind.Rerun);
        Draws = new RecordedDraws(this);
        replayMemory.BeginPass();
    }

    /// <summary>The pass that is under way on this thread, or null.</summary>
    public static CapturePass? Current => s_passes == 0 ? null : t_current;

    /// <summary>The device whose work is captured.</summary>
    public Device Device { get; }

    /// <summary>Whether work on the device is recorded rather than carried out. Counts and other state on the host must not change then.</summary>
    public bool IsRecording => _kind == PassKind.Recording;

    internal PoolTrace Trace { get; }

    internal RecordedDraws Draws { get; }

    /// <summary>The refusal that a lenient pass did not throw: the step can be run but not be recorded.</summary>
    internal CaptureException? Violation { get; private set; }

    /// <summary>
    /// Room in device memory for values that the host computes anew for each replay. Every pass over the step has to ask in the same way:
    /// a warm-up gets null but counts the room that is needed; the code then passes its values by value.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="dtype">float32, float64, int32 or int64; to serve as the parameters of a program, the type it computes in.</param>
    /// <param name="fill">
    /// Computes the values for the next replay and updates its own state on the host. Called once before each replay, the first one included,
    /// in the order of the requests. An exception from it ends the captured step.
    /// </param>
    /// <param name="check">
    /// Throws a <see cref="CaptureException"/> where the recording no longer holds. Called before each replay, all of them before the first
    /// <paramref name="fill"/>, so that a replay that is refused has changed nothing.
    /// </param>
    /// <returns>While recording a contiguous tensor [count], which lives as long as the captured step; otherwise null.</returns>
    public Tensor? ReplayValues(int count, DType dtype, Action<Span<double>> fill, Action? check = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentNullException.ThrowIfNull(fill);
        if (dtype != dtype.ComputeType())
        {
            throw new DTypeMismatchException($"ReplayValues: nothing computes in {dtype.ShortName()}; choose f32, f64, i32 or i64.");
        }

        if (IsRecording)
        {
            return _replayMemory.Take(count, dtype, fill, check);
        }

        if (_kind == PassKind.WarmUp)
        {
            _replayMemory.Reserve(count, dtype);
        }

        return null;
    }

    /// <summary>The pass on this thread, if it is one over work of this device.</summary>
    public static CapturePass? On(Device device) => s_passes == 0 || t_current is not { } pass || pass.Device != device ? null : pass;

    /// <summary>The pass on this thread, if it records work of this device.</summary>
    public static CapturePass? RecordingOn(Device device) => On(device) is { IsRecording: true } pass ? pass : null;

    internal void Begin()
    {
        if (t_current is not null)
        {
            throw new CaptureException("A captured step cannot be captured or replayed inside another one. Call it beside it, or call its code.");
        }

        t_current = this;
        Interlocked.Increment(ref s_passes);
    }

    internal void End()
    {
        t_current = null;
        Interlocked.Decrement(ref s_passes);
        Trace.Finish();
    }

    /// <summary>Refuses an access that a recording could not repeat. A lenient pass notes it, the first one allows it.</summary>
    internal void Refuse(string operation, HostAccess access)
    {
        if (_isFirst)
        {
            return;
        }

        CaptureException refusal = new($"{operation}: the step is being captured. {access switch
        {
            HostAccess.Read => "Its replays do not come back to the host, so it cannot look at values. Return the tensor from the step and read it from CapturedStep.Outputs after Replay().",
            HostAccess.Upload => "A replay would repeat the same values. Declare the tensor as an input of the step and pass new values to Replay(), or make it before the step.",
            HostAccess.Random => "A replay would repeat the same numbers. Draw on the device (Rand, Randn, RandInt, Dropout), or make the tensor before the step and pass it as an input.",
            HostAccess.Memory => "Its memory must stay where it is. Do this before or after.",
            _ => "A replay does not wait. Wait after Replay().",
        }}");
        if (_isStrict)
        {
            throw refusal;
        }

        Violation ??= refusal;
    }
}

/// <summary>The purpose of a pass over a captured step.</summary>
internal enum PassKind : byte
{
    /// <summary>The step runs as without capture, and its requests are noted.</summary>
    WarmUp,

    /// <summary>The device records.</summary>
    Recording,

    /// <summary>A replay where the device does not record: the step runs again.</summary>
    Rerun,
}

/// <summary>The actions that a captured step must not take between its kernels.</summary>
internal enum HostAccess : byte
{
    /// <summary>Look at values.</summary>
    Read,

    /// <summary>Send values.</summary>
    Upload,

    /// <summary>Draw random numbers on the host.</summary>
    Random,

    /// <summary>Give memory back to the device.</summary>
    Memory,

    /// <summary>Wait for the device.</summary>
    Wait,
}
