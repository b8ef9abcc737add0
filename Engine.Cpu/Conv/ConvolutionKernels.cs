namespace Engine.Cpu;

/// <summary>The convolutions of one element type on one width of vectors; picks the algorithm.</summary>
internal static unsafe class ConvolutionKernels<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    public static void Forward(in ConvGeometry g, T* x, T* w, T* y, T* bias, bool relu, WorkerPool pool)
    {
        Correlation task = Correlation.Forward(g);
        DirectConvolution<T, TVec>.Run(task, OutputGrid.Dense(task), x, w, y, bias, relu, pool);
    }

    public static void BackwardData(in ConvGeometry g, T* dy, T* w, T* dx, WorkerPool pool)
    {
        for (int row = 0; row < Math.Min(g.StrideH, g.InHeight); row++)
        {
            for (int column = 0; column < Math.Min(g.StrideW, g.InWidth); column++)
            {
                OutputGrid grid = new((nint)g.InHeight * g.InWidth, (nint)row * g.InWidth + column, (nint)g.StrideH * g.InWidth, g.StrideW);
                DirectConvolution<T, TVec>.Run(Correlation.BackwardData(g, row, column), grid, dy, w, dx, null, relu: false, pool);
            }
        }
    }

    public static void BackwardWeight(in ConvGeometry g, T* x, T* dy, T* dw, T beta, WorkerPool pool)
    {
        Correlation task = Correlation.Forward(g);
        bool empty = task.Batch == 0 || task.OutPlane == 0;
        if (!empty && OuterWeightGradient<T, TVec>.Suits(task)) OuterWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
        else DirectWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
    }
}
