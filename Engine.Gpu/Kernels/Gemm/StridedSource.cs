namespace Engine.Gpu;

/// <summary>A matrix with strides: element (row, depth) lies at base + row · rowStride + depth · depthStride.</summary>
/// <remarks>
/// Rows past the end are read as the last one (their results are never stored), so that the loop needs no conditions.
/// </remarks>
internal sealed class StridedSource : TileSource
{
    private readonly KernelBuilder _k;
    private readonly Memory _memory;
    private readonly Value[] _offsets;
    private readonly Value _depthStride;

    /// <summary>Prepares the places of this work-item's vectors.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="product">The product that it is an operand of.</param>
    /// <param name="isLeft">Which operand.</param>
    /// <param name="access">How to read.</param>
    /// <param name="memory">The elements.</param>
    /// <param name="origin">Where the matrix begins, in the type of indices.</param>
    /// <param name="firstRow">The first row of the group's tile, Int32.</param>
    /// <param name="rows">How many rows there are, Int32.</param>
    /// <param name="rowStride">In the type of indices.</param>
    /// <param name="depthStride">Likewise.</param>
    public StridedSource(
        KernelBuilder k, TileProduct product, bool isLeft, TileAccess access, Memory memory, Value origin, Value firstRow, Value rows, Value rowStride, Value depthStride)
        : base(k, product, isLeft, access)
    {
        (_k, _memory) = (k, memory);
        bool vector = access.Width > 1;
        _depthStride = vector && access.AlongDepth ? depthStride.Like(1) : depthStride;
        Value step = vector && !access.AlongDepth ? rowStride.Like(1) : rowStride;
        Value last = rows - (access.AlongDepth ? 1 : access.Width);
        _offsets = new Value[Slots.Count];
        for (int slot = 0; slot < _offsets.Length; slot++)
        {
            Value row = k.Min(firstRow + Slots.Row(slot), last).To(origin.Type);
            _offsets[slot] = origin + (row * step) + (Slots.Depth(slot).To(origin.Type) * _depthStride);
        }
    }

    protected override Value[] Read(int slot, Value depth, Value? condition) =>
        _k.LoadVector(_memory, _offsets[slot] + (depth.To(_depthStride.Type) * _depthStride), Slots.Access.Width, condition);
}
