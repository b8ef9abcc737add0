namespace Engine;

/// <summary>
/// One walk from results back to leaves. Nodes are visited in descending order of creation, each with the sum of the gradients that reached
/// it; saved values and gradients are released as the walk goes, so memory falls from the first node on.
/// </summary>
internal sealed class BackwardPass
{
    private readonly bool _retainGraph;
    private readonly bool _createGraph;
    private readonly Dictionary<GradNode, Tensor> _pending = [];

    // Terms of a pending gradient that the node itself adds. Few graphs have such nodes.
    private Dictionary<GradNode, Tensor>? _parts;
    private readonly HashSet<GradNode>? _wanted;
    private readonly Dictionary<GradNode, int>? _targets;
    private readonly Tensor?[]? _results;

    private BackwardPass(bool retainGraph, bool createGraph, HashSet<GradNode>? wanted = null, Dictionary<GradNode, int>? targets = null, Tensor?[]? results = null)
    {
        _retainGraph = retainGraph || createGraph;
        _createGraph = createGraph;
        _wanted = wanted;
        _targets = targets;
        _results = results;
    }

    /// <summary>Adds the gradients of all leaves up in their <see cref="Tensor.Grad"/>.</summary>
    public static void Run(Tensor root, Tensor? gradient, bool retainGraph, bool createGraph)
    {
        GradNode node = RootOf(root);
        // Held throughout, so that another thread that disposes the root does not release the graph.
        node.Hold();
        try
        {
            BackwardPass pass = new(retainGraph, createGraph);
            pass.Walk([(node, root, gradient)], Collect([node]));
        }
        finally
        {
            node.Drop();
        }
    }

    /// <summary>The gradients of the given tensors, without touching any <see cref="Tensor.Grad"/>.</summary>
    public static Tensor?[] Gradients(ReadOnlySpan<Tensor> roots, ReadOnlySpan<Tensor?> gradients, ReadOnlySpan<Tensor> inputs, bool retainGraph, bool createGraph)
    {
        (GradNode Node, Tensor, Tensor?)[] starts = new (GradNode, Tensor, Tensor?)[roots.Length];
        int held = 0;
        try
        {
            for (; held < roots.Length; held++)
            {
                GradNode node = RootOf(roots[held]);
                node.Hold();
                starts[held] = (node, roots[held], gradients.IsEmpty ? null : gradients[held]);
            }

            return Gradients(starts, inputs, retainGraph, createGraph);
        }
        finally
        {
            while (held-- > 0)
            {
                starts[held].Node.Drop();
            }
        }
    }

    private static Tensor?[] Gradients((GradNode Node, Tensor, Tensor?)[] starts, ReadOnlySpan<Tensor> inputs, bool retainGraph, bool createGraph)
    {
        Tensor?[] results = new Tensor?[inputs.Length];
        Dictionary<GradNode, int> targets = [];
        for (int i = 0; i < inputs.Length; i++)
        {
            GradNode target = inputs[i].History
                ?? throw new GradientException($"Autograd.Grad: input {i} ({inputs[i].DType.ShortName()} {inputs[i].Shape}) does not require a gradient. Mark it with RequiresGrad before the computation.");
            targets[target] = i;
        }

        List<GradNode> order = Collect([.. starts.Select(static s => s.Node)]);
        HashSet<GradNode> wanted = [];
        for (int i = order.Count - 1; i >= 0; i--)
        {
            // Oldest first: a node is wanted if it is a target or leads to one.
            GradNode node = order[i];
            bool leads = targets.ContainsKey(node);
            foreach (GradNode? input in node.InputSpan)
            {
                leads |= input is not null && wanted.Contains(input);
            }

            if (leads)
            {
                wanted.Add(node);
            }
        }

        BackwardPass pass = new(retainGraph, createGraph, wanted, targets, results);
        try
        {
            pass.Walk(starts, order);
        }
        catch
        {
            foreach (Tensor? result in results)
            {
                result?.Dispose();
            }

            throw;
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            // The same tensor may be named twice.
            results[i] ??= inputs[i].History is { } history ? results[targets[history]] : null;
            if (results[i] is { } result)
            {
                TensorScope.Register(result);
            }
        }

        return results;
    }

    public bool Wants(GradNode node) => _wanted is null || _wanted.Contains(node);

