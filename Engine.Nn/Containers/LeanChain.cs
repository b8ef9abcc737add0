namespace Engine.Nn;

/// <summary>
/// Disposes the tensors between the layers of a chain, where nothing is recorded and a <see cref="TensorScope"/> would dispose them at its end in any case: a
/// prediction then needs the memory of a few layers, not of all. Only the engine's own layers are known to keep neither their input nor their output.
/// </summary>
internal ref struct LeanChain
{
    // Containers can hold each other.
    private const int Deepest = 4;

    private readonly bool _isOn;
    private bool _isOurs;

    public LeanChain() => _isOn = TensorScope.IsActive && !GradMode.IsEnabled && !ForwardTrace.IsActive;

    /// <summary>
    /// Calls the layer and disposes its temporaries. Then it disposes the input, if that is the result of the link before. Of a layer that may keep tensors,
    /// nothing is disposed.
    /// </summary>
    public Tensor Call(Layer layer, Tensor x, Func<Layer, Tensor, Tensor> call)
    {
        if (!_isOn || !KeepsNothing(layer, Deepest))
        {
            _isOurs = false;
            return call(layer, x);
        }

        using TensorScope inside = TensorScope.Begin();
        Tensor y = call(layer, x);
        bool isOurs = inside.TryKeep(y);
        if (_isOurs && !ReferenceEquals(x, y))
        {
            x.Dispose();
        }

        _isOurs = isOurs || (_isOurs && ReferenceEquals(x, y));
        return y;
    }

    /// <summary>Whether a layer keeps neither its input nor its output. Layers of other assemblies may keep them, and so may hooks.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="depth">The number of nested containers that may be searched.</param>
    public static bool KeepsNothing(Layer layer, int depth) =>
        depth > 0 && !layer.IsWatched && layer.GetType().Assembly == typeof(Layer).Assembly && layer.KeepsNothing(depth);
}
