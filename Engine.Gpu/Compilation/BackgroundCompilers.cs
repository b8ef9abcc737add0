namespace Engine.Gpu;

/// <summary>
/// Threads of the pool that are inside a driver's compiler. The process must not end under them: drivers destroy their compilers then,
/// whoever is at work in them.
/// </summary>
internal sealed class BackgroundCompilers
{
    private readonly object _lock = new();
    private int _running;
    private bool _isEnding;

    /// <summary>Those of this process.</summary>
    public static BackgroundCompilers Shared { get; } = EndingWithTheProcess();

    /// <summary>Begins, unless the process is ending; <see cref="Leave"/> has to follow.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            _running += _isEnding ? 0 : 1;
            return !_isEnding;
        }
    }

    /// <summary>Ends the work that <see cref="TryEnter"/> began.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _running--;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Refuses new work and waits for the work under way.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isEnding = true;
            while (_running > 0)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    private static BackgroundCompilers EndingWithTheProcess()
    {
        BackgroundCompilers compilers = new();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => compilers.End();
        return compilers;
    }
}
