namespace Engine.Gpu;

/// <summary>Which tile, which product of a batch and which part of the sum a group computes.</summary>
/// <remarks>
/// Tiles are walked in panels of eight rows: groups that run at the same time then share columns and rows alike, which the card's
/// second-level cache serves. Batches follow one another along the same direction of the grid, since the others end at 65 535.
/// </remarks>
internal sealed class TileGrid
{
    private const int Panel = 8;

    private readonly KernelBuilder _k;
    private readonly GemmTile _tile;

    /// <summary>Adds the sizes to the kernel and finds the group's tile.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="rows">Rows of a product.</param>
    /// <param name="columns">Columns of a product.</param>
    /// <param name="isSplit">Whether each group sums only a part of the depth.</param>
    public TileGrid(KernelBuilder k, GemmTile tile, Value rows, Value columns, bool isSplit)
    {
        (_k, _tile) = (k, tile);
        Value across = (columns + (tile.BN - 1)) / tile.BN, down = (rows + (tile.BM - 1)) / tile.BM;
        Value all = across * down;
        Batch = k.GroupX / all;
        Value number = k.GroupX - (Batch * all);
        Value panel = number / (across * Panel);
        Value inPanel = number - (panel * across * Panel);
        Value height = k.Min(down - (panel * Panel), k.Int32(Panel));
        Value column = inPanel / height;
        FirstColumn = column * tile.BN;
        FirstRow = ((panel * Panel) + inPanel - (column * height)) * tile.BM;
        SlicesPerSplit = isSplit ? k.Size("slices_per_split") : null;
    }

    /// <summary>The product of the batch, Int32.</summary>
    public Value Batch { get; }

    /// <summary>The tile's first row, Int32.</summary>
    public Value FirstRow { get; }

    /// <summary>The tile's first column, Int32.</summary>
    public Value FirstColumn { get; }

    private Value? SlicesPerSplit { get; }

    /// <summary>The groups of a launch.</summary>
    public static LaunchGrid For(in GemmPlan plan, int batch, int rows, int columns)
    {
        long tiles = (long)((rows + plan.Tile.BM - 1) / plan.Tile.BM) * ((columns + plan.Tile.BN - 1) / plan.Tile.BN);
        return new LaunchGrid(checked((int)(tiles * batch)), plan.Parts);
    }

    /// <summary>This group's part of the depth for <see cref="TileProduct.Sum"/>.</summary>
    public (Value Start, Value ShortLength, Value End) Range(Value depth)
    {
        int slice = _tile.BK;
        Value slices = _k.Max((depth + (slice - 1)) / slice, _k.Int32(1));
        Value shortLength = depth - ((slices - 1) * slice);
        if (SlicesPerSplit is null)
        {
            return (_k.Int32(0), shortLength, depth);
        }

        Value first = _k.GroupY * SlicesPerSplit;
        Value last = _k.Min(first + SlicesPerSplit, slices);
        Value start = _k.Max(shortLength + ((first - 1) * slice), _k.Int32(0));
        return (start, _k.Select(first.Is(0), shortLength, _k.Int32(slice)), shortLength + ((last - 1) * slice));
    }
}
