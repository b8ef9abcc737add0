namespace Engine.Nn;

/// <summary>
/// Lets go of what a chain of layers makes on its way, where nothing is recorded and a <see cref="TensorScope"/> would dispose it at its end in any case: a prediction
/// then needs the memory of a few layers, not of all. Only the engine's own layers are trusted to keep neither what they get nor what they return.
/// </summary>
internal ref struct LeanChain
{
    // Containers can hold each other.
    private const int Deepest = 4;

    private readonly bool _isOn;
    private bool _isOurs;

    public LeanChain() => _isOn = TensorScope.IsActive && !GradMode.IsEnabled && !ForwardTrace.IsActive;

    /// <summary>
    /// Calls the layer, disposes what it made but its result, and then its input where that is the result of the link before. A layer that may keep what it sees is only called, and what it
    /// returns is kept.
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

    /// <summary>Whether a layer keeps neither what it gets nor what it returns. Of layers of others nobody knows, and a hook may keep what it sees.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="depth">How many containers deeper the answer may be looked for.</param>
    public static bool KeepsNothing(Layer layer, int depth) =>
        depth > 0 && !layer.IsWatched && layer.GetType().Assembly == typeof(Layer).Assembly && layer.KeepsNothing(depth);
}
