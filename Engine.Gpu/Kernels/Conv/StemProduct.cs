namespace Engine.Gpu;

/// <summary>
/// The inner part of a <see cref="StemCorrelationKernel"/>: results of a tile by channels, summed over the numbers of a window on tensor cores. Filters stay in shared memory
/// for all tiles of a group; a lane gathers its factors of windows from the image under the tile, at places that a table names.
/// </summary>
/// <remarks>
/// A unit is what one register holds of a window: a number in tf32, two neighbours of a row of taps in 16 bits. An instruction multiplies eight of them. What a row's last
/// unit has too much, and what is missing to the last eight, is masked: it may be no number.
/// </remarks>
internal sealed class StemProduct : TileProduct
{
    private const int BlockRows = StemShape.TileColumns, BlockColumns = 8, UnitsOfStep = 8, UnitsOfHalf = 4;

    // Places of so many instructions are kept in registers; more are read from a table.
    private const int FewSteps = 5;

    // Lines of filters that are under way at once.
    private const int LinesAhead = 2;

    private const int Lanes = 32;

    private readonly KernelBuilder _k;
    private readonly StemShape _shape;
    private readonly Memory _shared;
    private readonly MmaSlice _filters;
    private readonly Value _row, _column, _filtersAt, _patchAt, _lane;
    private readonly Value[] _places;

    /// <summary>Sets up shared memory and the position of each work-item in the tile.</summary>
    public StemProduct(KernelBuilder k, GemmTile tile, StemShape shape)
        : base(k, tile)
    {
        (_k, _shape) = (k, shape);
        _filters = FiltersOf(tile, shape);
        _shared = k.Shared("tiles", DType.Int32, WordsOf(tile, shape));
        Value warp = k.LocalId / Lanes;
        _lane = k.LocalId % Lanes;
        (_row, _column) = ((warp * tile.WarpRows) + (_lane / 4), _lane % 4 * 2);
        _patchAt = (warp * (tile.WarpRows / BlockRows * shape.PixelRow)) + (_lane / 4 * shape.Pixel) + PatchStart;
        _filtersAt = _filters.At(k.Int32(0), _lane, _lane / 16, _lane / 8 % 2);
        int steps = StepsOf(tile.Math, shape);
        if (steps > FewSteps)
        {
            k.For(k.LocalId, k.Int32(steps * UnitsOfStep), k.Int32(k.GroupSize), unit => k.Store(_shared, unit + TableStart, PlaceOf(unit)));
        }

        _places = steps > FewSteps ? [] : [.. Enumerable.Range(0, 2 * steps).Select(half => PlaceOf((_lane % 4) + (half * UnitsOfHalf)))];
    }

    /// <inheritdoc/>
    public override int ColumnVector => 2;

    /// <inheritdoc/>
    protected override int StageSize => _filters.Words;

    /// <inheritdoc/>
    protected override RegisterType Compute => RegisterType.Float32;

    private int PatchStart => _filters.Words + StemPatch.Margin;

    private int TableStart => PatchStart + PatchWords(_shape);

    private int PerUnit => Tile.Math.IsHalf ? 2 : 1;

    private int UnitsOfRow => UnitsOfRowOf(Tile.Math, _shape);

    private int Units => _shape.RowTaps * UnitsOfRow;

    /// <summary>Words of shared memory: the filters, the image under a tile, the table of places.</summary>
    public static int WordsOf(GemmTile tile, StemShape shape) =>
        FiltersOf(tile, shape).Words + StemPatch.Margin + PatchWords(shape) + (StepsOf(tile.Math, shape) > FewSteps ? StepsOf(tile.Math, shape) * UnitsOfStep : 0);

    /// <inheritdoc/>
    public override Value Row(int i) => _row + ((i / 2 * BlockRows) + (i % 2 * 8));

    /// <inheritdoc/>
    public override Value Column(int j) => _column + ((j / 2 * BlockColumns) + (j % 2));

    /// <inheritdoc/>
    public override void Write(bool isLeft, TileSlots slots, int slot, Value[] values, Value stage) =>
        throw new NotSupportedException("Filters are written at once, and the image by StemPatch.");

    /// <summary>Writes the image under a tile.</summary>
    public void WritePatch(StemPatch patch, Value[] values) => patch.Write(_shared, _k.Int32(PatchStart), values, Tile.Math, pair: 1);

    /// <summary>Writes what no tile's image writes, once.</summary>
    public void Prepare(StemPatch patch) => patch.Close(_shared, _k.Int32(PatchStart), Tile.Math, pair: 1);

