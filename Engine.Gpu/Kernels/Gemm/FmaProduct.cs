namespace Engine.Gpu;

/// <summary>A tile whose work-items multiply for themselves: TM × TN sums each, from slices that lie depth first in shared memory.</summary>
internal sealed class FmaProduct : TileProduct
{
    private readonly KernelBuilder _k;
    private readonly RegisterType _compute;
    private readonly Memory _shared;
    private readonly int _rowVector, _columnVector, _rowStep, _columnStep;
    private readonly Value _row, _column;

    /// <summary>Sets up shared memory and the position of each work-item in the tile.</summary>
    public FmaProduct(KernelBuilder k, GemmTile tile, DType compute)
        : base(k, tile)
    {
        (_k, _compute) = (k, compute.InRegister());
        _shared = k.Shared("tiles", compute, tile.SharedElements);
        int widest = 16 / compute.SizeInBytes();
        (_rowVector, _columnVector) = (Math.Min(tile.TM, widest), Math.Min(tile.TN, widest));
        Value id = k.LocalId;
        if (tile.IsWarpTiled)
        {
            // Eight lanes that are served together span 4 × 2 work-items: the fewest distinct words.
            Value warp = id / 32, lane = id % 32;
            int warpsAcross = tile.BN / tile.TN / GemmTile.LaneColumns;
            Value laneRow = lane / 2 % GemmTile.LaneRows, laneColumn = (lane / 8 * 2) + (lane % 2);
            _row = (warp / warpsAcross * (GemmTile.LaneRows * tile.TM)) + (laneRow * _rowVector);
            _column = (warp % warpsAcross * (GemmTile.LaneColumns * tile.TN)) + (laneColumn * _columnVector);
            (_rowStep, _columnStep) = (GemmTile.LaneRows * _rowVector, GemmTile.LaneColumns * _columnVector);
        }
        else
        {
            int across = tile.BN / tile.TN;
            (_row, _column) = (id / across * tile.TM, id % across * tile.TN);
            (_rowStep, _columnStep) = (_rowVector, _columnVector);
        }
    }

    /// <inheritdoc/>
    public override int ColumnVector => _columnVector;

    /// <inheritdoc/>
    protected override int StageSize => Tile.StageElements;

    /// <inheritdoc/>
    protected override RegisterType Compute => _compute;

    /// <inheritdoc/>
    public override Value Row(int i) => _row + ((i / _rowVector * _rowStep) + (i % _rowVector));

    /// <inheritdoc/>
    public override Value Column(int j) => _column + ((j / _columnVector * _columnStep) + (j % _columnVector));

    /// <inheritdoc/>
    public override void Write(bool isLeft, TileSlots slots, int slot, Value[] values, Value stage)
    {
        int lead = isLeft ? Tile.RowLead : Tile.ColumnLead;
        Value at = (slots.Depth(slot) * lead) + slots.Row(slot) + (isLeft ? 0 : Tile.BK * Tile.RowLead) + stage;
        if (!slots.Access.AlongDepth)
        {
            _k.StoreVector(_shared, at, values, slots.Exists);
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            _k.Store(_shared, at + (i * lead), values[i], slots.Exists);
        }
    }

    /// <inheritdoc/>
    protected override void Multiply(Variable[] sums, Value stage)
    {
        Value rowAt = _row + stage, columnAt = _column + stage + (Tile.BK * Tile.RowLead);
        for (int d = 0; d < Tile.BK; d++)
        {
            Value[] a = Fragment(rowAt + (d * Tile.RowLead), Tile.TM, _rowVector, _rowStep);
            Value[] b = Fragment(columnAt + (d * Tile.ColumnLead), Tile.TN, _columnVector, _columnStep);
            for (int i = 0; i < Tile.TM; i++)
            {
                for (int j = 0; j < Tile.TN; j++)
                {
                    Variable sum = sums[(i * Tile.TN) + j];
                    sum.Value = _k.Fma(a[i], b[j], sum.Value);
                }
            }
        }
    }

    private Value[] Fragment(Value at, int count, int width, int step)
    {
        var values = new Value[count];
        for (int i = 0; i < count; i += width)
        {
            _k.LoadVector(_shared, at + (i / width * step), width).CopyTo(values, i);
        }

        return values;
    }
}
