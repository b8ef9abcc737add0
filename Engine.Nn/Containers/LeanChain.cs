namespace Engine.Nn;

/// <summary>
/// Lets go of what a chain of layers makes on its way, where nothing is recorded and a <see cref="TensorScope"/> would dispose it at its end in any case: a prediction
/// then needs the memory of one layer, not of all. Only the engine's own layers are trusted to keep neither what they get nor what they return.
/// </summary>
internal ref struct LeanChain
{
    private readonly bool _isOn;
    private bool _isOurs;

    public LeanChain() => _isOn = TensorScope.IsActive && !GradMode.IsEnabled && !ForwardTrace.IsActive;

    /// <summary>Whether a layer may be a link of the chain. One that is not keeps what it got, and what it returns is kept.</summary>
    public bool IsOn(Layer layer)
    {
        if (_isOn && KeepsNothing(layer))
        {
            return true;
        }

        _isOurs = false;
        return false;
    }

    /// <summary>Calls the layer, disposes what it made but its result, and then its input where that is the result of the link before.</summary>
    public Tensor Link(Layer layer, Tensor x, Func<Layer, Tensor, Tensor> call)
    {
        using TensorScope inside = TensorScope.Begin();
        Tensor y = call(layer, x);
        bool isOurs = inside.HandOn(y);
        if (_isOurs && !ReferenceEquals(x, y))
        {
            x.Dispose();
        }

        _isOurs = isOurs || (_isOurs && ReferenceEquals(x, y));
        return y;
    }

    /// <summary>Whether a layer keeps neither what it gets nor what it returns. Containers may hold layers of others, and a hook may keep what it sees.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="depth">How many containers deeper the answer may be looked for: containers can hold each other.</param>
    private static bool KeepsNothing(Layer layer, int depth = 4)
    {
        if (layer.IsWatched || layer.GetType().Assembly != typeof(Layer).Assembly || depth == 0)
        {
            return false;
        }

        switch (layer)
        {
            case Lambda or Ensemble or MonteCarloDropout:
                return false;
            case Residual residual:
                return KeepsNothing(residual.Body, depth - 1) && (residual.Shortcut is null || KeepsNothing(residual.Shortcut, depth - 1));
            case Sequential chain:
                for (int i = 0; i < chain.Count; i++)
                {
                    if (!KeepsNothing(chain[i], depth - 1))
                    {
                        return false;
                    }
                }

                return true;
            default:
                return true;
        }
    }
}
