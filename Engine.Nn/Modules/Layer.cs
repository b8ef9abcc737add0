namespace Engine.Nn;

/// <summary>A module that turns one tensor into another, as the members of a <see cref="Sequential"/> do.</summary>
/// <remarks>
/// Hooks read or change the input, the output and the gradients of a layer, without a change of its code. They run for every call of the engine's own
/// layers, for every layer in a <see cref="Sequential"/>, for the model of a <see cref="Trainer"/>, in <see cref="Predict"/> and in
/// <see cref="Call"/>; a layer of one's own whose <see cref="Forward"/> is called directly runs none (PyTorch's <c>module.forward(x)</c> against
/// <c>module(x)</c>). Of layers that also take more arguments (recurrent ones, attention) only calls with one tensor have hooks. A layer with a hook is not fused with the
/// one after it, which gives the same bits. Hooks run on the thread that calls the layer, or in the backward pass that of the pass;
/// several threads that predict run them at the same time. In a captured step they run while it is recorded, not in replays.
/// </remarks>
public abstract class Layer : Module
{
    [Untracked]
    private LayerHooks? _hooks;

    /// <summary>Computes the output for a batch.</summary>
    public abstract Tensor Forward(Tensor x);

    /// <summary><see cref="Forward"/> with the layer's hooks around it, like <c>layer(x)</c> in PyTorch and Keras.</summary>
    public Tensor Call(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return IsWatched ? LayerCall.Run(this, _hooks, x, Forward) : ForwardTrace.Record(this, x, Forward(x));
    }

    /// <summary>
    /// The output in evaluation mode, without gradients and without changing the layer's mode. Safe to call from many threads at once;
    /// intermediate memory is given back before it returns.
    /// </summary>
    public Tensor Predict(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        using InferenceScope inference = InferenceScope.Begin();
        using TensorScope scope = TensorScope.Begin();
        Tensor y = Call(x);
        return scope.Keep(ReferenceEquals(y, x) ? x.Alias() : y);
    }

    /// <summary>Calls <paramref name="hook"/> with this layer and x before each call. The result of the hook replaces x; null leaves it.</summary>
    /// <returns>Dispose it to remove the hook.</returns>
    public HookHandle RegisterForwardPreHook(Func<Layer, Tensor, Tensor?> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return HooksOrNew.Before.Add(hook);
    }

    /// <summary>Calls <paramref name="hook"/> with this layer, x and y after each call. The result of the hook replaces y; null leaves it.</summary>
    /// <remarks>Tensors that it makes and keeps need <see cref="Tensor.Keep"/> where the call lies within a <see cref="TensorScope"/>.</remarks>
    /// <returns>Dispose it to remove the hook.</returns>
    public HookHandle RegisterForwardHook(Func<Layer, Tensor, Tensor, Tensor?> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return HooksOrNew.After.Add(hook);
    }

    /// <summary><see cref="RegisterForwardHook(Func{Layer, Tensor, Tensor, Tensor?})"/> for a hook that only looks.</summary>
    /// <returns>Dispose it to remove the hook.</returns>
    public HookHandle RegisterForwardHook(Action<Layer, Tensor, Tensor> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return RegisterForwardHook((layer, x, y) =>
        {
            hook(layer, x, y);
            return null;
        });
    }

    /// <summary>
    /// Calls <paramref name="hook"/> with this layer, the gradient of x and the gradient of y whenever a backward pass has gone through a call of
    /// it. The result of the hook replaces the gradient of x; null leaves it.
    /// </summary>
    /// <remarks>
    /// The gradient of x is the part of this call, without other users of x. It is null where x requires none (a network's input). The
    /// tensors belong to the pass, as in <see cref="Tensor.RegisterHook(Func{Tensor, Tensor?})"/>.
    /// </remarks>
    /// <returns>Dispose it to remove the hook.</returns>
    public HookHandle RegisterFullBackwardHook(Func<Layer, Tensor?, Tensor, Tensor?> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return HooksOrNew.Backward.Add(hook);
    }

    /// <summary><see cref="RegisterFullBackwardHook(Func{Layer, Tensor?, Tensor, Tensor?})"/> for a hook that only looks.</summary>
    /// <returns>Dispose it to remove the hook.</returns>
    public HookHandle RegisterFullBackwardHook(Action<Layer, Tensor?, Tensor> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return RegisterFullBackwardHook((layer, gradientOfX, gradientOfY) =>
        {
            hook(layer, gradientOfX, gradientOfY);
            return null;
        });
    }

    /// <summary>Whether a call has to be one of its own, neither fused with another nor passed by.</summary>
    internal bool IsWatched => _hooks is { IsEmpty: false } || CallTracking.IsOn || LayerCall.IsSubstituted(this);

    /// <summary>Whether a Forward that was just called has to go round by <see cref="Call"/>; false where it comes from there.</summary>
    internal bool Intercepts => IsWatched && !LayerCall.Enters(this);

    /// <summary>Whether a layer of this assembly keeps neither its input nor its output, so that the caller may dispose both. A layer that calls others keeps nothing if these keep nothing.</summary>
    /// <param name="depth">The number of nested containers that may be searched.</param>
    internal virtual bool KeepsNothing(int depth) => true;

    /// <summary>As <see cref="Call"/>, for a class that others derive from: its own Forward, not theirs around it once more.</summary>
    private protected Tensor CallOwn(Tensor x, Func<Tensor, Tensor> forward) => LayerCall.Run(this, _hooks, x, forward);

    private LayerHooks HooksOrNew => Volatile.Read(ref _hooks) ?? Interlocked.CompareExchange(ref _hooks, new LayerHooks(), null) ?? _hooks;
}
