using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>A tile that tensor cores multiply: each warp sums WM × WN results by matrix instructions of 16 × 8.</summary>
/// <remarks>
/// A work-item holds the results of rows lane / 4 and eight below and of columns 2 · (lane % 4) and the next, of every 16 × 8 block: TM is
/// WM / 8 and TN is WN / 4. Factors are converted when they are written to shared memory. Factors that were copied there asynchronously are converted when they are read
/// from it.
/// </remarks>
internal sealed class MmaProduct : TileProduct
{
    private const int BlockRows = 16, BlockColumns = 8;

    private readonly KernelBuilder _k;
    private readonly Memory _shared;
    private readonly MmaSlice _left, _right;
    private readonly Value _row, _column, _leftAt, _rightAt;

    /// <summary>Sets up shared memory and the position of each work-item in the tile.</summary>
    public MmaProduct(KernelBuilder k, GemmTile tile, TileAccess left, TileAccess right)
        : base(k, tile)
    {
        _k = k;
        (_left, _right) = (new MmaSlice(tile.Math, left.AlongDepth, tile.BM, tile.BK), new MmaSlice(tile.Math, right.AlongDepth, tile.BN, tile.BK));
        _shared = k.Shared("tiles", DType.Int32, tile.Buffers * StageSize);
        Value warp = k.LocalId / 32, lane = k.LocalId % 32;
        int warpsAcross = tile.BN / tile.WarpColumns;
        Value firstRow = warp / warpsAcross * tile.WarpRows, firstColumn = warp % warpsAcross * tile.WarpColumns;
        (_row, _column) = (firstRow + (lane / 4), firstColumn + (lane % 4 * 2));

        // Of the four matrices of a load, A's second and B's third lie eight lines on, A's third and B's second at the second half of the depth.
        (_leftAt, _rightAt) = (_left.At(firstRow, lane, lane / 8 % 2, lane / 16), _right.At(firstColumn, lane, lane / 16, lane / 8 % 2) + _left.Words);
    }

    // Asynchronous copies do not go through registers, where factors could be rounded; the instruction itself would cut digits off.
    private bool IsRoundedLate => Tile.IsPipelined && Tile.Math == TileMath.Tf32;

    /// <inheritdoc/>
    public override int ColumnVector => 2;

    /// <inheritdoc/>
    protected override int StageSize => _left.Words + _right.Words;

    /// <inheritdoc/>
    protected override RegisterType Compute => RegisterType.Float32;

    /// <inheritdoc/>
    public override Value Row(int i) => _row + ((i / 2 * BlockRows) + (i % 2 * 8));

    /// <inheritdoc/>
    public override Value Column(int j) => _column + ((j / 2 * BlockColumns) + (j % 2));

    /// <inheritdoc/>
    public override bool CarriesWords(DType element, int width) => Tile.Math.IsHalf && element == Tile.Math.HalfType && width > 1;

    /// <inheritdoc/>
    public override void Write(bool isLeft, TileSlots slots, int slot, Value[] values, Value stage)
    {
        MmaSlice slice = isLeft ? _left : _right;
        Value start = isLeft ? stage : stage + _left.Words;
        if (slice.PerWord == 2 && slots.Access.Width == 1)
        {
            (Value outer, Value inner) = slice.AlongDepth ? (slots.Row(slot), slots.Depth(slot)) : (slots.Depth(slot), slots.Row(slot));
            _k.Store(_shared.As(Tile.Math.HalfType), (outer * (2 * slice.Lead)) + inner + (start * 2), values[0], slots.Exists);
            return;
        }

        _k.StoreVector(_shared, OffsetOf(slice, slots, slot) + start, FactorWriter.Words(_k, Tile.Math, values), slots.Exists);
    }

    /// <inheritdoc/>
    protected override void CopyAsync(TileSource source, bool isLeft, Value depth, Value stage, Func<Value, Value>? isWithin)
    {
        MmaSlice slice = isLeft ? _left : _right;
        TileSlots slots = source.Slots;
        Debug.Assert(slots.Exists is null, "Each work-item has a vector: there is no copy that leaves its destination alone.");
        for (int slot = 0; slot < slots.Count; slot++)
        {
            (Value at, Value? condition) = source.Locate(slot, depth, isWithin?.Invoke(slots.Depth(slot)));
            Value to = OffsetOf(slice, slots, slot) + (isLeft ? stage : stage + _left.Words);
            _k.CopyAsync(_shared, to, source.Memory, at, 16, condition);
        }
    }

    /// <inheritdoc/>
    protected override void Multiply(Variable[] sums, Value stage)
    {
        int rows = Tile.TM / 2, columns = Tile.TN / 2;
        for (int step = 0; step < Tile.BK / Tile.Math.Step; step++)
        {
            var a = new Value[rows][];
            for (int i = 0; i < rows; i++)
            {
                a[i] = Load(_left, stage + _leftAt + ((step * _left.StepWords) + _left.LineWords(i * BlockRows)), isLeft: true);
            }

            for (int j = 0; j < columns; j += 2)
            {
                Value[] b = Load(_right, stage + _rightAt + ((step * _right.StepWords) + _right.LineWords(j * BlockColumns)), isLeft: false);
                for (int i = 0; i < rows; i++)
                {
                    MmaBlock.AddPair(_k, Tile, sums, i, j, a[i], b);
                }
            }
        }
    }

    /// <summary>The word where a vector of a slice begins.</summary>
    private static Value OffsetOf(in MmaSlice slice, TileSlots slots, int slot)
    {
        (Value outer, Value inner) = slice.AlongDepth ? (slots.Row(slot), slots.Depth(slot)) : (slots.Depth(slot), slots.Row(slot));
        return (outer * slice.Lead) + (inner / slice.PerWord);
    }

    private Value[] Load(MmaSlice slice, Value at, bool isLeft) => !IsRoundedLate ? slice.Load(_k, _shared, at, isLeft)
        : slice.HasMatrixLoads ? Array.ConvertAll(slice.Load(_k, _shared, at, isLeft), value => _k.RoundTf32(value.As(RegisterType.Float32)))
        : Array.ConvertAll(slice.OffsetsOf(isLeft), offset => _k.RoundTf32(_k.Load(_shared.As(DType.Float32), at + offset)));
}
