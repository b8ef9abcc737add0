namespace Engine.Nn;

/// <summary>Tables of what belongs to positions and is not learned: computed in double precision, since late angles would lose their fractions, and kept as float32.</summary>
internal static class PositionTable
{
    private const int ChunkElements = 1 << 16;

    /// <summary>[rows, columns] of a function, as a buffer.</summary>
    public static Tensor Fill(int rows, int columns, Func<int, int, double> value)
    {
        Tensor table = Tensor.Empty([rows, columns]).Keep();
        using TensorScope scope = TensorScope.Begin();
        int most = Math.Max(1, ChunkElements / columns);
        float[] chunk = new float[Math.Min(rows, most) * columns];
        for (int first = 0; first < rows; first += most)
        {
            int count = Math.Min(most, rows - first);
            for (int i = 0; i < count * columns; i++)
            {
                chunk[i] = (float)value(first + (i / columns), i % columns);
            }

            table.Narrow(0, first, count).CopyFrom<float>(chunk.AsSpan(0, count * columns));
        }

        return table;
    }
}
