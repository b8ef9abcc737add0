namespace Engine.Cpu;

/// <summary>A kernel whose body is written once for all vectors.</summary>
internal interface ISimdKernel
{
    /// <summary>Runs it on vectors of one type.</summary>
    void Run<TVec>() where TVec : unmanaged, ISimd<TVec>;
}

/// <summary>Runs a kernel on vectors of a chosen width.</summary>
internal static class SimdDispatch
{
    /// <summary>Vectors whose lanes are T, which is float or double.</summary>
    public static void Run<T, TKernel>(SimdLevel level, ref TKernel kernel) where TKernel : struct, ISimdKernel
    {
        if (typeof(T) == typeof(double))
        {
            RunFloat64(level, ref kernel);
        }
        else
        {
            RunFloat32(level, ref kernel);
        }
    }

    /// <summary>Vectors whose lanes have a compute type. Where that is an integer there are none: nothing is run, and the answer is false.</summary>
    public static bool TryRun<TKernel>(DType computeType, SimdLevel level, ref TKernel kernel) where TKernel : struct, ISimdKernel
    {
        switch (computeType)
        {
            case DType.Float32: RunFloat32(level, ref kernel); return true;
            case DType.Float64: RunFloat64(level, ref kernel); return true;
            default: return false;
        }
    }

    private static void RunFloat32<TKernel>(SimdLevel level, ref TKernel kernel) where TKernel : struct, ISimdKernel
    {
        switch (level)
        {
            case SimdLevel.Vector512: kernel.Run<F32x16>(); break;
            case SimdLevel.Vector256: kernel.Run<F32x8>(); break;
            case SimdLevel.Vector128: kernel.Run<F32x4>(); break;
            default: kernel.Run<F32x1>(); break;
        }
    }

    private static void RunFloat64<TKernel>(SimdLevel level, ref TKernel kernel) where TKernel : struct, ISimdKernel
    {
        switch (level)
        {
            case SimdLevel.Vector512: kernel.Run<F64x8>(); break;
            case SimdLevel.Vector256: kernel.Run<F64x4>(); break;
            case SimdLevel.Vector128: kernel.Run<F64x2>(); break;
            default: kernel.Run<F64x1>(); break;
        }
    }
}
