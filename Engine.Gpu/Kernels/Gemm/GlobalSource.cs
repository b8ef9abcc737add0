namespace Engine.Gpu;

/// <summary>An operand in global memory: the address of element (line, depth) is the origin plus the addresses of both; outside of the image, if there is one, elements are 0.</summary>
/// <remarks>
/// Addresses of lines are computed before the loop. Lines past the end are read as the last ones (their results are never stored), so
/// that the loop needs no conditions for them.
/// </remarks>
internal sealed class GlobalSource : TileSource
{
    private readonly KernelBuilder _k;
    private readonly Memory _memory;
    private readonly Address[] _lines;
    private readonly AddressMap _depth;
    private readonly ImageBounds? _bounds;
    private readonly bool _carriesWords;

    /// <summary>Prepares the lines of this work-item's vectors.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="product">The product that it is an operand of.</param>
    /// <param name="isLeft">Which operand.</param>
    /// <param name="access">How to read.</param>
    /// <param name="memory">The elements.</param>
    /// <param name="origin">Where line 0 and depth 0 lie, in the type of indices.</param>
    /// <param name="lines">Rows of A or columns of B.</param>
    /// <param name="depth">The summed-up direction.</param>
    /// <param name="firstLine">The first line of the group's tile, Int32.</param>
    /// <param name="count">How many lines there are, Int32.</param>
    /// <param name="bounds">The image, or null where every element exists.</param>
    public GlobalSource(
        KernelBuilder k,
        TileProduct product,
        bool isLeft,
        TileAccess access,
        Memory memory,
        Value origin,
        AddressMap lines,
        AddressMap depth,
        Value firstLine,
        Value count,
        ImageBounds? bounds = null)
        : base(k, product, isLeft, access)
    {
        (_k, _memory, _depth, _bounds) = (k, memory, depth, bounds);
        _carriesWords = product.CarriesWords(memory.Element, access.Width);
        Value last = count - (access.AlongDepth ? 1 : access.Width);
        _lines = new Address[Slots.Count];
        for (int slot = 0; slot < _lines.Length; slot++)
        {
            Address line = lines.At(k.Min(firstLine + Slots.Row(slot), last));
            Value offset = origin + line.Offset;
            _lines[slot] = line with { Offset = depth.IsEven ? offset + depth.At(Slots.Depth(slot)).Offset : offset };
        }
    }

    /// <inheritdoc/>
    public override Memory Memory => _memory;

    /// <inheritdoc/>
    public override (Value Index, Value? Condition) Locate(int slot, Value depth, Value? condition)
    {
        Address line = _lines[slot];
        Address address = _depth.At(_depth.IsEven ? depth : depth + Slots.Depth(slot));
        if (_bounds is { } image)
        {
            // Nothing lies in an image without rows: a condition that the whole slice shares is checked once, and not for each element.
            ImageBounds seen = condition is null ? image : image with { Height = _k.Select(condition, image.Height, _k.Int32(0)) };
            condition = seen.Contain(line, address);
        }

        return (line.Offset + address.Offset, condition);
    }

    /// <inheritdoc/>
    protected override Value[] Read(Value index, Value? condition) => _carriesWords
        ? _k.LoadVector(_memory.As(DType.Int32), index >> 1, Slots.Access.Width / 2, condition)
        : _k.LoadVector(_memory, index, Slots.Access.Width, condition);
}
