using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>2-D convolution over contiguous NCHW buffers in all three directions.</summary>
/// <remarks>Results depend on the geometry and the instruction set, not on the number of threads.</remarks>
internal static unsafe class Convolution
{
    /// <summary>y[n, k, p, q] = bias[k] + Σ x·w, then max(·, 0) if <paramref name="relu"/>; <paramref name="bias"/> is [K], or null for zeros.</summary>
    public static void Forward(in ConvGeometry g, float* x, float* w, float* y, float* bias, bool relu, WorkerPool pool)
        => Forward(g, x, w, y, bias, relu, pool, CpuIsa.Level);

    internal static void Forward(in ConvGeometry g, float* x, float* w, float* y, float* bias, bool relu, WorkerPool pool, SimdLevel level)
    {
        switch (level)
        {
            case SimdLevel.Vector512: ConvolutionKernels<float, F32x16, GemmKernels<Vector512<float>, float, LanesF32x16>>.Forward(g, x, w, y, bias, relu, pool); break;
            case SimdLevel.Vector256: ConvolutionKernels<float, F32x8, GemmKernels<Vector256<float>, float, LanesF32x8>>.Forward(g, x, w, y, bias, relu, pool); break;
            case SimdLevel.Vector128: ConvolutionKernels<float, F32x4, GemmKernels<Vector128<float>, float, LanesF32x4>>.Forward(g, x, w, y, bias, relu, pool); break;
            default: ConvolutionKernels<float, F32x1, GemmKernels<float, float, LanesF32x1>>.Forward(g, x, w, y, bias, relu, pool); break;
        }
    }

    /// <summary>dx[n, c, h, v] = Σ dy·w over the outputs that element (h, v) reached.</summary>
    public static void BackwardData(in ConvGeometry g, float* dy, float* w, float* dx, WorkerPool pool)
        => BackwardData(g, dy, w, dx, pool, CpuIsa.Level);

    internal static void BackwardData(in ConvGeometry g, float* dy, float* w, float* dx, WorkerPool pool, SimdLevel level)
    {
        switch (level)
        {
            case SimdLevel.Vector512: ConvolutionKernels<float, F32x16, GemmKernels<Vector512<float>, float, LanesF32x16>>.BackwardData(g, dy, w, dx, pool); break;
            case SimdLevel.Vector256: ConvolutionKernels<float, F32x8, GemmKernels<Vector256<float>, float, LanesF32x8>>.BackwardData(g, dy, w, dx, pool); break;
            case SimdLevel.Vector128: ConvolutionKernels<float, F32x4, GemmKernels<Vector128<float>, float, LanesF32x4>>.BackwardData(g, dy, w, dx, pool); break;
            default: ConvolutionKernels<float, F32x1, GemmKernels<float, float, LanesF32x1>>.BackwardData(g, dy, w, dx, pool); break;
        }
    }

    /// <summary>dw[k, c, r, s] = Σ x·dy + <paramref name="beta"/>·dw; with beta 0 the old values are not read.</summary>
    public static void BackwardWeight(in ConvGeometry g, float* x, float* dy, float* dw, float beta, WorkerPool pool)
        => BackwardWeight(g, x, dy, dw, beta, pool, CpuIsa.Level);

    internal static void BackwardWeight(in ConvGeometry g, float* x, float* dy, float* dw, float beta, WorkerPool pool, SimdLevel level)
    {
        switch (level)
        {
            case SimdLevel.Vector512: ConvolutionKernels<float, F32x16, GemmKernels<Vector512<float>, float, LanesF32x16>>.BackwardWeight(g, x, dy, dw, beta, pool); break;
            case SimdLevel.Vector256: ConvolutionKernels<float, F32x8, GemmKernels<Vector256<float>, float, LanesF32x8>>.BackwardWeight(g, x, dy, dw, beta, pool); break;
            case SimdLevel.Vector128: ConvolutionKernels<float, F32x4, GemmKernels<Vector128<float>, float, LanesF32x4>>.BackwardWeight(g, x, dy, dw, beta, pool); break;
            default: ConvolutionKernels<float, F32x1, GemmKernels<float, float, LanesF32x1>>.BackwardWeight(g, x, dy, dw, beta, pool); break;
        }
    }

