namespace Engine.Nn;

/// <summary>Listens to the layers that run on this thread: a summary reads shapes from it, a test activations.</summary>
/// <remarks>
/// Every built-in layer and <see cref="Sequential"/> report here. Without a listener it costs one thread-static read per layer.
/// </remarks>
internal sealed class ForwardTrace : IDisposable
{
    [ThreadStatic]
    private static ForwardTrace? t_current;

    private readonly ForwardTrace? _outer;
    private readonly Action<Module, Tensor, Tensor> _listener;
    private (Module? Module, Tensor? Output) _last;

    private ForwardTrace(Action<Module, Tensor, Tensor> listener)
    {
        _listener = listener;
        _outer = t_current;
        t_current = this;
    }

    public static bool IsActive => t_current is not null;

    /// <summary>Calls <paramref name="listener"/> with module, input and output until disposed.</summary>
    public static ForwardTrace Begin(Action<Module, Tensor, Tensor> listener) => new(listener);

    /// <summary>Reports a finished layer and returns its output.</summary>
    /// <exception cref="ArgumentException">There is none: the layer's own code returned null.</exception>
    public static Tensor Record(Module module, Tensor x, Tensor y)
    {
        if (y is null)
        {
            throw new ArgumentException($"{module.GetType().Name}: Forward returned null; it must return a tensor.", nameof(module));
        }

        if (t_current is { } trace && trace._last != (module, y))
        {
            // A layer that reports itself is also reported by the Sequential around it; once is enough.
            trace._last = (module, y);
            trace._listener(module, x, y);
        }

        return y;
    }

    /// <summary>As <see cref="Record"/>, for a layer that may have reported itself with an output that hooks have since replaced.</summary>
    public static Tensor RecordOnce(Module module, Tensor x, Tensor y) => t_current is { } trace && ReferenceEquals(trace._last.Module, module) ? y : Record(module, x, y);

    public void Dispose() => t_current = _outer;
}
