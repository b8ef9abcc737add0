namespace Engine;

public sealed partial class Tensor
{
    private GradNode? _node;
    private LeafNode? _leaf;

    // 1 while this tensor is one of the node's holders.
    private int _holdsNode;

    /// <summary>The gradient of the last <see cref="Backward"/> passes, summed up; null before the first.</summary>
    public Tensor? Grad { get; private set; }

    /// <summary>The step that computed this tensor; null for a leaf.</summary>
    public GradNode? Node => _node;

    /// <summary>Whether a gradient flows to or through this tensor. It can be set on a leaf only.</summary>
    public bool RequiresGrad
    {
        get => _node is not null || _leaf is not null;
        set
        {
            if (value == RequiresGrad)
            {
                return;
            }

            if (_node is not null)
            {
                throw new GradientException("RequiresGrad can be set on a leaf only; this tensor was computed. Use Detach().");
            }

            if (value)
            {
                Guard.FloatingPoint(nameof(RequiresGrad), this);
                _leaf = new LeafNode(this) { OutputShape = Shape, OutputDType = DType };
                IsKept = true;
            }
            else
            {
                _leaf = null;
            }
        }
    }

    internal GradNode? History => _node ?? _leaf;

    /// <summary>Marks this leaf as something to differentiate with respect to, and returns it.</summary>
    public Tensor WithGrad()
    {
        RequiresGrad = true;
        return this;
    }

    /// <summary>The same values without history: no gradient flows through the result. It shares the memory.</summary>
    public Tensor Detach()
    {
        TensorState state = _state;
        return View(state, state.Layout);
    }

    /// <summary>Keeps the gradient of this computed tensor in <see cref="Grad"/> too; otherwise only leaves keep theirs.</summary>
    public Tensor RetainGrad()
    {
        if (_node is { } node)
        {
            node.RetainsGradient = true;
            node.Output = new WeakReference<Tensor>(this);
        }

        return this;
    }

    /// <summary>
    /// Back-propagation: walks the computation graph from this tensor to its leaves and adds ∂this/∂leaf to each leaf's <see cref="Grad"/>.
    /// </summary>
    /// <param name="gradient">The gradient to this tensor; may be left out for a scalar, where it is 1.</param>
    /// <param name="retainGraph">Keeps saved values, so that the graph can be walked again.</param>
    /// <param name="createGraph">Records the backward pass itself, so that gradients can be differentiated; retains the graph.</param>
    /// <remarks>
    /// A pass that does not retain the graph releases the saved values of its steps. Steps that save nothing (views, sums, casts, …) can be
    /// walked again: a view of a parameter made outside of a loop serves every pass in the loop.
    /// </remarks>
    /// <exception cref="GradientException">There is no graph, or its saved values were released or overwritten.</exception>
    /// <exception cref="ObjectDisposedException">This tensor was disposed, and its graph with it.</exception>
    public void Backward(Tensor? gradient = null, bool retainGraph = false, bool createGraph = false) =>
        BackwardPass.Run(this, gradient, retainGraph, createGraph);

    /// <summary>Drops the gradient, so that the next backward pass starts from nothing.</summary>
    public void ClearGrad()
    {
        Grad?.Dispose();
        Grad = null;
    }

    /// <summary>Puts a gradient in place, as clipping or a resumed run does.</summary>
    public void SetGrad(Tensor? gradient)
    {
        if (gradient is not null && (gradient.Shape != Shape || gradient.DType != DType))
        {
            throw new ShapeMismatchException($"SetGrad: the gradient is {gradient.DType.ShortName()} {gradient.Shape}, the tensor {DType.ShortName()} {Shape}; they must agree.");
        }

        if (!ReferenceEquals(Grad, gradient))
        {
            Grad?.Dispose();
            Grad = gradient?.Keep();
        }
    }

    /// <summary>Whether an operation on these inputs is to be recorded.</summary>
    internal static bool ShouldTrack(params ReadOnlySpan<Tensor?> inputs)
    {
        if (!GradMode.IsEnabled)
        {
            return false;
        }

        foreach (Tensor? input in inputs)
        {
            if (input?.History is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Names this tensor in listings of the graph: <c>(w * x).Named("c")</c>.</summary>
    public Tensor Named(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
        if (_node is { } node)
        {
            if (node.Trace is { } trace)
            {
                trace.Label = name;
            }

            node.Output = new WeakReference<Tensor>(this);
        }

        return this;
    }

    /// <summary>Makes this tensor the output of a new node, and its first holder.</summary>
    internal Tensor Record(GradNode node)
    {
        node.OutputShape = Shape;
        node.OutputDType = DType;
        if (_node != node)
        {
            DropHistory();
            (_node, _holdsNode) = (node, 1);
            if (AnomalyMode.IsOn)
            {
                AnomalyMode.CheckResult(this, node);
            }
        }

        node.Trace?.SetValue(this);

        return this;
    }

    /// <summary>Takes over the history of another handle to the same values.</summary>
    /// <param name="original">The other handle.</param>
    /// <param name="borrowed">Whether the node lives as long as this handle anyway, so that it is not held.</param>
    internal void AdoptHistory(Tensor original, bool borrowed = false)
    {
        if (!borrowed && original._node is { } node)
        {
            node.Hold();
            _holdsNode = 1;
        }

        _node = original._node;
        _leaf = original._leaf;
        Name = original.Name;
    }

    /// <summary>Lets go of the step that computed this tensor; it is still named, and still walked where later steps hold it.</summary>
    private void DropHistory()
    {
        if (_node is { } node && Interlocked.Exchange(ref _holdsNode, 0) != 0)
        {
            node.Drop();
        }
    }

    internal void AccumulateGrad(Tensor dy)
    {
        using TensorScope outside = TensorScope.Suspend();
        if (GradMode.IsEnabled && dy.History is not null)
        {
            if (Grad is null)
            {
                Tensor own = dy.Share();
                own.AdoptHistory(dy);
                Grad = own;
            }
            else
            {
                Grad += dy;
            }
        }
        else if (Grad is null)
        {
            // A gradient with no other holder is moved in; a shared or broadcast one is copied.
            Grad = dy.Storage.References == 1 && dy.Layout.IsDense && dy.ElementCount * dy.DType.SizeInBytes() == dy.Storage.Bytes ? dy.Share() : dy.DenseCopy();
        }
        else
        {
            Grad.AddInPlace(dy);
        }
    }

    /// <summary>Refuses an in-place write that the graph could not account for.</summary>
    internal void CheckInPlace(string op)
    {
        if (GradMode.IsEnabled && History is not null)
        {
            throw new GradientException(
                $"{op}: in-place writes are not recorded, and this {(_node is null ? "leaf requires" : "tensor carries")} a gradient. Write inside GradMode.Off(), or use the out-of-place form.");
        }

        Guard.Writable(op, this);
    }
}
