namespace Engine.Nn;

/// <summary>A layer of this library whose only input is one tensor. Its hooks run for every call.</summary>
public abstract class OperationLayer : Layer
{
    private protected OperationLayer()
    {
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">x does not have the axes, channels or sizes that the layer is for.</exception>
    /// <exception cref="DTypeMismatchException">The layer is not for the element type of x.</exception>
    public sealed override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? Call(x) : ForwardTrace.Record(this, x, Apply(x));
    }

    /// <summary>The output, without hooks.</summary>
    private protected abstract Tensor Apply(Tensor x);
}
