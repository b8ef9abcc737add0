namespace Engine;

/// <summary>Where a node's rule puts the gradients of its inputs.</summary>
internal sealed class GradSink
{
    private readonly BackwardPass? _pass;
    private readonly Tensor?[]? _probe;
    private readonly bool _looks;
    private GradNode? _node;

    internal GradSink(BackwardPass pass, bool looksForAnomalies = false) => (_pass, _looks) = (pass, looksForAnomalies);

    private GradSink(GradNode node, Tensor?[] probe) => (_node, _probe) = (node, probe);

    /// <summary>Whether anybody waits for the gradient of input <paramref name="i"/>.</summary>
    public bool Needs(int i) => _node!.InputSpan[i] is { } input && (_pass is null || _pass.Wants(input));

    /// <summary>Adds a gradient of input <paramref name="i"/>; it has that input's shape. Ignored if the input needs no gradient.</summary>
    public void Add(int i, Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        if (_node!.InputSpan[i] is not { } input)
        {
            return;
        }

        if (_pass is null)
        {
            _probe![i] = _probe[i] is { } sum ? sum + gradient : gradient;
        }
        else if (_pass.Wants(input))
        {
            if (_looks)
            {
                AnomalyMode.CheckGradient(_node, i, gradient);
            }

            _pass.Accumulate(input, gradient);
            _node.Trace?.Add(i, gradient);
        }
    }

    /// <summary>
    /// What other users of input <paramref name="i"/> have added to its gradient so far, in a shape that the rule computes in, for the rule to add its own part to it in its memory
    /// instead of <see cref="Add"/>; null where there is nothing, or where somebody looks at the parts.
    /// </summary>
    public Tensor? SumSoFar(int i, Shape shape, DType dtype) =>
        _pass is not null && !_looks && _node!.Trace is null && Needs(i) ? _pass.SumSoFar(_node.InputSpan[i]!, shape, dtype) : null;

    /// <summary>Adds a gradient of input <paramref name="i"/>, if it was computed.</summary>
    public void AddIfAny(int i, Tensor? gradient)
    {
        if (gradient is not null)
        {
            Add(i, gradient);
        }
    }

    /// <summary>A sink that passes the gradients of a node's rule to a function, outside of a pass.</summary>
    internal static GradSink Probe(GradNode node, Tensor?[] gradients) => new(node, gradients);

    internal void Enter(GradNode node) => _node = node;
}
