namespace Engine;

/// <summary>A hook that was registered; disposing the handle removes it. A handle that is forgotten removes nothing.</summary>
/// <remarks>Any thread may dispose it, more than once. A call or pass that has begun already may still run the hook.</remarks>
public sealed class HookHandle : IDisposable
{
    private Action? _remove;

    /// <summary>The handle of a registered hook.</summary>
    /// <param name="remove">Removes the hook; called once.</param>
    public HookHandle(Action remove)
    {
        ArgumentNullException.ThrowIfNull(remove);
        _remove = remove;
    }

    /// <summary>Removes the hook.</summary>
    public void Dispose() => Interlocked.Exchange(ref _remove, null)?.Invoke();
}
