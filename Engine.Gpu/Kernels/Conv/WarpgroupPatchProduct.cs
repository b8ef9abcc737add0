namespace Engine.Gpu;

/// <summary>
/// A <see cref="PatchProduct"/> that warpgroups multiply, each 64 rows at a time and all columns: pixels come through registers, so that each lane can name a row of zeros for a tap outside of
/// the image; filters of three taps lie as matrix descriptors name them, see <see cref="WarpgroupProduct"/>.
/// </summary>
/// <remarks>
/// The products of a tap are under way until a warpgroup has to load the next tap's pixels, over theirs: meanwhile other warpgroups multiply. Behind the barrier that follows, all of them have
/// waited for the products of the tap before, so that the filters of the tap after the next can be written over those. With the products of two taps under way sums and pixels would not fit
/// into registers.
/// </remarks>
internal sealed class WarpgroupPatchProduct : PatchProduct
{
    private const int Buffers = 3;
    private const int LineWords = WarpgroupProduct.LineBytes / sizeof(int);

    // log2 of the words that descriptors count in.
    private const int WordsOfUnit = 2;

    private const int WarpgroupSize = 128, BlockRows = 64, WarpRows = 16;

    private readonly KernelBuilder _k;
    private readonly Memory _shared;
    private readonly bool _isAcrossDepth;
    private readonly Value _row, _column, _patchRow, _start;

    /// <summary>Sets up shared memory and the position of each work-item in the tile.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="tile">Pixels by channels.</param>
    /// <param name="filters">How the filters are read.</param>
    /// <param name="pixels">Pixels of a patch.</param>
    public WarpgroupPatchProduct(KernelBuilder k, GemmTile tile, TileAccess filters, int pixels)
        : this(k, tile, filters, pixels, k.SharedAligned("tiles", DType.Int32, Words(tile, filters, pixels), WarpgroupProduct.Alignment))
    {
    }

    private WarpgroupPatchProduct(KernelBuilder k, GemmTile tile, TileAccess filters, int pixels, Memory shared)
        : base(k, tile, shared, pixels, WordsOfFilters(tile))
    {
        (_k, _shared) = (k, shared);

        // tf32 is read along the depth only: filters that lie otherwise are turned when they are written.
        _isAcrossDepth = !filters.AlongDepth && tile.Math.IsHalf;
        Value warpgroup = k.LocalId / WarpgroupSize, warp = k.LocalId / 32 % 4, lane = k.LocalId % 32;
        Value firstRow = (warpgroup * (Blocks * BlockRows)) + (warp * WarpRows);
        (_row, _column, _patchRow) = (firstRow + (lane / 4), lane % 4 * 2, firstRow + (lane % WarpRows));
        _start = k.SharedAddress(shared) / WarpgroupProduct.Unit;
    }

    /// <inheritdoc/>
    protected override int StageSize => Tile.BN * LineWords;

    /// <summary>Words of the filters of three taps.</summary>
    public static int WordsOfFilters(GemmTile tile) => Buffers * tile.BN * LineWords;

    /// <inheritdoc/>
    public override Value Row(int i) => _row + ((i / 2 * BlockRows) + (i % 2 * 8));

    /// <inheritdoc/>
    public override Value Column(int j) => _column + ((j / 2 * 8) + (j % 2));

    /// <inheritdoc/>
    public override Value Pixel(int block) => _patchRow + (block * BlockRows);

    /// <inheritdoc/>
    public override TileSlots SlotsOf(bool isLeft, TileAccess access) => new WarpgroupFilterSlots(_k, Tile, access);

    /// <inheritdoc/>
    public override Value Next(Value stage) => _k.Select(stage < (Buffers - 1) * StageSize, stage + StageSize, _k.Int32(0));

    /// <inheritdoc/>
    public override void Publish()
    {
        _k.FenceProxy();
        _k.Barrier();
    }

    /// <inheritdoc/>
    public override void Finish() => _k.WarpgroupWait(0);

    /// <inheritdoc/>
    public override void Write(bool isLeft, TileSlots slots, int slot, Value[] values, Value stage) =>
        ((WarpgroupFilterSlots)slots).Write(_shared, slot, FactorWriter.Words(_k, Tile.Math, values), stage);

    /// <inheritdoc/>
    public override void Multiply(Variable[] sums, Value[] rows, Value stage)
    {
        int steps = Tile.BK / Tile.Math.Step;
        _k.WarpgroupWait(0);
        var pixels = new Value[steps][][];
        for (int step = 0; step < steps; step++)
        {
            pixels[step] = Array.ConvertAll(rows, row => _k.LoadMatrix(_shared, row + (step * PatchStep), transposed: false));
        }

        Value filters = WarpgroupProduct.Descriptor(_k, _start + (stage >> WordsOfUnit));
        int stepUnits = (_isAcrossDepth ? Tile.Math.Step * WarpgroupProduct.LineBytes : WarpgroupProduct.LineBytes / steps) / WarpgroupProduct.Unit;
        _k.WarpgroupFence();
        for (int step = 0; step < steps; step++)
        {
            for (int block = 0; block < rows.Length; block++)
            {
                _k.WarpgroupMultiply(WarpgroupProduct.FormatOf(Tile.Math), WarpgroupProduct.SumsOf(Tile, sums, block), pixels[step][block], filters + _k.Int64(step * stepUnits), _isAcrossDepth);
            }
        }

        _k.WarpgroupCommit();
    }
}
