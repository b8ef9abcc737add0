namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Calls <paramref name="hook"/> with the gradient of this tensor whenever a backward pass has computed it. The result of the
    /// hook replaces the gradient; null leaves it.
    /// </summary>
    /// <remarks>
    /// <para>The gradient is whole, the sum over all users of the tensor, and goes on from here: to the step that computed this tensor, or for a
    /// leaf into <see cref="Grad"/>, where gradients of several passes add up. Hooks run in the order of registration on the thread of
    /// the backward pass, also in <see cref="Autograd.Grad(Tensor, Tensor, bool, bool)"/>. (torch.Tensor.register_hook.)</para>
    /// <para>The gradient belongs to the pass: <see cref="Clone"/> it to keep it, and do not write over it, others may share its memory. The hook of a
    /// computed tensor lives as long as its graph.</para>
    /// <code>using HookHandle _ = y.RegisterHook(g =&gt; g.Clamp(-1, 1));</code>
    /// </remarks>
    /// <exception cref="GradientException">No gradient flows to or through this tensor; or in the pass, the result has another shape or type.</exception>
    public HookHandle RegisterHook(Func<Tensor, Tensor?> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        GradNode node = History ?? throw new GradientException(
            $"RegisterHook: this tensor ({DType.ShortName()} {Shape}) has no gradient: it was not computed from anything that requires one. Mark it with RequiresGrad before the computation.");
        return node.HooksOrNew.Add(hook);
    }

    /// <summary><see cref="RegisterHook(Func{Tensor, Tensor?})"/> for a hook that only looks.</summary>
    /// <exception cref="GradientException">No gradient flows to or through this tensor.</exception>
    public HookHandle RegisterHook(Action<Tensor> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return RegisterHook(gradient =>
        {
            hook(gradient);
            return null;
        });
    }
}
