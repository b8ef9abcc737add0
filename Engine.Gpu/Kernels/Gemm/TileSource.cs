namespace Engine.Gpu;

/// <summary>One operand of a tiled product: it loads slices of the operand into the work-items' registers, and stores them in shared memory.</summary>
internal abstract class TileSource
{
    private readonly TileProduct _product;
    private readonly bool _isLeft;

    /// <summary>Reads for the left (rows) or the right (columns) side of a product.</summary>
    protected TileSource(KernelBuilder k, TileProduct product, bool isLeft, TileAccess access)
    {
        (_product, _isLeft) = (product, isLeft);
        Slots = product.SlotsOf(isLeft, access);
    }

    /// <summary>The elements that this work-item carries.</summary>
    public TileSlots Slots { get; }

    /// <summary>The operand in global memory.</summary>
    public abstract Memory Memory { get; }

    /// <summary>Reads this work-item's part of the slice that begins at <paramref name="depth"/>.</summary>
    /// <param name="depth">Int32.</param>
    /// <param name="isWithin">Where the slice is not full: whether an index in it, counted from its beginning, exists; the rest is zeros.</param>
    public Value[][] Fetch(Value depth, Func<Value, Value>? isWithin = null)
    {
        var values = new Value[Slots.Count][];
        for (int slot = 0; slot < values.Length; slot++)
        {
            Value? condition = isWithin?.Invoke(Slots.Depth(slot));
            if (Slots.Exists is { } hasSlot)
            {
                condition = condition is null ? hasSlot : condition & hasSlot;
            }

            (Value at, condition) = Locate(slot, depth, condition);
            values[slot] = Read(at, condition);
        }

        return values;
    }

    /// <summary>Writes the fetched elements to shared memory.</summary>
    public void Write(Value[][] values, Value stage)
    {
        for (int slot = 0; slot < values.Length; slot++)
        {
            _product.Write(_isLeft, Slots, slot, values[slot], stage);
        }
    }

    /// <summary>Where one vector of the slice that begins at a depth lies, and whether it is to be read; else it is zeros.</summary>
    /// <param name="slot">Which of the work-item's vectors.</param>
    /// <param name="depth">Int32.</param>
    /// <param name="condition">A further condition.</param>
    public abstract (Value Index, Value? Condition) Locate(int slot, Value depth, Value? condition);

    /// <summary>Reads one vector, or the words that hold it.</summary>
    protected abstract Value[] Read(Value index, Value? condition);
}
