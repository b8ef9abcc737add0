namespace Engine.Cpu;

/// <summary>
/// The gradient to the input of a strided convolution: one correlation for each residue of rows and columns modulo the strides, whose
/// outputs interleave. All residues of an image are computed in turn, while its gradient is in the cache.
/// </summary>
internal unsafe struct StridedDataGradient<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private DirectConvolution<T, TVec>* _residues;
    private int _count;

    /// <summary>Computes dx of all images.</summary>
    public static void Run(in ConvGeometry g, T* dy, T* w, T* dx, WorkerPool pool)
    {
        int rows = Math.Min(g.StrideH, g.InHeight), columns = Math.Min(g.StrideW, g.InWidth), units = g.Batch * g.Groups;
        if (units < pool.Threads)
        {
            for (int i = 0; i < rows * columns; i++)
                DirectConvolution<T, TVec>.Run(Correlation.BackwardData(g, i / columns, i % columns), Grid(g, i / columns, i % columns), dy, w, dx, null, relu: false, pool);
            return;
        }

        nint values = 0, taps = 0;
        for (int i = 0; i < rows * columns; i++)
        {
            Correlation task = Correlation.BackwardData(g, i / columns, i % columns);
            values += DirectConvolution<T, TVec>.PreparedValues(task);
            taps += task.Taps;
        }

        using ScratchLease valueMemory = Scratch.Rent<T>(values);
        using ScratchLease tapMemory = Scratch.Rent<nint>(taps);
        using ScratchLease bodies = Scratch.Rent((nint)rows * columns * sizeof(DirectConvolution<T, TVec>));
        StridedDataGradient<T, TVec> body = new() { _residues = (DirectConvolution<T, TVec>*)bodies.Pointer };
        (values, taps) = (0, 0);
        for (int i = 0; i < rows * columns; i++)
        {
            Correlation task = Correlation.BackwardData(g, i / columns, i % columns);
            if (task.OutPlane == 0) continue;
            body._residues[body._count++] = DirectConvolution<T, TVec>.Prepare(
                task, Grid(g, i / columns, i % columns), dy, w, dx, null, relu: false, threads: 1, valueMemory.As<T>() + values, tapMemory.As<nint>() + taps);
            values += DirectConvolution<T, TVec>.PreparedValues(task);
            taps += task.Taps;
        }

        Correlation.Forward(g).Loop(pool, units, ref body);
    }

    public readonly void Run(int part, int worker)
    {
        for (int i = 0; i < _count; i++)
        {
            int items = _residues[i].ItemsOfUnit;
            for (int item = 0; item < items; item++) _residues[i].Run(part * items + item, worker);
        }
    }

    private static OutputGrid Grid(in ConvGeometry g, int row, int column)
        => new((nint)g.InHeight * g.InWidth, (nint)row * g.InWidth + column, (nint)g.StrideH * g.InWidth, g.StrideW);
}
