namespace Engine.Gpu;

/// <summary>An offset that depends on the row and the column independently: row(m) + column(n), in the type of indices.</summary>
internal readonly record struct TileOffsets(Func<Value, Value> Row, Func<Value, Value> Column);

/// <summary>Where the results of a tiled product go.</summary>
internal sealed class TileTarget
{
    /// <summary>The results.</summary>
    public required Memory Memory { get; init; }

    /// <summary>The offsets of the results.</summary>
    public required TileOffsets Offsets { get; init; }

    /// <summary>Rows that exist, Int32.</summary>
    public required Value Rows { get; init; }

    /// <summary>Whether a row exists, where that takes more than comparing it with <see cref="Rows"/>.</summary>
    public Func<Value, Value>? RowExists { get; init; }

    /// <summary>Columns that exist, Int32.</summary>
    public required Value Columns { get; init; }

    /// <summary>Neighbouring columns that are neighbours in memory, aligned, and exist or not together: 1, 2 or 4.</summary>
    public required int Width { get; init; }

    /// <summary>Turns sums into results.</summary>
    public required EpilogueParameters Epilogue { get; init; }

    /// <summary>How the bias varies.</summary>
    public BiasKind BiasKind { get; init; }

    /// <summary>The bias.</summary>
    public Memory? Bias { get; init; }

    /// <summary>The offsets of the bias.</summary>
    public TileOffsets BiasOffsets { get; init; }

    /// <summary>Stores the sums of the tile that begins at a row and column; where groups share it, the last of them does, with the sums over all parts.</summary>
    public void Store(KernelBuilder k, TileProduct product, Value[] sums, Value firstRow, Value firstColumn, TileParts? parts)
    {
        if (parts is null)
        {
            Store(k, product, sums, firstRow, firstColumn);
        }
        else
        {
            parts.Sum(sums, totals => Store(k, product, totals, firstRow, firstColumn));
        }
    }

    /// <summary>Stores the sums of the tile that begins at a row and column.</summary>
    private void Store(KernelBuilder k, TileProduct product, Value[] sums, Value firstRow, Value firstColumn)
    {
        // Where nearly all registers hold sums, there is room for what belongs to few columns at a time.
        int few = BiasKind == BiasKind.Full ? 2 : 8;
        GemmTile tile = product.Tile;
        int width = Math.Min(Width, product.ColumnVector), panel = tile.UsesWarpgroups ? few : tile.TN;
        var rowBias = new Value?[tile.TM];
        for (int first = 0; first < tile.TN; first += panel)
        {
            var columns = new Column[panel];
            for (int j = 0; j < panel; j++)
            {
                Value column = firstColumn + product.Column(first + j);
                Value exists = column < Columns;
                columns[j] = new Column(
                    exists,
                    j % width == 0 || Epilogue.HasBeta ? Offsets.Column(column) : null,
                    BiasKind == BiasKind.PerColumn ? k.Load(Bias!, BiasOffsets.Column(column), exists) : null,
                    BiasKind == BiasKind.Full ? BiasOffsets.Column(column) : null);
            }

            for (int i = 0; i < tile.TM; i++)
            {
                Value row = firstRow + product.Row(i);
                Value rowExists = RowExists?.Invoke(row) ?? (row < Rows);
                Value offset = Offsets.Row(row);
                rowBias[i] ??= BiasKind == BiasKind.PerRow ? k.Load(Bias!, BiasOffsets.Row(row), rowExists) : null;
                Value? biasOffset = BiasKind == BiasKind.Full ? BiasOffsets.Row(row) : null;
                for (int j = 0; j < panel; j += width)
                {
                    Value exists = rowExists & columns[j].Exists;
                    var results = new Value[width];
                    for (int e = 0; e < width; e++)
                    {
                        Column column = columns[j + e];
                        Value? before = Epilogue.HasBeta ? k.Load(Memory, offset + column.Offset!, exists) : null;
                        Value? bias = BiasKind == BiasKind.Full ? k.Load(Bias!, biasOffset! + column.BiasOffset!, exists) : rowBias[i] ?? column.Bias;
                        results[e] = Epilogue.Apply(sums[(i * tile.TN) + first + j + e], before, bias, Memory.Element);
                    }

                    k.StoreVector(Memory, offset + columns[j].Offset!, results, exists);
                }
            }
        }
    }

    private readonly record struct Column(Value Exists, Value? Offset, Value? Bias, Value? BiasOffset);
}
