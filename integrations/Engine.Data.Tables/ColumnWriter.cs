namespace Engine.Data.Tables;

/// <summary>Writes the rows of a column to their places in the tensors of inputs.</summary>
/// <param name="plan">What the fit knows of it.</param>
/// <param name="column">Its values.</param>
/// <param name="places">For each category of the column the place that it has in the plan; −1 where it has none.</param>
/// <param name="at">Its first number of a row.</param>
/// <param name="id">Its place among the ids of a row; null where it has numbers.</param>
internal sealed class ColumnWriter(ColumnPlan plan, TableColumn column, int[] places, int at, int? id)
{
    /// <summary>Writes as many rows as there is room for.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="numbers">All numbers of these rows; those of categories are 0.</param>
    /// <param name="ids">All ids of these rows.</param>
    public void Write(int first, int count, Span<float> numbers, Span<long> ids)
    {
        if (count == 0)
        {
            return;
        }

        int width = numbers.Length / count, idWidth = ids.Length / count;
        if (column is NumberColumn values)
        {
            ReadOnlySpan<double> source = values.Values.Slice(first, count);
            for (int row = 0; row < source.Length; row++)
            {
                plan.Write(source[row], numbers[((row * width) + at)..]);
            }

            return;
        }

        ReadOnlySpan<int> codes = ((CategoryColumn)column).Codes.Slice(first, count);
        for (int row = 0; row < codes.Length; row++)
        {
            int place = codes[row] < 0 ? -1 : places[codes[row]];
            if (id is { } own)
            {
                ids[(row * idWidth) + own] = place + 1;
            }
            else if (place >= 0)
            {
                numbers[(row * width) + at + place] = 1;
            }
        }
    }
}
