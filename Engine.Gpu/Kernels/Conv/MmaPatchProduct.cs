namespace Engine.Gpu;

/// <summary>A <see cref="PatchProduct"/> each of whose warps multiplies for itself, filters of two taps beside the patch.</summary>
internal sealed class MmaPatchProduct : PatchProduct
{
    private const int BlockRows = 16, BlockColumns = 8;

    private readonly KernelBuilder _k;
    private readonly Memory _shared;
    private readonly FactorWriter _writer;
    private readonly MmaSlice _filters;
    private readonly Value _row, _column, _filtersAt, _patchRow;

    /// <summary>Sets up shared memory and the position of each work-item in the tile.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="tile">Pixels by channels.</param>
    /// <param name="filters">How the filters are read.</param>
    /// <param name="pixels">Pixels of a patch.</param>
    public MmaPatchProduct(KernelBuilder k, GemmTile tile, TileAccess filters, int pixels)
        : this(k, tile, filters, pixels, k.Shared("tiles", DType.Int32, Words(tile, filters, pixels)))
    {
    }

    private MmaPatchProduct(KernelBuilder k, GemmTile tile, TileAccess filters, int pixels, Memory shared)
        : base(k, tile, shared, pixels, WordsOfFilters(tile, filters))
    {
        (_k, _shared, _filters, _writer) = (k, shared, FiltersOf(tile, filters), new FactorWriter(k, shared, tile.Math));
        Value warp = k.LocalId / 32, lane = k.LocalId % 32;
        int warpsAcross = tile.BN / tile.WarpColumns;
        Value firstRow = warp / warpsAcross * tile.WarpRows, firstColumn = warp % warpsAcross * tile.WarpColumns;
        (_row, _column) = (firstRow + (lane / 4), firstColumn + (lane % 4 * 2));
        _patchRow = firstRow + (lane % 16);

        // Of the four matrices of a load the second lies at the second half of the depth, the third eight lines on.
        _filtersAt = _filters.At(firstColumn, lane, lane / 16, lane / 8 % 2);
    }

    /// <inheritdoc/>
    protected override int StageSize => _filters.Words;

    /// <summary>Words of the filters of two taps.</summary>
    public static int WordsOfFilters(GemmTile tile, TileAccess filters) => 2 * FiltersOf(tile, filters).Words;

    /// <inheritdoc/>
    public override Value Row(int i) => _row + ((i / 2 * BlockRows) + (i % 2 * 8));

    /// <inheritdoc/>
    public override Value Column(int j) => _column + ((j / 2 * BlockColumns) + (j % 2));

    /// <inheritdoc/>
    public override Value Pixel(int block) => _patchRow + (block * BlockRows);

    /// <inheritdoc/>
    public override Value Next(Value stage) => FilterWords - stage;

    /// <inheritdoc/>
    public override void Write(bool isLeft, TileSlots slots, int slot, Value[] values, Value stage)
    {
        (Value outer, Value inner) = _filters.AlongDepth ? (slots.Row(slot), slots.Depth(slot)) : (slots.Depth(slot), slots.Row(slot));
        _writer.Write((outer * _filters.Lead) + stage, inner, values, slots.Exists);
    }

    /// <inheritdoc/>
    public override void Multiply(Variable[] sums, Value[] rows, Value stage)
    {
        for (int step = 0; step < Tile.BK / Tile.Math.Step; step++)
        {
            Value[][] a = Array.ConvertAll(rows, row => _k.LoadMatrix(_shared, row + (step * PatchStep), transposed: false));
            for (int j = 0; j < Tile.TN / 2; j += 2)
            {
                Value[] b = _filters.Load(_k, _shared, stage + _filtersAt + ((step * _filters.StepWords) + _filters.LineWords(j * BlockColumns)), isLeft: false);
                for (int i = 0; i < a.Length; i++)
                {
                    MmaBlock.AddPair(_k, Tile, sums, i, j, a[i], b);
                }
            }
        }
    }

    private static MmaSlice FiltersOf(GemmTile tile, TileAccess filters) => new(tile.Math, filters.AlongDepth, tile.BN, tile.BK);
}