    /// <summary>Writes the filters of the group's channels: a warp takes a channel at a time, a lane some of its units.</summary>
    /// <param name="filters">The filters.</param>
    /// <param name="strides">Strides of the filters: channels of the result, of the image, rows and columns of taps.</param>
    /// <param name="first">The group's first channel of the result.</param>
    /// <param name="channels">Channels of the result.</param>
    public void WriteFilters(Memory filters, (Value Out, Value In, Value Row, Value Column) strides, Value first, Value channels)
    {
        int units = _filters.Lead - 4, perLane = (units + Lanes - 1) / Lanes, warps = Tile.GroupSize / Lanes;
        RegisterType type = strides.Out.Type;
        var offsets = new Value[perLane][];
        var exists = new Value[perLane][];
        for (int i = 0; i < perLane; i++)
        {
            Value unit = _lane + (i * Lanes), row = unit / UnitsOfRow, number = (unit - (row * UnitsOfRow)) * PerUnit;
            (offsets[i], exists[i]) = (new Value[PerUnit], new Value[PerUnit]);
            for (int e = 0; e < PerUnit; e++)
            {
                Value column = (number + e) / _shape.Channels, channel = number + e - (column * _shape.Channels);
                offsets[i][e] = (row.To(type) * strides.Row) + (column.To(type) * strides.Column) + (channel.To(type) * strides.In);
                exists[i][e] = (unit < Units) & (number + e < _shape.RowLength);
            }
        }

        _k.For(_k.LocalId / Lanes, _k.Int32(Tile.BN), _k.Int32(warps * LinesAhead), line =>
        {
            var loaded = new Value[LinesAhead][][];
            for (int ahead = 0; ahead < LinesAhead; ahead++)
            {
                Value channel = first + line + (ahead * warps), start = channel.To(type) * strides.Out;
                loaded[ahead] = [.. Enumerable.Range(0, perLane).Select(i => Enumerable.Range(0, PerUnit)
                    .Select(e => _k.Load(filters, start + offsets[i][e], exists[i][e] & (channel < channels))).ToArray())];
            }

            for (int ahead = 0; ahead < LinesAhead; ahead++)
            {
                for (int i = 0; i < perLane; i++)
                {
                    Value word = ((line + (ahead * warps)) * _filters.Lead) + _lane + (i * Lanes);
                    Value? isUnit = (i + 1) * Lanes <= units ? null : _lane + (i * Lanes) < units;
                    _k.Store(_shared, word, FactorWriter.Words(_k, Tile.Math, loaded[ahead][i])[0], isUnit);
                }
            }
        });
    }

    /// <summary>Adds the products of all windows of the tile.</summary>
    public void Multiply(Variable[] sums)
    {
        int blocks = Tile.WarpRows / BlockRows;
        for (int step = 0; step < StepsOf(Tile.Math, _shape); step++)
        {
            var a = new Value[blocks][];
            for (int i = 0; i < blocks; i++)
            {
                a[i] = new Value[4];
            }

            for (int half = 0; half < 2; half++)
            {
                int number = (2 * step) + half;
                Value place = _places.Length > 0 ? _places[number] : _k.Load(_shared, (_lane % 4) + (TableStart + (number * UnitsOfHalf)));
                Value? mask = MaskOf(number * UnitsOfHalf);
                for (int i = 0; i < blocks; i++)
                {
                    for (int line = 0; line < 2; line++)
                    {
                        Value word = _k.Load(_shared, _patchAt + place + ((i * _shape.PixelRow) + (line * 8 * _shape.Pixel)));
                        a[i][(2 * half) + line] = (mask is null ? word : word & mask).As(RegisterType.UInt32);
                    }
                }
            }

            for (int j = 0; j < Tile.TN / 2; j += 2)
            {
                Value[] b = _k.LoadMatrix(_shared, _filtersAt + ((step * _filters.StepWords) + _filters.LineWords(j * BlockColumns)), transposed: false);
                for (int i = 0; i < blocks; i++)
                {
                    MmaBlock.AddPair(_k, Tile, sums, i, j, a[i], b);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void Multiply(Variable[] sums, Value stage) => throw new NotSupportedException("A tile's windows are multiplied at once.");

    private static int UnitsOfRowOf(TileMath math, StemShape shape) => math.IsHalf ? (shape.RowLength + 1) / 2 : shape.RowLength;

    private static int StepsOf(TileMath math, StemShape shape) => ((shape.RowTaps * UnitsOfRowOf(math, shape)) + (UnitsOfStep - 1)) / UnitsOfStep;

    private static int PatchWords(StemShape shape) => (shape.Words + 3) / 4 * 4;

    private static MmaSlice FiltersOf(GemmTile tile, StemShape shape) =>
        new(tile.Math, AlongDepth: true, tile.BN, StepsOf(tile.Math, shape) * tile.Math.Step);

    /// <summary>Where a unit lies, counted from the first number of a window; units that no window has lie there, too.</summary>
    private Value PlaceOf(Value unit)
    {
        Value row = unit / UnitsOfRow;
        return _k.Select(unit < Units, (row * _shape.Line) + ((unit - (row * UnitsOfRow)) * PerUnit), _k.Int32(0));
    }

    /// <summary>The bits of the lane's unit that belong to its window, of four units from a first one on; null where all of all lanes do.</summary>
    private Value? MaskOf(int first)
    {
        int[] bits = [.. Enumerable.Range(first, UnitsOfHalf).Select(unit => unit >= Units ? 0 : (unit % UnitsOfRow) + 1 < UnitsOfRow || _shape.RowLength % PerUnit == 0 ? -1 : 0xFFFF)];
        if (Array.TrueForAll(bits, static one => one == -1))
        {
            return null;
        }

        Value mask = _k.Int32(bits[^1]);
        for (int i = bits.Length - 2; i >= 0; i--)
        {
            mask = _k.Select((_lane % 4).Is(i), _k.Int32(bits[i]), mask);
        }

        return mask;
    }
}
