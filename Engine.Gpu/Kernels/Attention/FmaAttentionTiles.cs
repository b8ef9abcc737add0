namespace Engine.Gpu;

/// <summary>Tiles whose work-items multiply for themselves, in single precision.</summary>
internal sealed class FmaAttentionTiles : AttentionTiles
{
    private const int Step = 8, Vector = 4;

    private readonly KernelBuilder _k;
    private readonly Value _row, _item;
    private readonly Lazy<GroupReduction> _reduction;
    private readonly int _vector, _across;

    public FmaAttentionTiles(KernelBuilder k, AttentionTile tile, AttentionLayout layout, bool isAsync)
        : base(k, tile, layout, DType.Float32, isAsync)
    {
        (_k, _across) = (k, tile.Across);
        (_row, _item) = (k.LocalId / _across * tile.RowsOfItem, k.LocalId % _across);
        _reduction = new Lazy<GroupReduction>(() => new GroupReduction(k, Enumerable.Repeat(RegisterType.Float32, tile.RowsOfItem).ToArray(), _across));

        // One width for all results of the kernel.
        int columns = AttentionTile.Padded(layout.Other1.Columns) | AttentionTile.Padded(layout.Other2.Columns);
        _vector = columns % (Vector * _across) == 0 ? Vector : columns % (2 * _across) == 0 ? 2 : 1;
    }

    /// <inheritdoc/>
    public override int ResultVector => _vector;

    /// <inheritdoc/>
    public override Value IsFirstOfRow => _item.Is(0);

    /// <inheritdoc/>
    public override Value Row(int i) => _row + i;

    /// <inheritdoc/>
    public override Value Column(int j) => _item + (_across * j);

    /// <inheritdoc/>
    public override Value Result(int j, int columns) => (_item * _vector) + ((j / _vector * _across * _vector) + (j % _vector));

    /// <inheritdoc/>
    public override Value[] Scores(AttentionRegion own, AttentionRegion other, Value? stage = null)
    {
        int rows = Tile.RowsOfItem, columns = Tile.ColumnsOfItem;
        Variable[] sums = _k.Variables(rows * columns, _k.Float32(0));
        Value ownAt = (_row * own.Lead) + own.Start, otherAt = (_item * other.Lead) + other.Start + (stage ?? _k.Int32(0));
        _k.For(0, _k.Int32(AttentionTile.Padded(own.Columns)), Step, depth =>
        {
            for (int d = 0; d < Step; d += Vector)
            {
                Value[][] x = Vectors(rows, i => ownAt + depth + ((i * own.Lead) + d), Vector);
                Value[][] y = Vectors(columns, j => otherAt + depth + ((j * _across * other.Lead) + d), Vector);
                for (int v = 0; v < Vector; v++)
                {
                    for (int i = 0; i < rows; i++)
                    {
                        for (int j = 0; j < columns; j++)
                        {
                            Variable sum = sums[(i * columns) + j];
                            sum.Value = _k.Fma(x[i][v], y[j][v], sum.Value);
                        }
                    }
                }
            }
        });
        return Array.ConvertAll(sums, sum => sum.Value);
    }

    /// <inheritdoc/>
    public override void Accumulate(Variable[] results, Value[] weights, AttentionRegion other, Value? stage = null, bool again = false)
    {
        int rows = Tile.RowsOfItem, columns = Tile.ColumnsOfItem, width = Tile.ResultsOfItem(other.Columns);
        AttentionRegion region = Layout.Weights;
        Value weightsAt = (_row * region.Lead) + region.Start;
        if (again)
        {
            _k.Barrier();
        }

        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                _k.Store(Singles, weightsAt + _item + ((i * region.Lead) + (j * _across)), weights[(i * columns) + j]);
            }
        }

        _k.Barrier();
        Value otherAt = (_item * _vector) + other.Start + (stage ?? _k.Int32(0));
        _k.For(0, _k.Int32(Tile.Columns), Vector, first =>
        {
            Value[][] x = Vectors(rows, i => weightsAt + first + (i * region.Lead), Vector);
            for (int v = 0; v < Vector; v++)
            {
                Value at = otherAt + ((first + v) * other.Lead);
                for (int j = 0; j < width; j += _vector)
                {
                    Value[] y = _k.LoadVector(Singles, at + (j * _across), _vector);
                    for (int i = 0; i < rows; i++)
                    {
                        for (int e = 0; e < _vector; e++)
                        {
                            Variable result = results[(i * width) + j + e];
                            result.Value = _k.Fma(x[i][v], y[e], result.Value);
                        }
                    }
                }
            }
        });
    }

    /// <inheritdoc/>
    public override Value[] MaxOfRows(Value[] values) => _reduction.Value.Combine(values, (a, b) => [.. a.Zip(b, _k.Max)]);

    /// <inheritdoc/>
    public override Value[] SumOfRows(Value[] values) => _reduction.Value.Sums(values);

    /// <inheritdoc/>
    public override Value PowerOfTwo(Value x) => MathFunctions.PowerOfTwoUpToOne(_k, x);

    /// <inheritdoc/>
    protected override void Write(Value row, Value column, Value[] values) => _k.StoreVector(Singles, row + column, values);

    private Value[][] Vectors(int count, Func<int, Value> at, int width) => [.. Enumerable.Range(0, count).Select(i => _k.LoadVector(Singles, at(i), width))];
}
