namespace Engine.Gpu;

/// <summary>The code of a kernel of attention.</summary>
/// <remarks>
/// A round has two halves: while one of the other side's two tiles is used, the other is under way. The tile that both halves of a round need is the second, or
/// has two buffers.
/// </remarks>
internal sealed class AttentionBody(KernelBuilder k, AttentionKernel kernel, AttentionParameters p, AttentionTiles tiles)
{
    private readonly int _rows = kernel.Tile.RowsOfItem, _columns = kernel.Tile.ColumnsOfItem;
    private readonly Value _first = p.Tile * kernel.Tile.Rows;

    /// <summary>Writes it.</summary>
    public void Write()
    {
        switch (kernel.Pass)
        {
            case AttentionPass.Forward:
                WriteForward();
                break;
            case AttentionPass.GradQuery:
                WriteGradQuery();
                break;
            default:
                WriteGradKeyValue();
                break;
        }
    }

    private Value Row(int i) => _first + tiles.Row(i);

    private Value EndOfKeys => kernel.Causal ? k.Min(p.Keys, _first + kernel.Tile.Rows) : p.Keys;

    private void WriteForward()
    {
        AttentionLayout layout = tiles.Layout;
        Value end = EndOfKeys;
        int width = kernel.Tile.ResultsOfItem(kernel.Width);
        tiles.Load(p.Query, layout.Own1, _first, p.Queries);
        tiles.Load(p.Key, layout.Other1, k.Int32(0), end);
        tiles.Arrive();
        tiles.Keep(layout.Own1);
        Variable[] results = k.Variables(_rows * width, k.Float32(0)), sums = k.Variables(_rows, k.Float32(0));
        Variable[] largest = k.Variables(_rows, k.Float32(float.NegativeInfinity));
        k.For(0, end, kernel.Tile.Columns, start =>
        {
            tiles.Arrive();
            tiles.Load(p.Value, layout.Other2, start, end);
            Value[] scores = Visible(tiles.Scores(layout.Own1, layout.Other1), start);
            Value[] weights = Weigh(scores, largest, sums, results, width);
            tiles.Arrive();
            tiles.Load(p.Key, layout.Other1, start + kernel.Tile.Columns, end);
            tiles.Accumulate(results, weights, layout.Other2);
        });
        Value[] totals = tiles.SumOfRows(Array.ConvertAll(sums, sum => sum.Value));
        for (int i = 0; i < _rows; i++)
        {
            // A row that saw nothing has no sum: 0, and a log-sum-exp next to which every score is nothing.
            Value isEmpty = totals[i].Is(0), exists = Row(i) < p.Queries;
            Value factor = k.Select(isEmpty, k.Float32(0), 1 / totals[i]);
            Value lse = MathFunctions.Log(k, totals[i]) + (largest[i].Value * (1 / AttentionKernel.Log2E));
            k.Store(p.LogSumExp, p.OfQuery(Row(i)), k.Select(isEmpty, k.Float32(float.PositiveInfinity), lse), exists & tiles.IsFirstOfRow);
            StoreRow(p.Results[0], results, i, width, factor, exists);
        }
    }

    private void WriteGradQuery()
    {
        AttentionLayout layout = tiles.Layout;
        Value end = EndOfKeys;
        int width = kernel.Tile.ResultsOfItem(kernel.Depth);
        tiles.Load(p.Query, layout.Own1, _first, p.Queries);
        tiles.Load(p.GradOutput!, layout.Own2, _first, p.Queries);
        tiles.Load(p.Value, layout.Other2, k.Int32(0), end);
        var statistics = new (Value LogSumExp, Value Delta)[_rows];
        for (int i = 0; i < _rows; i++)
        {
            statistics[i] = StatisticsOf(Row(i));
        }

        tiles.Arrive();
        tiles.Keep(layout.Own1);
        tiles.Keep(layout.Own2);
        Variable[] results = k.Variables(_rows * width, k.Float32(0));
        k.For(0, end, kernel.Tile.Columns, start =>
        {
            tiles.Arrive();
            tiles.Load(p.Key, layout.Other1, start, end);
            Value[] slopes = tiles.Scores(layout.Own2, layout.Other2);
            tiles.Arrive();
            tiles.Load(p.Value, layout.Other2, start + kernel.Tile.Columns, end);
            Value[] scores = Visible(tiles.Scores(layout.Own1, layout.Other1), start);
            for (int at = 0; at < scores.Length; at++)
            {
                (Value lse, Value delta) = statistics[at / _columns];
                scores[at] = tiles.PowerOfTwo(scores[at] - lse) * (slopes[at] - delta);
            }

            tiles.Accumulate(results, scores, layout.Other1);
        });
        for (int i = 0; i < _rows; i++)
        {
            StoreRow(p.Results[0], results, i, width, p.Scale, Row(i) < p.Queries);
        }
    }

