namespace Engine.Gpu;

/// <summary>How an operand's slice is read from global memory.</summary>
/// <param name="AlongDepth">Neighbouring work-items read neighbours along the summed-up direction, else along rows (or columns).</param>
/// <param name="Width">Elements of one access: above 1 where they are neighbours in memory and aligned.</param>
internal readonly record struct TileAccess(bool AlongDepth, int Width)
{
    /// <summary>Elements of the widest vectors, 16 bytes; of half precision that is converted element by element, 8.</summary>
    public static int Widest(DType element, TileMath math) => element.SizeInBytes() switch
    {
        8 => 2,
        2 when math.IsHalf && element == math.HalfType => 8,
        _ => 4,
    };

    /// <summary>The next width to try where offsets are not aligned for one: half of it, or single elements.</summary>
    public static int Narrower(int width) => width == 8 ? 4 : 1;
}

/// <summary>Which vectors of an operand's slice, <paramref name="side"/> lines by <paramref name="depth"/>, a work-item carries to shared memory.</summary>
/// <remarks>Sizes are powers of two, so that indices are a part of the work-item's number plus constants.</remarks>
/// <param name="k">The kernel.</param>
/// <param name="side">Lines of the slice.</param>
/// <param name="depth">Its depth.</param>
/// <param name="access">How it is read.</param>
/// <param name="sharesDepth">
/// Whether a work-item takes several lines at one index along K where single elements are read along the lines. The part of an address that
/// depends on K is then computed once for all of them; the parts that depend on the lines take more registers.
/// </param>
internal class TileSlots(KernelBuilder k, int side, int depth, TileAccess access, bool sharesDepth)
{
    // Neighbouring work-items that read neighbouring lines of one depth.
    private const int Span = 32;

    private readonly bool _sharesDepth = sharesDepth && access is { AlongDepth: false, Width: 1 } && side > Span && k.GroupSize > Span;
    private readonly int _perLine = (access.AlongDepth ? depth : side) / access.Width;
    private readonly int _lines = access.AlongDepth ? side : depth;

    /// <summary>How the slice is read.</summary>
    public TileAccess Access => access;

    /// <summary>Vectors of one work-item.</summary>
    public virtual int Count => Math.Max(1, _perLine * _lines / k.GroupSize);

    /// <summary>Where a vector begins along the lines of the operand (rows of A, columns of B).</summary>
    public virtual Value Row(int slot) => access.AlongDepth ? Line(slot) : InLine(slot);

    /// <summary>Where a vector begins along the depth.</summary>
    public virtual Value Depth(int slot) => access.AlongDepth ? InLine(slot) : Line(slot);

    /// <summary>Whether this work-item has such a vector; null where all have.</summary>
    public virtual Value? Exists => _perLine * _lines < k.GroupSize ? k.LocalId < _perLine * _lines : null;

    private Value InLine(int slot) => _sharesDepth ? (k.LocalId % Span) + (slot % (side / Span) * Span)
        : k.GroupSize >= _perLine ? k.LocalId % _perLine * access.Width
        : (k.LocalId * access.Width) + (slot % (_perLine / k.GroupSize) * k.GroupSize * access.Width);

    private Value Line(int slot) => _sharesDepth ? (k.LocalId / Span) + (slot / (side / Span) * (k.GroupSize / Span))
        : k.GroupSize >= _perLine ? (k.LocalId / _perLine) + (slot * (k.GroupSize / _perLine))
        : k.Int32(slot / (_perLine / k.GroupSize));
}
