namespace Engine.Nn;

/// <summary>A shortcut around other layers: <c>y = body(x) + shortcut(x)</c>, the shortcut being x itself unless given (He et al. 2016).</summary>
/// <remarks>Shapes: whatever body and shortcut make of x; they must agree or broadcast.</remarks>
/// <param name="body">What is added to x.</param>
/// <param name="shortcut">Fits x to the shape of the body's output; null where they agree.</param>
public sealed partial class Residual(Layer body, Layer? shortcut = null) : Layer
{
    /// <summary>What is added to x.</summary>
    public Layer Body { get; } = body ?? throw new ArgumentNullException(nameof(body));

    /// <summary>What x passes; null for nothing.</summary>
    public Layer? Shortcut { get; } = shortcut;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => ForwardTrace.Record(this, x, Body.Forward(x) + (Shortcut?.Forward(x) ?? x));
}
