namespace Engine;

/// <summary>Where a <see cref="CapturedStep"/> stands.</summary>
public enum CaptureState : byte
{
    /// <summary>Warm-ups, or the recording, are still to come.</summary>
    Pending,

    /// <summary>A warm-up is running.</summary>
    WarmingUp,

    /// <summary>The step is being recorded: nothing is computed.</summary>
    Recording,

    /// <summary>It can be replayed.</summary>
    Ready,

    /// <summary>A replay is being started.</summary>
    Replaying,

    /// <summary>The step could not be captured, or a replay failed; only <see cref="CapturedStep.Dispose"/> is left.</summary>
    Failed,

    /// <summary>Its memory has gone back to the pool.</summary>
    Disposed,
}

/// <summary>The states of a captured step and the moves between them; a move that is not in the table throws and changes nothing.</summary>
internal sealed class CaptureLifecycle
{
    private static readonly (CaptureState From, CaptureState To)[] s_moves =
    [
        (CaptureState.Pending, CaptureState.WarmingUp),
        (CaptureState.WarmingUp, CaptureState.Pending),
        (CaptureState.Pending, CaptureState.Recording),
        // Where the device does not record.
        (CaptureState.Pending, CaptureState.Ready),
        (CaptureState.Recording, CaptureState.Ready),
        (CaptureState.Ready, CaptureState.Replaying),
        (CaptureState.Replaying, CaptureState.Ready),
        (CaptureState.WarmingUp, CaptureState.Failed),
        (CaptureState.Recording, CaptureState.Failed),
        (CaptureState.Replaying, CaptureState.Failed),
        (CaptureState.Pending, CaptureState.Disposed),
        (CaptureState.Ready, CaptureState.Disposed),
        (CaptureState.Failed, CaptureState.Disposed),
    ];

    /// <summary>The present state.</summary>
    public CaptureState State { get; private set; }

    /// <summary>Goes to another state.</summary>
    /// <exception cref="ObjectDisposedException">The step was disposed.</exception>
    /// <exception cref="CaptureException">There is no such move.</exception>
    public void MoveTo(CaptureState next)
    {
        if (Array.IndexOf(s_moves, (State, next)) < 0)
        {
            ObjectDisposedException.ThrowIf(State == CaptureState.Disposed, typeof(CapturedStep));
            throw new CaptureException(State switch
            {
                CaptureState.Failed => "CapturedStep: the capture has failed; dispose it and capture again.",
                CaptureState.WarmingUp or CaptureState.Recording or CaptureState.Replaying =>
                    $"CapturedStep: it is {Describe(State)}; it cannot be {Describe(next)} meanwhile. A step must not replay or dispose itself.",
                _ => $"CapturedStep: it is {Describe(State)}; it cannot be {Describe(next)}.",
            });
        }

        State = next;
    }

    private static string Describe(CaptureState state) => state switch
    {
        CaptureState.Pending => "waiting for its next pass",
        CaptureState.WarmingUp => "warming up",
        CaptureState.Recording => "being recorded",
        CaptureState.Ready => "ready",
        CaptureState.Replaying => "being replayed",
        CaptureState.Failed => "failed",
        _ => "disposed",
    };
}
