using System.Numerics;

namespace Engine.Cpu;

/// <summary>2-D convolution over contiguous NCHW buffers in all three directions; picks the algorithm.</summary>
/// <remarks>Results depend on the geometry and the instruction set, not on the number of threads.</remarks>
internal static unsafe class Convolution
{
    /// <summary>Environment variable that, set to 0, keeps all convolutions to direct sums.</summary>
    public const string WinogradVariable = "ENGINE_CPU_WINOGRAD";

    private static readonly bool s_allowsWinograd = Environment.GetEnvironmentVariable(WinogradVariable)?.Trim() != "0";

    /// <summary>y[n, k, p, q] = bias[k] + Σ x·w, then max(·, 0) if <paramref name="relu"/>; <paramref name="bias"/> is [K], or null for zeros.</summary>
    public static void Forward<T>(in ConvGeometry g, T* x, T* w, T* y, T* bias, bool relu, SimdLevel level, WorkerPool pool) where T : unmanaged, INumberBase<T>
    {
        CorrelationKernel<T> kernel = new(Correlation.Forward(g), x, w, y, bias, relu, pool);
        SimdDispatch.Run<T, CorrelationKernel<T>>(level, ref kernel);
    }

    /// <summary>dx[n, c, h, v] = Σ dy·w over the outputs that element (h, v) reached.</summary>
    public static void BackwardData<T>(in ConvGeometry g, T* dy, T* w, T* dx, SimdLevel level, WorkerPool pool) where T : unmanaged, INumberBase<T>
    {
        DataKernel<T> kernel = new(g, dy, w, dx, pool);
        SimdDispatch.Run<T, DataKernel<T>>(level, ref kernel);
    }

    /// <summary>dw[k, c, r, s] = Σ x·dy + <paramref name="beta"/>·dw; with beta 0 the old values are not read.</summary>
    public static void BackwardWeight<T>(in ConvGeometry g, T* x, T* dy, T* dw, T beta, SimdLevel level, WorkerPool pool) where T : unmanaged, INumberBase<T>
    {
        WeightKernel<T> kernel = new(Correlation.Forward(g), x, dy, dw, beta, pool);
        SimdDispatch.Run<T, WeightKernel<T>>(level, ref kernel);
    }

    /// <summary>Forward, and the gradient to the input by turned filters where the stride is 1.</summary>
    private readonly struct CorrelationKernel<T>(Correlation task, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool) : ISimdKernel
        where T : unmanaged, INumberBase<T>
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            if (s_allowsWinograd && WinogradConvolution<T, TVec>.Suits(task))
            {
                WinogradConvolution<T, TVec>.Run(task, input, weights, output, bias, relu, pool);
            }
            else if (PaddedPlane<T, TVec>.Suits(task))
            {
                DepthwiseConvolution<T, TVec>.Run(task, input, weights, output, bias, relu, pool);
            }
            else
            {
                GeneralConvolution<T, TVec>.Run(task, OutputGrid.Dense(task), input, weights, output, bias, relu, pool);
            }
        }
    }

    private readonly struct DataKernel<T>(ConvGeometry g, T* dy, T* w, T* dx, WorkerPool pool) : ISimdKernel where T : unmanaged, INumberBase<T>
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            bool isStrided = g.StrideH > 1 || g.StrideW > 1;
            Correlation turned = Correlation.BackwardData(g, 0, 0);
            bool isSpecial = isStrided
                ? StridedDepthwiseGradient<T, TVec>.Suits(g)
                : PaddedPlane<T, TVec>.Suits(turned) || (s_allowsWinograd && WinogradConvolution<T, TVec>.Suits(turned));
            if (!isSpecial && ColumnDataGradient<T, TVec>.Suits(g))
            {
                ColumnDataGradient<T, TVec>.Run(g, dy, w, dx, pool);
            }
            else if (!isSpecial && !isStrided && ImageLaneGradient<T, TVec>.Suits(turned))
            {
                ImageLaneGradient<T, TVec>.Run(turned, dy, w, dx, pool);
            }
            else if (isStrided)
            {
                StridedDataGradient<T, TVec>.Run(g, dy, w, dx, pool);
            }
            else
            {
                new CorrelationKernel<T>(turned, dy, w, dx, null, relu: false, pool).Run<TVec>();
            }
        }
    }

    private readonly struct WeightKernel<T>(Correlation task, T* x, T* dy, T* dw, T beta, WorkerPool pool) : ISimdKernel where T : unmanaged, INumberBase<T>
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            bool isEmpty = task.Batch == 0 || task.OutPlane == 0;
            if (!isEmpty && s_allowsWinograd && WinogradConvolution<T, TVec>.Suits(task))
            {
                WinogradWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
            }
            else if (!isEmpty && PaddedPlane<T, TVec>.Suits(task))
            {
                DepthwiseWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
            }
            else if (!isEmpty && OuterWeightGradient<T, TVec>.Suits(task))
            {
                OuterWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
            }
            else
            {
                DotWeightGradient<T, TVec>.Run(task, x, dy, dw, beta, pool);
            }
        }
    }
}
