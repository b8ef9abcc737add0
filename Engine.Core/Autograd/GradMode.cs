namespace Engine;

/// <summary>Whether operations on this thread remember how to differentiate themselves.</summary>
public static class GradMode
{
    [ThreadStatic]
    private static bool t_off;

    /// <summary>True unless a <see cref="Off"/> is in force on this thread.</summary>
    public static bool IsEnabled => !t_off;

    /// <summary>Stops recording until disposed: <c>using var _ = GradMode.Off();</c>.</summary>
    public static Scope Off() => Set(enabled: false);

    /// <summary>Records again, inside an <see cref="Off"/>.</summary>
    public static Scope On() => Set(enabled: true);

    internal static Scope Set(bool enabled)
    {
        Scope scope = new(t_off);
        t_off = !enabled;
        return scope;
    }

    /// <summary>Restores the mode before it. The compiler refuses to carry it across an <c>await</c>.</summary>
    public ref struct Scope : IDisposable
    {
        private readonly bool _before;
        private bool _ended;

        internal Scope(bool before) => _before = before;

        /// <summary>Ends the scope.</summary>
        public void Dispose()
        {
            if (!_ended)
            {
                _ended = true;
                t_off = _before;
            }
        }
    }
}
