namespace Engine.Gpu;

/// <summary>
/// The inner part of a <see cref="PatchCorrelationKernel"/>: a group holds a <see cref="Patch"/> in shared memory, some channels of it at a time, and multiplies it by the
/// filters' taps one after another, on tensor cores. Each pixel is fetched and rounded once, not once a tap.
/// </summary>
/// <remarks>
/// <para>A warp's rows of factors are pixels of the patch, shifted by the tap. A lane names the rows that matrix loads read: where the tap lies outside
/// of the image it names a row of zeros instead.</para>
/// <para>While one tap is multiplied, the next one's filters and a share of the next channels' patch are on their way through registers.</para>
/// </remarks>
internal sealed class PatchProduct : TileProduct
{
    private const int BlockRows = 16, BlockColumns = 8;

    private readonly KernelBuilder _k;
    private readonly Memory _shared;
    private readonly FactorWriter _writer;
    private readonly MmaSlice _filters, _patch;
    private readonly Value _row, _column, _filtersAt, _patchRow, _depthHalf;

    /// <summary>Sets up shared memory and the position of each work-item in the tile.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="tile">Pixels by channels.</param>
    /// <param name="filters">How the filters are read.</param>
    /// <param name="pixels">Pixels of a patch.</param>
    public PatchProduct(KernelBuilder k, GemmTile tile, TileAccess filters, int pixels)
        : base(k, tile)
    {
        _k = k;
        (_filters, _patch) = SlicesOf(tile, filters, pixels);
        _shared = k.Shared("tiles", DType.Int32, Words(tile, filters, pixels));
        _writer = new FactorWriter(k, _shared, tile.Math);
        Value warp = k.LocalId / 32, lane = k.LocalId % 32;
        int warpsAcross = tile.BN / tile.WarpColumns;
        Value firstRow = warp / warpsAcross * tile.WarpRows, firstColumn = warp % warpsAcross * tile.WarpColumns;
        (_row, _column) = (firstRow + (lane / 4), firstColumn + (lane % 4 * 2));
        (_patchRow, _depthHalf) = (firstRow + (lane % 16), lane / 16 * 4);

        // Of the four matrices of a load the second lies at the second half of the depth, the third eight lines on.
        _filtersAt = _filters.At(firstColumn, lane, lane / 16, lane / 8 % 2);
        k.Store(_shared, k.LocalId + ZeroRow, k.Int32(0), k.LocalId < _patch.Lead);
    }

    /// <inheritdoc/>
    public override int ColumnVector => 2;

    /// <summary>Rows of the tile, of 16 pixels, in which a lane names one.</summary>
    public int Blocks => Tile.WarpRows / BlockRows;

    /// <summary>Words from one pixel of the patch to the next.</summary>
    public int Lead => _patch.Lead;

    /// <inheritdoc/>
    protected override int StageSize => _filters.Words;

    /// <inheritdoc/>
    protected override RegisterType Compute => RegisterType.Float32;

    private int PatchStart => 2 * _filters.Words;

    private int ZeroRow => PatchStart + (2 * _patch.Words);

    /// <summary>Words of shared memory: two taps of filters, two patches, a row of zeros.</summary>
    public static int Words(GemmTile tile, TileAccess filters, int pixels)
    {
        (MmaSlice right, MmaSlice patch) = SlicesOf(tile, filters, pixels);
        return (2 * right.Words) + (2 * patch.Words) + patch.Lead;
    }

    /// <inheritdoc/>
    public override Value Row(int i) => _row + ((i / 2 * BlockRows) + (i % 2 * 8));

    /// <inheritdoc/>
    public override Value Column(int j) => _column + ((j / 2 * BlockColumns) + (j % 2));

    /// <inheritdoc/>
    public override bool CarriesWords(DType element, int width) => FactorWriter.CarriesWords(Tile.Math, element, width);

    /// <summary>The pixel of the tile that the lane names in a block.</summary>
    public Value Pixel(int block) => _patchRow + (block * BlockRows);

    /// <summary>Where the lane reads a pixel of the first patch buffer.</summary>
    /// <param name="pixel">Its number in the patch.</param>
    public Value PatchRow(Value pixel) => (pixel * _patch.Lead) + _depthHalf + PatchStart;

    /// <summary>Where the lane reads zeros.</summary>
    public Value Zeros => _depthHalf + ZeroRow;

    /// <summary>Words of one tap of filters.</summary>
    public int FilterWords => _filters.Words;

    /// <summary>The number to add for the other patch buffer.</summary>
    public int PatchWords => _patch.Words;

    /// <inheritdoc/>
    public override void Write(bool isLeft, TileSlots slots, int slot, Value[] values, Value stage)
    {
        (Value outer, Value inner) = _filters.AlongDepth ? (slots.Row(slot), slots.Depth(slot)) : (slots.Depth(slot), slots.Row(slot));
        _writer.Write((outer * _filters.Lead) + stage, inner, values, slots.Exists);
    }

    /// <summary>Writes neighbouring channels of a pixel of the patch.</summary>
    /// <param name="pixel">Its number in the patch.</param>
    /// <param name="channel">The first channel, counted from the patch's first.</param>
    /// <param name="values">The numbers; or the words that hold them.</param>
    /// <param name="buffer">0 or <see cref="PatchWords"/>.</param>
    /// <param name="condition">Whether there is such a pixel.</param>
    public void WritePatch(Value pixel, Value channel, Value[] values, Value buffer, Value? condition) =>
        _writer.Write((pixel * _patch.Lead) + buffer + PatchStart, channel, values, condition);

    /// <summary>Adds the products of one tap.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="rows">Where the lane reads its row of each block.</param>
    /// <param name="stage">The buffer of the filters.</param>
    public void Multiply(Variable[] sums, Value[] rows, Value stage)
    {
        for (int step = 0; step < Tile.BK / Tile.Math.Step; step++)
        {
            Value[][] a = Array.ConvertAll(rows, row => _k.LoadMatrix(_shared, row + (step * _patch.StepWords), transposed: false));
            for (int j = 0; j < Tile.TN / 2; j += 2)
            {
                Value[] b = Filters(stage + _filtersAt + ((step * _filters.StepWords) + _filters.LineWords(j * BlockColumns)));
                for (int i = 0; i < a.Length; i++)
                {
                    Multiply(sums, i, j, a[i], [b[0], b[1]]);
                    Multiply(sums, i, j + 1, a[i], [b[2], b[3]]);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void Multiply(Variable[] sums, Value stage) => throw new NotSupportedException("A patch is multiplied tap by tap.");

    private static (MmaSlice Filters, MmaSlice Patch) SlicesOf(GemmTile tile, TileAccess filters, int pixels) =>
        (new MmaSlice(tile.Math, filters.AlongDepth, tile.BN, tile.BK), new MmaSlice(tile.Math, AlongDepth: true, pixels, tile.BK));

    private Value[] Filters(Value at)
    {
        if (_filters.HasMatrixLoads)
        {
            return _k.LoadMatrix(_shared, at, transposed: !_filters.AlongDepth);
        }

        int line = 8, depth = 4 * _filters.Lead;
        return Array.ConvertAll([0, depth, line, line + depth], offset => _k.Load(_shared, at + offset).As(RegisterType.UInt32));
    }

    private void Multiply(Variable[] sums, int i, int j, Value[] a, Value[] b)
    {
        int at = (2 * i * Tile.TN) + (2 * j);
        _k.AddMma(Tile.Math.Shape, a, b, [sums[at], sums[at + 1], sums[at + Tile.TN], sums[at + Tile.TN + 1]]);
    }
}
