namespace Engine.Nn;

/// <summary>The hooks of one layer. It comes to be with the first of them.</summary>
internal sealed class LayerHooks
{
    /// <summary>Before the layer computes: layer, x → another x, or null.</summary>
    public HookList<Func<Layer, Tensor, Tensor?>> Before { get; } = new();

    /// <summary>After it has computed: layer, x, y → another y, or null.</summary>
    public HookList<Func<Layer, Tensor, Tensor, Tensor?>> After { get; } = new();

    /// <summary>When the gradient has gone through it: layer, gradient of x, gradient of y → another gradient of x, or null.</summary>
    public HookList<Func<Layer, Tensor?, Tensor, Tensor?>> Backward { get; } = new();

    public bool IsEmpty => Before.IsEmpty && After.IsEmpty && Backward.IsEmpty;
}
