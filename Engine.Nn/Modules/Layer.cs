namespace Engine.Nn;

/// <summary>A module that turns one tensor into another, as the members of a <see cref="Sequential"/> do.</summary>
public abstract class Layer : Module
{
    /// <summary>Computes the output for a batch.</summary>
    public abstract Tensor Forward(Tensor x);

    /// <summary>
    /// The output in evaluation mode, without gradients and without changing the layer's mode. Safe to call from many threads at once;
    /// intermediate memory is given back before it returns.
    /// </summary>
    public Tensor Predict(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        using InferenceScope inference = InferenceScope.Begin();
        using TensorScope scope = TensorScope.Begin();
        Tensor y = Forward(x);
        return scope.Keep(ReferenceEquals(y, x) ? x.Alias() : y);
    }
}
