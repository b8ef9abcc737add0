namespace Engine.Cpu;

/// <summary>The work on one row, independent of the others.</summary>
internal interface IRowKernel
{
    void Run(nint row);
}

/// <summary>Runs a kernel over rows that are shared among the threads.</summary>
internal struct RowLoop<TKernel>(TKernel kernel, nint rows, int parts) : IParallelBody where TKernel : struct, IRowKernel
{
    /// <param name="kernel">The work.</param>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="work">The cost of a row, counted in elements that are read and written once.</param>
    /// <param name="pool">The threads.</param>
    public static void Run(in TKernel kernel, nint rows, long work, WorkerPool pool)
    {
        int parts = Partition.Parts(pool, rows * work, rows);
        RowLoop<TKernel> loop = new(kernel, rows, parts);
        pool.Run(parts, ref loop);
    }

    public void Run(int part, int worker)
    {
        nint end = Partition.Start(rows, part + 1, parts);
        for (nint row = Partition.Start(rows, part, parts); row < end; row++)
        {
            kernel.Run(row);
        }

        // Kernels may stream their results.
        Streaming.End();
    }
}
