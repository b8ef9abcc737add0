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
        Correlate(task, x, w, y, bias, relu, pool);
    }

    public static void BackwardData(in ConvGeometry g, T* dy, T* w, T* dx, WorkerPool pool)
    {
        if (g.StrideH > 1 || g.StrideW > 1)
        {
            StridedDataGradient<T, TVec>.Run(g, dy, w, dx, pool);
            return;
        }

        Correlation task = Correlation.BackwardData(g, 0, 0);
        Correlate(task, dy, w, dx, null, relu: false, pool);
    }

    public static void BackwardWeight(in ConvGeometry g, T* x, T* dy, T* dw, T beta, WorkerPool pool)
    {
        Correlation task = Correlation.Forward(g);
        bool empty = task.Batch == 0 || task.OutPlane == 0;
        if (!empty && s_allowsWinograd && WinogradConvolution<T, TVec, TKernels>.Suits(task))
            WinogradWeightGradient<T, TVec, TKernels>.Run(task, x, dy, dw, beta, pool);
        else if (!empty && OuterWeightGradient<T, TVec>.Suits(task)) OuterWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
        else DotWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
    }

    private static void Correlate(in Correlation task, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool)
    {
        if (s_allowsWinograd && WinogradConvolution<T, TVec, TKernels>.Suits(task))
            WinogradConvolution<T, TVec, TKernels>.Run(task, input, weights, output, bias, relu, pool);
        else
            DirectConvolution<T, TVec>.Run(task, OutputGrid.Dense(task), input, weights, output, bias, relu, pool);
    }
}
