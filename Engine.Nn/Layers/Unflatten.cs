namespace Engine.Nn;

/// <summary>One axis cut into several: the inverse of <see cref="Flatten"/>.</summary>
/// <remarks>Shapes: <c>new Unflatten(1, 8, 5, 5)</c> makes [N, 200] to [N, 8, 5, 5]. One of the sizes may be −1: what is left.</remarks>
public sealed class Unflatten : OperationLayer
{
    private readonly int _axis;
    private readonly int[] _sizes;

    /// <summary>A layer.</summary>
    /// <param name="axis">The axis that is cut; negative numbers count from the end.</param>
    /// <param name="sizes">The sizes of the axes that take its place.</param>
    public Unflatten(int axis, params ReadOnlySpan<int> sizes)
    {
        _axis = axis;
        _sizes = sizes.ToArray();
        if (sizes.IsEmpty || _sizes.Count(static s => s == -1) > 1 || _sizes.Any(static s => s < -1))
        {
            throw new ArgumentException($"Unflatten: the sizes are [{string.Join(", ", _sizes)}]; give at least one, none negative but one −1 for what is left.", nameof(sizes));
        }
    }

    private protected override Tensor Apply(Tensor x)
    {
        int axis = _axis < 0 ? _axis + x.Rank : _axis;
        if (axis < 0 || axis >= x.Rank)
        {
            throw new ShapeMismatchException($"Unflatten: x is {x.Shape}; it has no axis {_axis}.");
        }

        long known = _sizes.Where(static s => s >= 0).Aggregate(1L, static (a, b) => a * b);
        bool hasRest = _sizes.Contains(-1);
        if (hasRest ? known == 0 || x.Shape[axis] % known != 0 : known != x.Shape[axis])
        {
            throw new ShapeMismatchException($"Unflatten: x is {x.Shape}; axis {_axis} of {x.Shape[axis]} cannot become [{string.Join(", ", _sizes)}].");
        }

        int[] sizes = [.. x.Shape.AsSpan()[..axis], .. _sizes.Select(s => s >= 0 ? s : (int)(x.Shape[axis] / known)), .. x.Shape.AsSpan()[(axis + 1)..]];
        return x.Reshape(shape: new Shape(sizes));
    }

    /// <inheritdoc/>
    public override string ToString() => $"Unflatten({_axis} → {string.Join("×", _sizes)})";
}
