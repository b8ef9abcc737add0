namespace Engine.Nn;

/// <summary>One call of a layer with its listeners: hooks, and the record of the module in which a step of the graph was made.</summary>
internal static class LayerCall
{
    // The layer whose Forward is being entered from here, so that it computes instead of coming back.
    [ThreadStatic]
    private static Layer? t_entering;

    /// <summary>Whether <paramref name="layer"/>'s Forward was called from here; true once.</summary>
    public static bool Enters(Layer layer)
    {
        bool enters = ReferenceEquals(t_entering, layer);
        if (enters)
        {
            t_entering = null;
        }

        return enters;
    }

    // Calls in the process that put other computations in place of layers'. Thread statics cost more than a static field.
    private static volatile int s_substitutions;

    [ThreadStatic]
    private static Dictionary<Layer, FusedInference.Substitute>? t_substitutes;

    /// <summary>Substitutes layers on this thread; returns the substitutes that <see cref="EndSubstitution"/> restores.</summary>
    public static Dictionary<Layer, FusedInference.Substitute>? BeginSubstitution(Dictionary<Layer, FusedInference.Substitute> substitutes)
    {
        Interlocked.Increment(ref s_substitutions);
        Dictionary<Layer, FusedInference.Substitute>? before = t_substitutes;
        t_substitutes = substitutes;
        return before;
    }

    public static void EndSubstitution(Dictionary<Layer, FusedInference.Substitute>? before)
    {
        t_substitutes = before;
        Interlocked.Decrement(ref s_substitutions);
    }

    /// <summary>Whether a layer has a substitute.</summary>
    public static bool IsSubstituted(Layer layer) => s_substitutions != 0 && t_substitutes is { } substitutes && substitutes.ContainsKey(layer);

    /// <summary>Whether the substitute of a layer computes the ReLU after the layer too.</summary>
    public static bool IncludesRelu(Layer layer) =>
        s_substitutions != 0 && t_substitutes is { } substitutes && substitutes.TryGetValue(layer, out FusedInference.Substitute? substitute) && substitute.IncludesRelu;

    /// <summary>Runs the hooks around <paramref name="forward"/>.</summary>
    public static Tensor Run(Layer layer, LayerHooks? hooks, Tensor x, Func<Tensor, Tensor> forward)
    {
        foreach (var entry in hooks?.Before.Entries ?? [])
        {
            x = entry.Hook(layer, x) ?? x;
        }

        BackwardHooks? backward = hooks is { Backward.IsEmpty: false } && GradMode.IsEnabled ? new BackwardHooks(layer, hooks) : null;
        Tensor inner = backward?.Enter(x) ?? x;
        Tensor y = Compute(layer, inner, forward);
        foreach (var entry in hooks?.After.Entries ?? [])
        {
            y = entry.Hook(layer, inner, y) ?? y;
        }

        return ForwardTrace.RecordOnce(layer, x, backward?.Leave(y) ?? y);
    }

    private static Tensor Compute(Layer layer, Tensor x, Func<Tensor, Tensor> forward)
    {
        if (!CallTracking.IsOn)
        {
            return Enter(layer, x, forward);
        }

        CallFrame? outer = CallTracking.Enter(new ModuleFrame(layer, CallTracking.Frame));
        try
        {
            return Enter(layer, x, forward);
        }
        finally
        {
            _ = CallTracking.Enter(outer);
        }
    }

    private static Tensor Enter(Layer layer, Tensor x, Func<Tensor, Tensor> forward)
    {
        if (s_substitutions != 0 && t_substitutes is { } substitutes && substitutes.TryGetValue(layer, out FusedInference.Substitute? substitute))
        {
            return substitute.Forward(x);
        }

        Layer? before = t_entering;
        t_entering = layer;
        try
        {
            return forward(x) ?? throw new ArgumentException($"{layer.GetType().Name}: Forward returned null; it must return a tensor.", nameof(layer));
        }
        finally
        {
            t_entering = before;
        }
    }

    /// <summary>The call of a module in another's.</summary>
    internal sealed class ModuleFrame(Layer layer, CallFrame? outer) : CallFrame(outer)
    {
        public Layer Layer { get; } = layer;

        /// <summary>The name within the outermost model that was called; empty for that one.</summary>
        public string Path
        {
            get
            {
                ModuleFrame root = this;
                while (root.Outer is ModuleFrame next)
                {
                    root = next;
                }

                return new ModuleTree(root.Layer).Nodes.Find(n => ReferenceEquals(n.Module, Layer)).Path ?? string.Empty;
            }
        }

        public override string Describe() => Path is { Length: > 0 } path ? $"'{path}' ({Layer.GetType().Name})" : Layer.GetType().Name;
    }

    /// <summary>
    /// The way of the gradient through one call: handles of their own at both ends, since x may have other users, whose gradients are none of
    /// this layer's.
    /// </summary>
    private sealed class BackwardHooks(Layer layer, LayerHooks hooks)
    {
        private Tensor? _gradientOfY;
        private bool _hasGradientOfX;

        public Tensor Enter(Tensor x)
        {
            if (!x.RequiresGrad)
            {
                return x;
            }

            _hasGradientOfX = true;
            Tensor inner = x.Alias();
            _ = inner.RegisterHook(Arrive);
            return inner;
        }

        public Tensor Leave(Tensor y)
        {
            if (!y.RequiresGrad)
            {
                return y;
            }

            Tensor outer = y.Alias();
            _ = outer.RegisterHook(Begin);
            return outer;
        }

        private void Begin(Tensor gradient)
        {
            if (!_hasGradientOfX)
            {
                _ = Run(null, gradient);
                return;
            }

            _gradientOfY?.Dispose();
            _gradientOfY = gradient.Alias().Keep();
        }

        private Tensor? Arrive(Tensor gradient)
        {
            if (_gradientOfY is not { } gradientOfY)
            {
                // The layer's result does not come from this call, or depends on x in another way.
                return null;
            }

            _gradientOfY = null;
            try
            {
                return Run(gradient, gradientOfY);
            }
            finally
            {
                gradientOfY.Dispose();
            }
        }

        private Tensor? Run(Tensor? gradientOfX, Tensor gradientOfY)
        {
            foreach (var entry in hooks.Backward.Entries)
            {
                if (entry.Hook(layer, gradientOfX, gradientOfY) is { } result)
                {
                    gradientOfX = gradientOfX is not null
                        ? result
                        : throw new GradientException($"RegisterFullBackwardHook: the hook of {layer.GetType().Name} returned a gradient of x, but x requires none; return null.");
                }
            }

            return gradientOfX;
        }
    }
}
