namespace Engine.Cpu;

/// <summary>One image of a pooling.</summary>
internal unsafe interface IPoolKernel<T> where T : unmanaged
{
    /// <summary>From x to y or, backward, from y to x.</summary>
    /// <param name="plane">The sizes.</param>
    /// <param name="x">[H, W].</param>
    /// <param name="y">[P, Q].</param>
    /// <param name="indices">[P, Q] or null.</param>
    /// <param name="images">How many images, this one included, are the thread's own and follow each other.</param>
    static abstract void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images);
}

/// <summary>Runs a kernel over N·C images, shared among the threads.</summary>
internal readonly unsafe struct PoolLoop<T, TKernel>(PoolPlane plane, nint images, int parts, T* x, T* y, int* indices) : IParallelBody
    where T : unmanaged
    where TKernel : struct, IPoolKernel<T>
{
    public static void Run(in PoolPlane plane, nint images, T* x, T* y, int* indices, WorkerPool pool)
    {
        int parts = Partition.Parts(pool, images * plane.Size, images);
        PoolLoop<T, TKernel> loop = new(plane, images, parts, x, y, indices);
        pool.Run(parts, ref loop);
    }

    public void Run(int part, int worker)
    {
        nint end = Partition.Start(images, part + 1, parts);
        for (nint image = Partition.Start(images, part, parts); image < end; image++)
        {
            int* imageIndices = indices is null ? null : indices + (image * plane.OutSize);
            TKernel.Run(plane, x + (image * plane.Size), y + (image * plane.OutSize), imageIndices, end - image);
        }
    }
}
