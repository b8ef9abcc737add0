using System.Numerics.Tensors;

namespace Engine.Cpu;

/// <summary>
/// Adds many rows to the rows of a small table, in double precision: rows are taken in chunks, each of which is summed in a table of its own, and the tables are added in
/// ascending order.
/// </summary>
/// <remarks>
/// Threads that share the columns of the table skip the pieces of the others in every row, which the processor fetches for them all the same. Chunks follow from the sizes only,
/// so a sum has one order whatever the number of threads.
/// </remarks>
internal readonly unsafe struct ScatterChunks<TIndex>(string op, IndexedSpace space, int chunks, double* table, nint tableSize, double* others, TIndex* index, float* terms) : IParallelBody
    where TIndex : unmanaged
{
    /// <summary>Rows a chunk, for each row of the table: making and adding up its own table is then one part in thirty of the work.</summary>
    private const int LeastRowsOfRow = 32;

    /// <summary>Bytes of a table that stays in a second-level cache beside the rows that pass.</summary>
    private const long MostTableBytes = 384 << 10;

    /// <summary>Most chunks; their tables take 3 MiB at most.</summary>
    private const int MostChunks = 8;

    /// <summary>How many chunks the rows fall into; 1 where the table is large, or where what is added are not rows.</summary>
    public static int Count(in IndexedSpace space, long tableSize)
        => space.Rank == 2 && space.Table[0] == 0 && space.Index[1] == 0 && tableSize * sizeof(double) <= MostTableBytes
            ? (int)Math.Clamp(space.Sizes[0] / ((long)LeastRowsOfRow * space.AxisSize), 1, MostChunks)
            : 1;

    /// <summary>Adds all rows of <paramref name="terms"/> to a contiguous table.</summary>
    public static void Run(string op, in IndexedSpace space, int chunks, double* table, nint tableSize, TIndex* index, float* terms, WorkerPool pool)
    {
        using ScratchLease others = Scratch.Rent<double>((chunks - 1) * tableSize);
        ScatterChunks<TIndex> loop = new(op, space, chunks, table, tableSize, others.As<double>(), index, terms);
        pool.Run(chunks, ref loop);
        Span<double> sums = new(table, checked((int)tableSize));
        for (int chunk = 1; chunk < chunks; chunk++)
        {
            TensorPrimitives.Add(sums, new ReadOnlySpan<double>(others.As<double>() + (chunk - 1) * tableSize, sums.Length), sums);
        }
    }

    public void Run(int part, int worker)
    {
        // The first chunk goes on with what the table holds.
        double* own = part == 0 ? table : others + (part - 1) * tableSize;
        if (part > 0)
        {
            new Span<double>(own, (int)tableSize).Clear();
        }

        IndexedSpace share = space.Narrow(0, space.Sizes[0] * part / chunks, space.Sizes[0] * (part + 1) / chunks);
        new IndexedLoop<double, float, TIndex, AddToWideTable>(op, share, axis: 0, parts: 1, own, index, terms).Run(0, worker);
    }
}
