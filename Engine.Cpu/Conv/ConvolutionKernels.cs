using System.Numerics;

namespace Engine.Cpu;

/// <summary>The convolutions of one element type on one width of vectors; picks the algorithm.</summary>
internal static unsafe class ConvolutionKernels<T, TVec, TKernels>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
    where TKernels : struct, IGemmKernels<T>
{
    /// <summary>Environment variable that, set to 0, keeps all convolutions to direct sums.</summary>
    public const string WinogradVariable = "ENGINE_CPU_WINOGRAD";

    private static readonly bool s_allowsWinograd = Environment.GetEnvironmentVariable(WinogradVariable)?.Trim() != "0";

    public static void Forward(in ConvGeometry g, T* x, T* w, T* y, T* bias, bool relu, WorkerPool pool)
    {
        Correlation task = Correlation.Forward(g);
        Correlate(task, OutputGrid.Dense(task), x, w, y, bias, relu, pool);
    }

    public static void BackwardData(in ConvGeometry g, T* dy, T* w, T* dx, WorkerPool pool)
    {
        for (int row = 0; row < Math.Min(g.StrideH, g.InHeight); row++)
        {
            for (int column = 0; column < Math.Min(g.StrideW, g.InWidth); column++)
            {
                OutputGrid grid = new((nint)g.InHeight * g.InWidth, (nint)row * g.InWidth + column, (nint)g.StrideH * g.InWidth, g.StrideW);
                Correlate(Correlation.BackwardData(g, row, column), grid, dy, w, dx, null, relu: false, pool);
            }
        }
    }

    public static void BackwardWeight(in ConvGeometry g, T* x, T* dy, T* dw, T beta, WorkerPool pool)
    {
        Correlation task = Correlation.Forward(g);
        bool empty = task.Batch == 0 || task.OutPlane == 0;
        if (!empty && s_allowsWinograd && WinogradConvolution<T, TVec, TKernels>.Suits(task))
            WinogradWeightGradient<T, TVec, TKernels>.Run(task, x, dy, dw, beta, pool);
        else if (!empty && OuterWeightGradient<T, TVec>.Suits(task)) OuterWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
        else DirectWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
    }

    private static void Correlate(in Correlation task, in OutputGrid grid, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool)
    {
        if (s_allowsWinograd && grid.IsDense(task) && WinogradConvolution<T, TVec, TKernels>.Suits(task))
            WinogradConvolution<T, TVec, TKernels>.Run(task, input, weights, output, bias, relu, pool);
        else
            DirectConvolution<T, TVec>.Run(task, grid, input, weights, output, bias, relu, pool);
    }
}