    private void WriteGradKeyValue()
    {
        AttentionLayout layout = tiles.Layout;
        int depth = kernel.Tile.ResultsOfItem(kernel.Depth), width = kernel.Tile.ResultsOfItem(kernel.Width), columns = kernel.Tile.Columns;

        // The first query that sees the first key of the tile, back to where a tile of queries begins.
        Value begin = kernel.Causal ? _first / columns * columns : k.Int32(0);
        tiles.Load(p.Key, layout.Own1, _first, p.Keys);
        tiles.Load(p.Value, layout.Own2, _first, p.Keys);
        Variable stage = k.Variable(k.Int32(0));
        tiles.Load(p.Query, layout.Other1, begin, p.Queries, stage.Value);
        tiles.Arrive();
        tiles.Keep(layout.Own1);
        tiles.Keep(layout.Own2);
        Variable[] gradKey = k.Variables(_rows * depth, k.Float32(0)), gradValue = k.Variables(_rows * width, k.Float32(0));
        k.For(begin, p.Queries, k.Int32(columns), start =>
        {
            Value current = stage.Value;
            tiles.Arrive();
            tiles.Load(p.GradOutput!, layout.Other2, start, p.Queries);
            tiles.WriteStatistics(item => StatisticsOf(start + item));
            Value[] scores = Visible(tiles.Scores(layout.Own1, layout.Other1, current), start);
            tiles.Arrive();
            if (layout.Stages == 2)
            {
                stage.Value = layout.Other1.Size - current;
                tiles.Load(p.Query, layout.Other1, start + columns, p.Queries, layout.Other1.Size - current);
            }

            Value[] slopes = tiles.Scores(layout.Own2, layout.Other2);
            for (int j = 0; j < _columns; j++)
            {
                (Value lse, Value delta) = tiles.Statistics(j);
                for (int i = 0; i < _rows; i++)
                {
                    int at = (i * _columns) + j;
                    scores[at] = tiles.PowerOfTwo(scores[at] - lse);
                    slopes[at] = scores[at] * (slopes[at] - delta);
                }
            }

            tiles.Accumulate(gradValue, scores, layout.Other2);
            tiles.Accumulate(gradKey, slopes, layout.Other1, current, again: true);
            if (layout.Stages == 1)
            {
                k.Barrier();
                tiles.Load(p.Query, layout.Other1, start + columns, p.Queries);
            }
        });
        for (int i = 0; i < _rows; i++)
        {
            Value exists = Row(i) < p.Keys;
            StoreRow(p.Results[0], gradKey, i, depth, p.Scale, exists);
            StoreRow(p.Results[1], gradValue, i, width, null, exists);
        }
    }

    /// <summary>Scores in units of log 2, −∞ where a key is hidden or one of the two does not exist.</summary>
    private Value[] Visible(Value[] products, Value start)
    {
        bool rowsAreKeys = kernel.Pass == AttentionPass.GradKeyValue;
        for (int i = 0; i < _rows; i++)
        {
            Value row = Row(i);
            Value limit = rowsAreKeys || !kernel.Causal ? (rowsAreKeys ? p.Queries : p.Keys) : k.Min(p.Keys, row + 1);
            for (int j = 0; j < _columns; j++)
            {
                Value column = start + tiles.Column(j), score = products[(i * _columns) + j] * p.LogScale;
                score = rowsAreKeys ? p.Masked(score, column, row) : p.Masked(score, row, column);
                if (!kernel.IsWhole)
                {
                    // Queries past the end have a log-sum-exp that makes their weights 0.
                    Value isVisible = !rowsAreKeys ? column < limit : kernel.Causal ? column >= row : column < limit;
                    score = k.Select(isVisible, score, score.Like(double.NegativeInfinity));
                }

                products[(i * _columns) + j] = score;
            }
        }

        return products;
    }

    /// <summary>Weights next to the largest score so far; what was summed before is brought to the same measure.</summary>
    private Value[] Weigh(Value[] scores, Variable[] largest, Variable[] sums, Variable[] results, int width)
    {
        var values = new Value[_rows];
        for (int i = 0; i < _rows; i++)
        {
            values[i] = scores[i * _columns];
            for (int j = 1; j < _columns; j++)
            {
                values[i] = k.Max(values[i], scores[(i * _columns) + j]);
            }
        }

        values = tiles.MaxOfRows(values);
        for (int i = 0; i < _rows; i++)
        {
            Value max = k.Max(largest[i].Value, values[i]);

            // −∞ less −∞ would be NaN; where nothing was seen yet all weights are 0.
            Value zero = k.Select(max.Is(double.NegativeInfinity), k.Float32(0), max);
            Value shrink = tiles.PowerOfTwo(largest[i].Value - zero);
            largest[i].Value = max;
            Value sum = sums[i].Value * shrink;
            for (int j = 0; j < _columns; j++)
            {
                int at = (i * _columns) + j;
                scores[at] = tiles.PowerOfTwo(scores[at] - zero);
                sum += scores[at];
            }

            sums[i].Value = sum;
            for (int j = 0; j < width; j++)
            {
                results[(i * width) + j].Value *= shrink;
            }
        }

        return scores;
    }

    /// <summary>The log-sum-exp of a query in units of log 2, +∞ if there is no such query, and its Σ O·dO.</summary>
    private (Value LogSumExp, Value Delta) StatisticsOf(Value query)
    {
        Value exists = query < p.Queries;
        Value lse = k.Load(p.LogSumExp, p.OfQuery(query), exists) * AttentionKernel.Log2E;
        return (k.Select(exists, lse, k.Float32(float.PositiveInfinity)), k.Load(p.Delta!, p.OfQuery(query), exists));
    }

    private void StoreRow(AttentionOperand target, Variable[] results, int i, int width, Value? factor, Value exists)
    {
        int run = tiles.ResultVector;
        for (int j = 0; j < width; j += run)
        {
            Value[] values = [.. Enumerable.Range(0, run).Select(e => results[(i * width) + j + e].Value)];
            target.Store(Row(i), tiles.Result(j, target.Columns), factor is null ? values : Array.ConvertAll(values, value => value * factor), exists);
        }
    }
}
