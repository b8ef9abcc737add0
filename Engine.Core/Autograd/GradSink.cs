namespace Engine;

/// <summary>Where a node's rule puts the gradients of its inputs.</summary>
public sealed class GradSink
{
    private readonly BackwardPass _pass;
    private readonly bool _looks;
    private GradNode? _node;

    internal GradSink(BackwardPass pass, bool looksForAnomalies = false) => (_pass, _looks) = (pass, looksForAnomalies);

    /// <summary>Whether anybody waits for the gradient of input <paramref name="i"/>.</summary>
    public bool Needs(int i) => _node!.InputSpan[i] is { } input && _pass.Wants(input);

    /// <summary>Adds a gradient of input <paramref name="i"/>; it has that input's shape. Ignored where nobody waits for it.</summary>
    public void Add(int i, Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        if (_node!.InputSpan[i] is { } input && _pass.Wants(input))
        {
            if (_looks)
            {
                AnomalyMode.CheckGradient(_node, i, gradient);
            }

            _pass.Accumulate(input, gradient);
        }
    }

    internal void Enter(GradNode node) => _node = node;
}
