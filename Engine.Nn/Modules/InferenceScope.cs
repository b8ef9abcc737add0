namespace Engine.Nn;

/// <summary>
/// A stretch of code on this thread in which every module behaves as in evaluation and nothing is recorded for gradients:
/// <c>using InferenceScope _ = InferenceScope.Begin();</c>
/// </summary>
/// <remarks>
/// Modules are not changed, so that any number of threads can predict with one model, even one that is being asked for its mode elsewhere.
/// A <c>ref struct</c>: the compiler refuses to carry it across an <c>await</c>, where the thread could change.
/// </remarks>
public ref struct InferenceScope : IDisposable
{
    [ThreadStatic]
    private static int t_depth;

    private GradMode.Scope _mode;
    private bool _ended;

    private InferenceScope(GradMode.Scope mode) => _mode = mode;

    /// <summary>Whether this thread is inside a scope.</summary>
    public static bool IsActive => t_depth > 0;

    /// <summary>Begins a scope on this thread.</summary>
    public static InferenceScope Begin()
    {
        t_depth++;
        return new InferenceScope(GradMode.Off());
    }

    /// <summary>Ends the scope.</summary>
    public void Dispose()
    {
        if (!_ended)
        {
            _ended = true;
            t_depth--;
            _mode.Dispose();
        }
    }
}