    /// <summary>y[n, k, p, q] = bias[k] + Σ x·w, then max(·, 0) if <paramref name="relu"/>; <paramref name="bias"/> is [K], or null for zeros.</summary>
    public static void Forward(in ConvGeometry g, double* x, double* w, double* y, double* bias, bool relu, WorkerPool pool)
        => Forward(g, x, w, y, bias, relu, pool, CpuIsa.Level);

    internal static void Forward(in ConvGeometry g, double* x, double* w, double* y, double* bias, bool relu, WorkerPool pool, SimdLevel level)
    {
        switch (level)
        {
            case SimdLevel.Vector512: ConvolutionKernels<double, F64x8, GemmKernels<Vector512<double>, double, LanesF64x8>>.Forward(g, x, w, y, bias, relu, pool); break;
            case SimdLevel.Vector256: ConvolutionKernels<double, F64x4, GemmKernels<Vector256<double>, double, LanesF64x4>>.Forward(g, x, w, y, bias, relu, pool); break;
            case SimdLevel.Vector128: ConvolutionKernels<double, F64x2, GemmKernels<Vector128<double>, double, LanesF64x2>>.Forward(g, x, w, y, bias, relu, pool); break;
            default: ConvolutionKernels<double, F64x1, GemmKernels<double, double, LanesF64x1>>.Forward(g, x, w, y, bias, relu, pool); break;
        }
    }

    /// <summary>dx[n, c, h, v] = Σ dy·w over the outputs that element (h, v) reached.</summary>
    public static void BackwardData(in ConvGeometry g, double* dy, double* w, double* dx, WorkerPool pool)
        => BackwardData(g, dy, w, dx, pool, CpuIsa.Level);

    internal static void BackwardData(in ConvGeometry g, double* dy, double* w, double* dx, WorkerPool pool, SimdLevel level)
    {
        switch (level)
        {
            case SimdLevel.Vector512: ConvolutionKernels<double, F64x8, GemmKernels<Vector512<double>, double, LanesF64x8>>.BackwardData(g, dy, w, dx, pool); break;
            case SimdLevel.Vector256: ConvolutionKernels<double, F64x4, GemmKernels<Vector256<double>, double, LanesF64x4>>.BackwardData(g, dy, w, dx, pool); break;
            case SimdLevel.Vector128: ConvolutionKernels<double, F64x2, GemmKernels<Vector128<double>, double, LanesF64x2>>.BackwardData(g, dy, w, dx, pool); break;
            default: ConvolutionKernels<double, F64x1, GemmKernels<double, double, LanesF64x1>>.BackwardData(g, dy, w, dx, pool); break;
        }
    }

    /// <summary>dw[k, c, r, s] = Σ x·dy + <paramref name="beta"/>·dw; with beta 0 the old values are not read.</summary>
    public static void BackwardWeight(in ConvGeometry g, double* x, double* dy, double* dw, double beta, WorkerPool pool)
        => BackwardWeight(g, x, dy, dw, beta, pool, CpuIsa.Level);

    internal static void BackwardWeight(in ConvGeometry g, double* x, double* dy, double* dw, double beta, WorkerPool pool, SimdLevel level)
    {
        switch (level)
        {
            case SimdLevel.Vector512: ConvolutionKernels<double, F64x8, GemmKernels<Vector512<double>, double, LanesF64x8>>.BackwardWeight(g, x, dy, dw, beta, pool); break;
            case SimdLevel.Vector256: ConvolutionKernels<double, F64x4, GemmKernels<Vector256<double>, double, LanesF64x4>>.BackwardWeight(g, x, dy, dw, beta, pool); break;
            case SimdLevel.Vector128: ConvolutionKernels<double, F64x2, GemmKernels<Vector128<double>, double, LanesF64x2>>.BackwardWeight(g, x, dy, dw, beta, pool); break;
            default: ConvolutionKernels<double, F64x1, GemmKernels<double, double, LanesF64x1>>.BackwardWeight(g, x, dy, dw, beta, pool); break;
        }
    }
}
