using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>Work that is compiled once for each set of kernels.</summary>
internal interface IGemmAction<T> where T : unmanaged
{
    /// <summary>Does the work with one set of kernels.</summary>
    void Invoke<TKernels>() where TKernels : struct, IGemmKernels<T>;
}

/// <summary>From an instruction set to the kernels written for it; the only place that lists them.</summary>
internal static class GemmDispatch
{
    /// <summary>Runs <paramref name="action"/> with the float32 kernels of <paramref name="level"/>.</summary>
    public static void Float32<TAction>(SimdLevel level, ref TAction action) where TAction : struct, IGemmAction<float>
    {
        if (level >= SimdLevel.Vector512) action.Invoke<GemmKernels<Vector512<float>, float, LanesF32x16>>();
        else if (level == SimdLevel.Vector256) action.Invoke<GemmKernels<Vector256<float>, float, LanesF32x8>>();
        else if (level == SimdLevel.Vector128) action.Invoke<GemmKernels<Vector128<float>, float, LanesF32x4>>();
        else action.Invoke<GemmKernels<float, float, LanesF32x1>>();
    }

    /// <summary>Runs <paramref name="action"/> with the float64 kernels of <paramref name="level"/>.</summary>
    public static void Float64<TAction>(SimdLevel level, ref TAction action) where TAction : struct, IGemmAction<double>
    {
        if (level >= SimdLevel.Vector512) action.Invoke<GemmKernels<Vector512<double>, double, LanesF64x8>>();
        else if (level == SimdLevel.Vector256) action.Invoke<GemmKernels<Vector256<double>, double, LanesF64x4>>();
        else if (level == SimdLevel.Vector128) action.Invoke<GemmKernels<Vector128<double>, double, LanesF64x2>>();
        else action.Invoke<GemmKernels<double, double, LanesF64x1>>();
    }
}
