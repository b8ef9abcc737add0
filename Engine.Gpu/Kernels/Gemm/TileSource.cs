namespace Engine.Gpu;

/// <summary>One operand of a tiled product: it brings slices of the operand to the work-items' registers, and from there to shared memory.</summary>
internal abstract class TileSource
{
    private readonly KernelBuilder _k;
    private readonly Memory _shared;
    private readonly int _lead, _base;

    /// <summary>Reads for the left (rows) or the right (columns) side of a product.</summary>
    protected TileSource(KernelBuilder k, TileProduct product, bool isLeft, TileAccess access)
    {
        GemmTile tile = product.Tile;
        _k = k;
        _shared = product.Shared;
        _lead = isLeft ? tile.RowLead : tile.ColumnLead;
        _base = isLeft ? 0 : tile.BK * tile.RowLead;
        Slots = new TileSlots(k, isLeft ? tile.BM : tile.BN, tile.BK, access);
    }

    /// <summary>What this work-item carries.</summary>
    protected TileSlots Slots { get; }

    /// <summary>Reads this work-item's part of the slice that begins at <paramref name="depth"/>.</summary>
    /// <param name="depth">Int32.</param>
    /// <param name="isWithin">Where the slice is not full: whether a place in it, counted from its beginning, exists; the rest is zeros.</param>
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

            values[slot] = Read(slot, depth, condition);
        }

        return values;
    }

    /// <summary>Writes what was read to shared memory.</summary>
    public void Place(Value[][] values, Value stage)
    {
        for (int slot = 0; slot < values.Length; slot++)
        {
            Value at = (Slots.Depth(slot) * _lead) + Slots.Row(slot) + _base + stage;
            if (!Slots.Access.AlongDepth)
            {
                _k.StoreVector(_shared, at, values[slot], Slots.Exists);
                continue;
            }

            for (int i = 0; i < values[slot].Length; i++)
            {
                _k.Store(_shared, at + (i * _lead), values[slot][i], Slots.Exists);
            }
        }
    }

    /// <summary>Reads one vector; zeros where the condition does not hold.</summary>
    protected abstract Value[] Read(int slot, Value depth, Value? condition);
}
