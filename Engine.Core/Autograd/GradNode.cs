namespace Engine;

/// <summary>
/// A step of the computation graph: it knows where its inputs came from and how a gradient to its output becomes gradients to them.
/// </summary>
/// <remarks>
/// To give an operation of one's own a gradient, use <see cref="CustomFunction"/>. The engine's nodes are sealed classes, one per operation, written beside it. Rules are written with tensor operations, so that they can be
/// differentiated themselves. The graph hangs on the tensors alone; there is no registry.
/// </remarks>
public abstract partial class GradNode
{
    private static long s_sequence;

    private GradNode?[] _inputs;
    private HookList<Func<Tensor, Tensor?>>? _hooks;

    /// <summary>Connects to the histories of the operation's inputs.</summary>
    private protected GradNode(params ReadOnlySpan<Tensor?> inputs)
    {
        _inputs = new GradNode?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            GradNode? history = inputs[i]?.History;
            history?.Hold();
            _inputs[i] = history;
        }

        Sequence = Interlocked.Increment(ref s_sequence);
        Trace = GraphTrace.Begin(inputs, _inputs);
        if (CallTracking.IsOn)
        {
            Frame = CallTracking.Frame;
            if (AnomalyMode.IsOn)
            {
                AnomalyMode.LookAtInputs(this, inputs);
            }
        }
    }

    /// <summary>The operation's name, as the graph shows it.</summary>
    public abstract string Name { get; }

    /// <summary>Where the inputs came from; null for one that needs no gradient.</summary>
    public IReadOnlyList<GradNode?> Inputs => _inputs;

    /// <summary>The shape of the output.</summary>
    public Shape OutputShape { get; internal set; }

    /// <summary>The element type of the output.</summary>
    public DType OutputDType { get; internal set; }

    /// <summary>Grows with creation, so that descending order is a valid order for the backward pass.</summary>
    internal long Sequence { get; }

    /// <summary>Whether a backward pass has released the saved values of this step.</summary>
    internal bool IsConsumed { get; private set; }

    /// <summary>The tensor that this step computed, while it has references.</summary>
    internal WeakReference<Tensor>? Output { get; set; }

    /// <summary>The record of this step for a picture of the graph; null without a recorder.</summary>
    internal GraphTrace? Trace { get; set; }

    /// <summary>Whether the rule may be asked for more than one gradient, so that the step's Jacobian can be shown.</summary>
    internal virtual bool CanProbe => true;

    /// <summary>Whether <see cref="Output"/> was asked to keep its gradient.</summary>
    internal bool RetainsGradient { get; set; }

    /// <summary>The call of a module that made this step, if calls were tracked.</summary>
    internal CallFrame? Frame { get; }

    /// <summary>The hooks on the gradient of the output; null if there never was one.</summary>
    internal HookList<Func<Tensor, Tensor?>>? Hooks => Volatile.Read(ref _hooks);

    internal HookList<Func<Tensor, Tensor?>> HooksOrNew => Hooks ?? Interlocked.CompareExchange(ref _hooks, new(), null) ?? _hooks;

    internal ReadOnlySpan<GradNode?> InputSpan => _inputs;

    /// <summary>The highest <see cref="Sequence"/> given out so far.</summary>
    internal static long LastSequence => Interlocked.Read(ref s_sequence);

    /// <summary>Names operands that get no gradient, such as class numbers, for pictures of the graph.</summary>
    internal GradNode Reading(params ReadOnlySpan<Tensor?> operands)
    {
        Trace?.AddRead(operands);
        return this;
    }

    /// <summary>Whether input <paramref name="i"/> needs a gradient.</summary>
    private protected bool Needs(int i) => _inputs[i] is not null;

    /// <summary>Turns dy into gradients of the inputs, each handed to <paramref name="sink"/>; only those it <see cref="GradSink.Needs"/>.</summary>
    internal abstract void Backward(Tensor dy, GradSink sink);

    /// <summary>
    /// Whether <see cref="BackwardOfSum"/> takes the gradients of two users of the output as they are, so that no pass is spent on adding them.
    /// </summary>
    internal virtual bool TakesParts => false;

    /// <summary><see cref="Backward"/> for dy = first + second, where <see cref="TakesParts"/> says so and no graph of the gradients is made.</summary>
    internal virtual void BackwardOfSum(Tensor first, Tensor second, GradSink sink) => throw new System.Diagnostics.UnreachableException();

    /// <summary>Whether the gradient of the only input is that of the output in another shape and nothing else.</summary>
    internal virtual bool OnlyReshapes => false;

    /// <summary>Whether <see cref="BackwardOfOne"/> needs no tensor with the gradient 1 of the result that a pass begins with.</summary>
    internal virtual bool KnowsOne => false;

    /// <summary><see cref="Backward"/> for dy = 1, where <see cref="KnowsOne"/> says so and no graph of the gradients is made.</summary>
    internal virtual void BackwardOfOne(GradSink sink) => throw new System.Diagnostics.UnreachableException();

    /// <summary>
    /// Whether the rule needs values that this step has saved. A backward pass uses them up; a step without any, such as a view or a sum, can
    /// be walked again.
    /// </summary>
    private protected virtual bool SavesValues => false;

    /// <summary>Lets go of saved tensors. May be called again.</summary>
    private protected virtual void ReleaseSaved()
    {
    }

    /// <summary>Releases the saved values, after a backward pass that does not retain the graph. The edges stay until the end of the pass.</summary>
    internal void Consume()
    {
        IsConsumed |= SavesValues;
        ReleaseSaved();
    }
}

/// <summary>The end of a path: it adds gradients up in the leaf's <see cref="Tensor.Grad"/>.</summary>
internal sealed class LeafNode(Tensor leaf) : GradNode
{
    public Tensor Leaf { get; } = leaf;

    public override string Name => "Leaf";

    internal override void Backward(Tensor dy, GradSink sink) => Leaf.AccumulateGrad(dy);
}