    public void Accumulate(GradNode node, Tensor gradient)
    {
        if (gradient.Shape != node.OutputShape)
        {
            throw new GradientException($"A gradient of shape {gradient.Shape} reached {node.Name}, whose output is {node.OutputShape}.");
        }

        if (!_pending.TryGetValue(node, out Tensor? sum))
        {
            // The first gradient is moved in, not added to zeros.
            _pending[node] = Own(gradient);
        }
        else if (!_createGraph && sum.DType == gradient.DType && TakesParts(node) && _parts?.ContainsKey(node) != true)
        {
            (_parts ??= [])[node] = Own(gradient);
        }
        else if (!_createGraph && IsWritable(sum) && sum.DType == gradient.DType)
        {
            sum.AddInPlace(gradient);
        }
        else
        {
            Tensor total = sum + gradient;
            _pending[node] = Own(total);
            total.Dispose();
            sum.Dispose();
        }
    }

    /// <summary>The gradient of a node so far under a shape, to be added to in place; null where that cannot be done.</summary>
    public Tensor? SumSoFar(GradNode node, Shape shape, DType dtype)
    {
        if (_createGraph || _targets is not null)
        {
            return null;
        }

        while (node.OnlyReshapes && !_pending.ContainsKey(node) && IsUnseen(node) && node.InputSpan[0] is { } input)
        {
            node = input;
        }

        // Where the node adds two parts itself, they stay apart.
        bool isSum = _pending.TryGetValue(node, out Tensor? sum) && !(TakesParts(node) && _parts?.ContainsKey(node) != true);
        return isSum && sum!.DType == dtype && IsWritable(sum) && sum.Layout.TryReshape(shape, out Layout layout) ? sum.ViewAs(layout) : null;
    }

    /// <summary>Whether a gradient may be added to where it lies: a part of a larger one, too, if the rest has no user any more.</summary>
    private static bool IsWritable(Tensor sum) => sum.Storage.References == 1 && (sum.Layout.IsDense || !sum.Layout.MayOverlap);

    private static bool IsUnseen(GradNode node) => node.Hooks is null or { IsEmpty: true } && !node.RetainsGradient && node.Trace is null;

    private Tensor Own(Tensor gradient)
    {
        Tensor own = gradient.Share();
        if (_createGraph)
        {
            own.AdoptHistory(gradient);
        }

        return own;
    }

    private void Walk(ReadOnlySpan<(GradNode Node, Tensor Root, Tensor? Gradient)> starts, List<GradNode> order)
    {
        using GradMode.Scope mode = GradMode.Set(_createGraph);
        // Rules work on the types that the forward pass has chosen.
        using Autocast.Scope types = Autocast.Off();
        bool looks = AnomalyMode.IsOn;
        bool beginsWithOne = !looks && starts.Length == 1 && starts[0].Gradient is null && BeginsWithOne(starts[0].Node);
        if (looks)
        {
            AnomalyMode.EnterPass();
        }

        try
        {
            foreach ((GradNode node, Tensor root, Tensor? gradient) in starts)
            {
                if (beginsWithOne)
                {
                    break;
                }

                using TensorScope scope = TensorScope.Begin();
                Tensor seed = gradient ?? Seed(root);
                if (seed.Shape != root.Shape)
                {
                    throw new ShapeMismatchException($"Backward: the gradient is {seed.Shape}, the tensor {root.Shape}; they must be equal.");
                }

                if (looks)
                {
                    AnomalyMode.CheckGradient(null, 0, seed);
                }

                if (Wants(node))
                {
                    Accumulate(node, seed);
                }
            }

            GradSink sink = new(this, looks);
            foreach (GradNode node in order)
            {
                if (beginsWithOne && node == starts[0].Node)
                {
                    Visit(node, null, null, sink);
                    continue;
                }

                if (!_pending.Remove(node, out Tensor? dy))
                {
                    continue;
                }

                Tensor? part = null;
                _ = _parts?.Remove(node, out part);
                try
                {
                    if (node.Hooks is { IsEmpty: false } hooks)
                    {
                        RunHooks(node, hooks, ref dy, ref part);
                    }

                    Visit(node, dy, part, sink);
                }
                finally
                {
                    part?.Dispose();
                    dy.Dispose();
                }
            }
        }
        finally
        {
            if (looks)
            {
                AnomalyMode.LeavePass();
            }

            DisposeAll(_pending);
            DisposeAll(_parts);

            // Only now: an edge that is cut during the walk could release a step whose turn comes later.
            foreach (GradNode node in order)
            {
                if (node.IsConsumed)
                {
                    node.DropInputs();
                }
            }
        }
    }

    /// <summary>Disposes the gradients that a failed walk has left.</summary>
    private static void DisposeAll(Dictionary<GradNode, Tensor>? gradients)
    {
        if (gradients is { Count: > 0 })
        {
            foreach (Tensor gradient in gradients.Values)
            {
                gradient.Dispose();
            }
        }
    }

