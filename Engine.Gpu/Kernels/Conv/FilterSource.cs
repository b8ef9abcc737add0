namespace Engine.Gpu;

/// <summary>One tap of filters as the right operand of a product: channels of the result by channels of the image.</summary>
/// <remarks>A depth is the offset of the tap's first channel here, so that taps need no division. Channels of the result past the end are read as the last ones.</remarks>
internal sealed class FilterSource : TileSource
{
    private readonly KernelBuilder _k;
    private readonly Memory _memory;
    private readonly Value[] _offsets;
    private readonly bool _carriesWords;

    /// <summary>Prepares the lines of this work-item's vectors.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="product">The product that it is an operand of.</param>
    /// <param name="access">How to read.</param>
    /// <param name="memory">The filters.</param>
    /// <param name="outStride">From one channel of the result to the next, in the type of indices.</param>
    /// <param name="inStride">From one channel of the image to the next.</param>
    /// <param name="first">The first channel of the group's tile, Int32.</param>
    /// <param name="count">Channels of the result, Int32.</param>
    public FilterSource(KernelBuilder k, PatchProduct product, TileAccess access, Memory memory, Value outStride, Value inStride, Value first, Value count)
        : base(k, product, isLeft: false, access)
    {
        (_k, _memory) = (k, memory);
        _carriesWords = product.CarriesWords(memory.Element, access.Width);
        Value last = count - (access.AlongDepth ? 1 : access.Width);
        RegisterType type = outStride.Type;
        _offsets = new Value[Slots.Count];
        for (int slot = 0; slot < _offsets.Length; slot++)
        {
            _offsets[slot] = (k.Min(first + Slots.Row(slot), last).To(type) * outStride) + (Slots.Depth(slot).To(type) * inStride);
        }
    }

    /// <inheritdoc/>
    public override Memory Memory => _memory;

    /// <inheritdoc/>
    public override (Value Index, Value? Condition) Locate(int slot, Value depth, Value? condition) => (_offsets[slot] + depth, condition);

    /// <inheritdoc/>
    protected override Value[] Read(Value index, Value? condition) => _carriesWords
        ? _k.LoadVector(_memory.As(DType.Int32), index >> 1, Slots.Access.Width / 2, condition)
        : _k.LoadVector(_memory, index, Slots.Access.Width, condition);
}
