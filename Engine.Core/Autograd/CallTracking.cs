namespace Engine.Backends;

/// <summary>Where on this thread a computation takes place: the call of a module, inside of another's.</summary>
/// <param name="outer">The call around it; null for the outermost one.</param>
public abstract class CallFrame(CallFrame? outer)
{
    /// <summary>The call around it; null for the outermost one.</summary>
    public CallFrame? Outer { get; } = outer;

    /// <summary>The name of the call in messages: "layer1.0.conv1 (Conv2d)".</summary>
    public abstract string Describe();
}

/// <summary>
/// Whether steps of the graph remember the call of a module in which they were made. It is off in ordinary training, where it costs
/// a look at a static field.
/// </summary>
public static class CallTracking
{
    // Scopes in the process. Thread statics cost more than a static field.
    private static volatile int s_scopes;

    [ThreadStatic]
    private static int t_depth;

    [ThreadStatic]
    private static CallFrame? t_frame;

    /// <summary>Whether steps on this thread remember their call.</summary>
    public static bool IsOn => s_scopes != 0 && t_depth > 0;

    /// <summary>The innermost call on this thread; null outside of all calls or without tracking.</summary>
    public static CallFrame? Frame => IsOn ? t_frame : null;

    internal static void Begin()
    {
        Interlocked.Increment(ref s_scopes);
        t_depth++;
    }

    internal static void End()
    {
        t_depth--;
        Interlocked.Decrement(ref s_scopes);
    }

    /// <summary>Makes a call the innermost one; returns the call to restore at its end.</summary>
    public static CallFrame? Enter(CallFrame? frame)
    {
        CallFrame? before = t_frame;
        t_frame = frame;
        return before;
    }
}
