namespace Engine.Gpu;

/// <summary>
/// The inner part of all products: sums A[m, d] · B[d, n] over a range of d for the BM × BN results of a group, whatever A and B are
/// read from.
/// </summary>
/// <remarks>
/// With two buffers the next slice is under way to registers while the sums of one are made from shared memory; it is written beside the
/// current one, so one barrier a slice is enough. A sum of a length that is no multiple of the slice starts with the short slice: all others
/// are full and read without conditions.
/// </remarks>
internal sealed class TileProduct
{
    private readonly KernelBuilder _k;
    private readonly RegisterType _compute;
    private readonly int _rowVector, _columnVector, _rowStep, _columnStep;
    private readonly Value _row, _column;

    /// <summary>Sets up shared memory and the place of each work-item in the tile.</summary>
    public TileProduct(KernelBuilder k, GemmTile tile, DType compute)
    {
        (_k, Tile, _compute) = (k, tile, compute.InRegister());
        Shared = k.Shared("tiles", compute, tile.SharedElements);
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

    /// <summary>The sizes.</summary>
    public GemmTile Tile { get; }

    /// <summary>Columns of a work-item that are neighbours.</summary>
    public int ColumnVector => _columnVector;

    /// <summary>Both operands' slices.</summary>
    public Memory Shared { get; }

    /// <summary>Where the work-item's i-th row lies in the tile.</summary>
    public Value Row(int i) => _row + ((i / _rowVector * _rowStep) + (i % _rowVector));

    /// <summary>Where the work-item's j-th column lies in the tile.</summary>
    public Value Column(int j) => _column + ((j / _columnVector * _columnStep) + (j % _columnVector));

    /// <summary>The sums of this work-item, [TM, TN] in row-major order.</summary>
    /// <param name="left">A.</param>
    /// <param name="right">B.</param>
    /// <param name="start">First depth, Int32.</param>
    /// <param name="shortLength">Length of the first slice, at most BK.</param>
    /// <param name="end">Where the depth ends; start + shortLength + a multiple of BK.</param>
    public Value[] Sum(TileSource left, TileSource right, Value start, Value shortLength, Value end)
    {
        Variable[] sums = _k.Variables(Tile.TM * Tile.TN, _k.Constant(_compute, 0));
        if (Tile.Buffers == 1)
        {
            SumInPlace(sums, left, right, start, shortLength, end);
        }
        else
        {
            SumAhead(sums, left, right, start, shortLength, end);
        }

        return Array.ConvertAll(sums, sum => sum.Value);
    }

    /// <summary>The next slice is read while the current one is multiplied.</summary>
    private void SumAhead(Variable[] sums, TileSource left, TileSource right, Value start, Value shortLength, Value end)
    {
        Variable stage = _k.Variable(_k.Int32(0));
        Value[][] a = left.Fetch(start, depth => depth < shortLength), b = right.Fetch(start, depth => depth < shortLength);
        left.Place(a, _k.Int32(0));
        right.Place(b, _k.Int32(0));
        _k.Barrier();
        _k.For(start + shortLength, end, _k.Int32(Tile.BK), depth =>
        {
            Value current = stage.Value, next = Tile.StageElements - current;
            a = left.Fetch(depth);
            b = right.Fetch(depth);
            Multiply(sums, current);
            left.Place(a, next);
            right.Place(b, next);
            stage.Value = next;
            _k.Barrier();
        });
        Multiply(sums, stage.Value);
    }

    /// <summary>Slice by slice, in a quarter of the code: for processors, which compile slowly and read ahead by themselves.</summary>
    private void SumInPlace(Variable[] sums, TileSource left, TileSource right, Value start, Value shortLength, Value end) =>
        _k.For(start + shortLength - Tile.BK, end, _k.Int32(Tile.BK), depth =>
        {
            Value before = start - depth;
            left.Place(left.Fetch(depth, place => place >= before), _k.Int32(0));
            right.Place(right.Fetch(depth, place => place >= before), _k.Int32(0));
            _k.Barrier();
            Multiply(sums, _k.Int32(0));
            _k.Barrier();
        });

    private void Multiply(Variable[] sums, Value stage)
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
            _k.LoadVector(Shared, at + (i / width * step), width).CopyTo(values, i);
        }

        return values;
    }
}