    /// <summary>Whether a node's gradient may stay in two parts: not if a hook reads it.</summary>
    private bool TakesParts(GradNode node) =>
        node.TakesParts && IsUnseen(node) && (_targets is null || !_targets.ContainsKey(node));

    /// <summary>Whether a pass can begin at a node without a tensor that holds the gradient 1: where nobody looks at it.</summary>
    private bool BeginsWithOne(GradNode node) =>
        node.KnowsOne && !_createGraph && _targets is null && node.OutputShape.ElementCount == 1
        && IsUnseen(node);

    /// <summary>Shows a node's gradient to its hooks, each of which may replace it.</summary>
    private void RunHooks(GradNode node, HookList<Func<Tensor, Tensor?>> hooks, ref Tensor dy, ref Tensor? part)
    {
        if (part is not null)
        {
            // Registered while the pass was under way.
            Exchange(ref dy, dy + part);
            part.Dispose();
            part = null;
        }

        foreach (HookList<Func<Tensor, Tensor?>>.Entry entry in hooks.Entries)
        {
            if (entry.Hook(dy) is { } result && !ReferenceEquals(result, dy))
            {
                if (result.Shape != dy.Shape || result.DType != dy.DType || result.Device != dy.Device)
                {
                    throw new GradientException(
                        $"RegisterHook: the hook was given the gradient of {node.Name}'s result, {dy.DType.ShortName()} {dy.Shape} on {dy.Device.Name}, and returned {result.DType.ShortName()} {result.Shape} on {result.Device.Name}. It must return a gradient of the same shape and type on the same device, or null to leave it.");
                }

                Exchange(ref dy, result);
            }
        }
    }

    private void Exchange(ref Tensor dy, Tensor by)
    {
        Tensor own = Own(by);
        dy.Dispose();
        dy = own;
    }

    /// <summary>Carries out a node's rule; a gradient that is not given is 1 (<see cref="BeginsWithOne"/>).</summary>
    private void Visit(GradNode node, Tensor? dy, Tensor? part, GradSink sink)
    {
        if (dy is not null)
        {
            Show(node, dy);
        }

        if (node is not LeafNode || _targets is null)
        {
            if (node.IsConsumed)
            {
                throw new GradientException($"{node.Name}: the graph was consumed by an earlier backward pass. Call Backward(retainGraph: true) the first time.");
            }

            // Gradients on the way are released at once. That holds for recorded ones too: their graph has saved the values that it needs.
            using TensorScope scope = TensorScope.Begin();
            sink.Enter(node);
            if (dy is null)
            {
                node.BackwardOfOne(sink);
            }
            else if (part is null)
            {
                node.Backward(dy, sink);
            }
            else
            {
                node.BackwardOfSum(dy, part, sink);
            }
        }

        if (!_retainGraph)
        {
            node.Consume();
        }
    }

    /// <summary>Hands a node's gradient to those who asked for it.</summary>
    private void Show(GradNode node, Tensor dy)
    {
        if (_targets is not null && _targets.TryGetValue(node, out int index))
        {
            _results![index] = Own(dy);
        }

        if (node.RetainsGradient && _targets is null && node.Output is { } weak && weak.TryGetTarget(out Tensor? output))
        {
            output.AccumulateGrad(dy);
        }

        node.Trace?.Visit(node, dy);
    }

    private static Tensor Seed(Tensor root) => root.ElementCount == 1
        ? Tensor.Ones(root.Shape, root.DType, root.Device)
        : throw new GradientException($"Backward: only a scalar has an implied gradient of 1; this tensor is {root.Shape}. Reduce it with Sum() or Mean(), or pass the gradient.");

    public static GradNode RootOf(Tensor root) => root.History
        ?? throw new GradientException("Backward: this tensor was not computed from anything that requires a gradient. Mark parameters with RequiresGrad, and compute outside GradMode.Off().");

    /// <summary>All nodes that the roots depend on, newest first.</summary>
    public static List<GradNode> Collect(ReadOnlySpan<GradNode> roots)
    {
        HashSet<GradNode> seen = [];
        List<GradNode> nodes = [];
        Stack<GradNode> stack = new();
        foreach (GradNode root in roots)
        {
            stack.Push(root);
        }

        while (stack.TryPop(out GradNode? node))
        {
            if (!seen.Add(node))
            {
                continue;
            }

            nodes.Add(node);
            foreach (GradNode? input in node.InputSpan)
            {
                if (input is not null)
                {
                    stack.Push(input);
                }
            }
        }

        nodes.Sort(static (a, b) => b.Sequence.CompareTo(a.Sequence));
        return nodes;
    }
}
