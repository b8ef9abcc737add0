namespace Engine.Nn;

/// <summary>Sequences, images or volumes in another size (<see cref="Tensor.Interpolate(ReadOnlySpan{int}, InterpolationMode, bool, bool)"/>).</summary>
/// <remarks>Shapes: x [N, C, spatial…] → [N, C, size…], or ⌊L·scaleFactor⌋ of each axis.</remarks>
public sealed class Upsample : OperationLayer
{
    private readonly int[] _size = [];
    private readonly double[] _factors = [];
    private readonly InterpolationMode _mode;
    private readonly bool _alignCorners;

    /// <summary>To a given size.</summary>
    /// <param name="size">One number for each axis after the second, or one for all.</param>
    /// <param name="mode">How values are made.</param>
    /// <param name="alignCorners">Whether the middles of the outermost cells lie on each other.</param>
    public Upsample(Shape size, InterpolationMode mode = InterpolationMode.Nearest, bool alignCorners = false)
    {
        if (size.Rank is < 1 or > 3 || size.ElementCount <= 0)
        {
            throw new ArgumentException($"Upsample: the size {size} must be one to three positive numbers.", nameof(size));
        }

        (_size, _mode, _alignCorners) = (size.ToArray(), mode, alignCorners);
    }

    /// <summary>By a factor.</summary>
    /// <param name="scaleFactor">Of each axis after the second.</param>
    /// <param name="mode">How values are made.</param>
    /// <param name="alignCorners">Whether the middles of the outermost cells lie on each other.</param>
    public Upsample(double scaleFactor, InterpolationMode mode = InterpolationMode.Nearest, bool alignCorners = false)
    {
        if (!(scaleFactor > 0) || !double.IsFinite(scaleFactor))
        {
            throw new ArgumentOutOfRangeException(nameof(scaleFactor), scaleFactor, "Upsample: the factor must be positive and finite.");
        }

        (_factors, _mode, _alignCorners) = ([scaleFactor], mode, alignCorners);
    }

    private protected override Tensor Apply(Tensor x) => _size.Length > 0 ? x.Interpolate(_size, _mode, _alignCorners) : x.Interpolate(_factors, _mode, _alignCorners);

    /// <inheritdoc/>
    public override string ToString() => $"Upsample({(_size.Length > 0 ? string.Join("×", _size) : $"by {_factors[0]}")}, {_mode})";
}
