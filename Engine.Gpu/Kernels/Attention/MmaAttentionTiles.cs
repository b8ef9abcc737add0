namespace Engine.Gpu;

/// <summary>Tiles that tensor cores multiply: each of four warps has blocks of 16 rows, and the four lanes that share a row lie side by side.</summary>
/// <remarks>
/// A lane's scores are just what a matrix instruction wants as its first factor, so weights go from the softmax to the next product in registers. With
/// tf32 that holds for another order of the rows of the other side: depth t of an instruction is row 2t of eight, and depth t + 4 the one after it.
/// </remarks>
internal sealed class MmaAttentionTiles : AttentionTiles
{
    private const int BlockRows = 16, BlockColumns = 8, Lanes = 32;

    private readonly KernelBuilder _k;
    private readonly TileMath _math;
    private readonly int _perWord, _blocks;
    private readonly Value _lane, _firstRow;
    private readonly Dictionary<AttentionRegion, Value[][]> _kept = [];

    public MmaAttentionTiles(KernelBuilder k, AttentionTile tile, AttentionLayout layout, bool isAsync)
        : base(k, tile, layout, DType.Int32, isAsync)
    {
        (_k, _math, _perWord, _blocks) = (k, tile.Math, tile.Math.IsHalf ? 2 : 1, tile.RowsOfItem / 2);
        (_lane, _firstRow) = (k.LocalId % Lanes, k.LocalId / Lanes * (_blocks * BlockRows));
    }

    /// <inheritdoc/>
    public override int ResultVector => 2;

    /// <inheritdoc/>
    public override Value IsFirstOfRow => (_lane % 4).Is(0);

    /// <inheritdoc/>
    public override Value Row(int i) => _firstRow + (_lane / 4) + ((i / 2 * BlockRows) + (i % 2 * 8));

    /// <inheritdoc/>
    public override Value Column(int j) => (_lane % 4 * 2) + ((j / 2 * BlockColumns) + (j % 2));

    /// <inheritdoc/>
    public override Value Result(int j, int columns) => Column(j);

    /// <inheritdoc/>
    public override void Keep(AttentionRegion own)
    {
        if (Tile.KeepsOwn)
        {
            _kept[own] = [.. Enumerable.Range(0, Steps(own)).SelectMany(step => Enumerable.Range(0, _blocks).Select(block => LoadOwn(own, step, block)))];
        }
    }

    /// <inheritdoc/>
    public override Value[] Scores(AttentionRegion own, AttentionRegion other, Value? stage = null)
    {
        int columns = Tile.ColumnsOfItem;
        var sums = new Value[Tile.RowsOfItem * columns];
        Array.Fill(sums, _k.Float32(0));

        // Of the four matrices of a load, the second lies at the second half of the depth, the third eight rows on.
        Value at = (((_lane / 16 * 8) + (_lane % 8)) * other.Lead) + (_lane / 8 % 2 * 4) + other.Start + (stage ?? _k.Int32(0));
        for (int step = 0; step < Steps(own); step++)
        {
            Value[][] a = [.. Enumerable.Range(0, _blocks).Select(block => _kept.TryGetValue(own, out Value[][]? kept) ? kept[(step * _blocks) + block] : LoadOwn(own, step, block))];
            for (int j = 0; j < columns / 2; j += 2)
            {
                Value[] b = _k.LoadMatrix(Shared, at + ((j * BlockColumns * other.Lead) + (step * StepWords)), transposed: false);
                for (int block = 0; block < _blocks; block++)
                {
                    Multiply(sums, columns, block, j, a[block], [b[0], b[1]]);
                    Multiply(sums, columns, block, j + 1, a[block], [b[2], b[3]]);
                }
            }
        }

        return sums;
    }

    /// <inheritdoc/>
    public override void Accumulate(Variable[] results, Value[] weights, AttentionRegion other, Value? stage = null, bool again = false)
    {
        int columns = Tile.ColumnsOfItem, width = Tile.ResultsOfItem(other.Columns);
        Value[] sums = Array.ConvertAll(results, result => result.Value);
        Value start = (stage ?? _k.Int32(0)) + other.Start;
        for (int step = 0; step < Tile.Columns / _math.Step; step++)
        {
            Value[][] a = [.. Enumerable.Range(0, _blocks).Select(block => Factors(weights, columns, block, step))];
            for (int j = 0; j < width / 2; j += 2)
            {
                Value[] b = LoadAcross(other, start, step, j);
                for (int block = 0; block < _blocks; block++)
                {
                    Multiply(sums, width, block, j, a[block], [b[0], b[1]]);
                    Multiply(sums, width, block, j + 1, a[block], [b[2], b[3]]);
                }
            }
        }

        for (int i = 0; i < sums.Length; i++)
        {
            results[i].Value = sums[i];
        }
    }

