namespace Engine.Nn;

/// <summary>
/// A stretch of code on this thread in which dropout drops at prediction too, while everything else predicts: no module is changed, so that
/// other threads can predict with the same model meanwhile.
/// </summary>
internal ref struct DropoutScope : IDisposable
{
    [ThreadStatic]
    private static int t_depth;

    private bool _ended;

    public static DropoutScope Begin()
    {
        t_depth++;
        return default;
    }

    /// <summary>Whether a layer drops now.</summary>
    public static bool IsOn(Module layer) => layer.IsTraining || t_depth > 0;

    public void Dispose()
    {
        if (!_ended)
        {
            _ended = true;
            t_depth--;
        }
    }
}
