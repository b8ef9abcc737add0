namespace Engine.Nn;

/// <summary>A border around the last one, two or three axes.</summary>
/// <remarks>
/// Shapes: x [N, C, L], [N, C, H, W] or [N, C, D, H, W], with or without N. Numbers stand in PyTorch's order: left and right, then top and bottom, then
/// front and back. Negative ones cut off.
/// </remarks>
public abstract class PaddingLayer : OperationLayer
{
    private readonly (int Before, int After)[] _pads;
    private readonly double _value;
    private readonly PaddingMode _mode;

    private protected PaddingLayer(PaddingMode mode, double value, params ReadOnlySpan<(int Before, int After)> lastAxisFirst)
    {
        _pads = lastAxisFirst.ToArray();
        Array.Reverse(_pads);
        (_mode, _value) = (mode, value);
    }

    private protected override Tensor Apply(Tensor x) => x.Rank == _pads.Length + 1 || x.Rank == _pads.Length + 2
        ? x.Pad(_pads, _value, _mode)
        : throw new ShapeMismatchException($"{GetType().Name}: x is {x.Shape}; it must have {_pads.Length + 1} axes, or {_pads.Length + 2} with a batch.");

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({string.Join(", ", _pads.Reverse().Select(static p => p.Before == p.After ? $"{p.Before}" : $"{p.Before}+{p.After}"))})";
}