    /// <inheritdoc/>
    public override Value[] MaxOfRows(Value[] values) => Array.ConvertAll(values, value => OverQuad(value, _k.Max));

    /// <inheritdoc/>
    public override Value[] SumOfRows(Value[] values) => Array.ConvertAll(values, value => OverQuad(value, static (a, b) => a + b));

    /// <inheritdoc/>
    public override Value PowerOfTwo(Value x) => _k.FastPowerOfTwo(x);

    /// <inheritdoc/>
    protected override void Write(Value row, Value column, Value[] values)
    {
        Value[] words = _math.IsHalf
            ? [_k.Pack(_math.HalfType, values[0], values[1]), _k.Pack(_math.HalfType, values[2], values[3])]
            : Array.ConvertAll(values, _k.RoundTf32);
        _k.StoreVector(Shared, row + (column / _perWord), Array.ConvertAll(words, word => word.As(RegisterType.Int32)));
    }

    // Words of shared memory that an instruction's depth takes: 8, of halves as of singles.
    private static int StepWords => 8;

    private int Steps(AttentionRegion own) => AttentionTile.Padded(own.Columns) / _math.Step;

    // Of the four matrices the second lies eight rows on, the third at the second half of the depth.
    private Value[] LoadOwn(AttentionRegion own, int step, int block) => _k.LoadMatrix(
        Shared, ((_firstRow + (_lane / 8 % 2 * 8) + (_lane % 8)) * own.Lead) + (_lane / 16 * 4) + (own.Start + (block * BlockRows * own.Lead) + (step * StepWords)), transposed: false);

    /// <summary>The second factors of two blocks of eight columns.</summary>
    private Value[] LoadAcross(AttentionRegion other, Value start, int step, int block)
    {
        if (_math.IsHalf)
        {
            // The second matrix lies eight rows on, the third eight columns on.
            Value at = (((_lane / 8 % 2 * 8) + (_lane % 8)) * other.Lead) + (_lane / 16 * 4) + start;
            return _k.LoadMatrix(Shared, at + ((step * BlockRows * other.Lead) + (block * 4)), transposed: true);
        }

        Value word = (_lane % 4 * 2 * other.Lead) + (_lane / 4) + start + ((step * 8 * other.Lead) + (block * BlockColumns));
        return [.. ((int[])[0, other.Lead, BlockColumns, BlockColumns + other.Lead]).Select(offset => _k.Load(Shared, word + offset).As(RegisterType.UInt32))];
    }

    /// <summary>Weights as the first factors of an instruction.</summary>
    private Value[] Factors(Value[] weights, int columns, int block, int step)
    {
        Value At(int row, int column) => weights[(((2 * block) + row) * columns) + column];
        if (_math.IsHalf)
        {
            int first = 4 * step;
            Value Pair(int row, int column) => _k.Pack(_math.HalfType, At(row, column), At(row, column + 1));
            return [Pair(0, first), Pair(1, first), Pair(0, first + 2), Pair(1, first + 2)];
        }

        int at = 2 * step;
        return [_k.RoundTf32(At(0, at)), _k.RoundTf32(At(1, at)), _k.RoundTf32(At(0, at + 1)), _k.RoundTf32(At(1, at + 1))];
    }

    private void Multiply(Value[] sums, int columns, int block, int j, Value[] a, Value[] b)
    {
        int at = (2 * block * columns) + (2 * j), below = at + columns;
        Value[] results = _k.Mma(_math.Shape, a, b, [sums[at], sums[at + 1], sums[below], sums[below + 1]]);
        (sums[at], sums[at + 1], sums[below], sums[below + 1]) = (results[0], results[1], results[2], results[3]);
    }

    private Value OverQuad(Value value, Func<Value, Value, Value> combine)
    {
        value = combine(value, _k.ShuffleXor(value, 1));
        return combine(value, _k.ShuffleXor(value, 2));
    }
}
