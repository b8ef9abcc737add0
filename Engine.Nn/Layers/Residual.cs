namespace Engine.Nn;

/// <summary>A shortcut around other layers: <c>y = body(x) + shortcut(x)</c>, the shortcut being x itself unless given (He et al. 2016).</summary>
/// <remarks>
/// Shapes: whatever body and shortcut make of x; they must agree or broadcast. Where the body ends in a batch normalisation, the sum and a
/// <see cref="Relu"/> after this layer are computed in its pass.
/// </remarks>
/// <param name="body">The layer whose output is added to x.</param>
/// <param name="shortcut">Fits x to the shape of the body's output; null where they agree.</param>
public sealed partial class Residual(Layer body, Layer? shortcut = null) : Layer, IFusesRelu
{
    /// <summary>The layer whose output is added to x.</summary>
    public Layer Body { get; } = body ?? throw new ArgumentNullException(nameof(body));

    /// <summary>The layer on the path of x; null for none.</summary>
    public Layer? Shortcut { get; } = shortcut;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return Forward(x, relu: false);
    }

    /// <inheritdoc/>
    Tensor IFusesRelu.Forward(Tensor x, bool relu)
    {
        if (Intercepts)
        {
            Tensor y = Call(x);
            return relu ? y.Relu() : y;
        }

        return Forward(x, relu);
    }

    internal override bool KeepsNothing(int depth) =>
        LeanChain.KeepsNothing(Body, depth - 1) && (Shortcut is null || LeanChain.KeepsNothing(Shortcut, depth - 1));

    private Tensor Forward(Tensor x, bool relu)
    {
        ModuleTree.CheckStack(this);
        if (Body is IFusesResidual { CanFuse: true } fusing && !ForwardTrace.IsActive)
        {
            return fusing.Forward(x, Shortcut?.Forward(x) ?? x, relu);
        }

        Tensor y = Body.Forward(x), added = Shortcut?.Forward(x) ?? x;
        return ForwardTrace.Record(this, x, relu ? y.AddRelu(added) : y + added);
    }
}
