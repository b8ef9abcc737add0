namespace Engine.Cpu;

/// <summary>
/// The programs that are worth a loop of their own, in one pass with all values in registers: long enough that the interpreter's tiles
/// cost more than the memory, and run in every training step.
/// </summary>
/// <remarks>Kernels take the parameters p0, p1, … (one vector each), then the inputs, then the outputs.</remarks>
internal static unsafe class FusedPrograms
{
    /// <summary>The kernel of a whole program, or null.</summary>
    public static delegate*<byte**, nint*, nint, void> Find(MapProgram program, DType computeType, SimdLevel level) => (computeType, level) switch
    {
        (DType.Float32, SimdLevel.Vector512) => Find<F32x16>(program),
        (DType.Float32, SimdLevel.Vector256) => Find<F32x8>(program),
        (DType.Float32, SimdLevel.Vector128) => Find<F32x4>(program),
        (DType.Float32, _) => Find<F32x1>(program),
        (DType.Float64, SimdLevel.Vector512) => Find<F64x8>(program),
        (DType.Float64, SimdLevel.Vector256) => Find<F64x4>(program),
        (DType.Float64, SimdLevel.Vector128) => Find<F64x2>(program),
        (DType.Float64, _) => Find<F64x1>(program),
        _ => null,
    };

    private static delegate*<byte**, nint*, nint, void> Find<V>(MapProgram program) where V : unmanaged, ISimd<V>
    {
        if (program.Equals(OptimizerPrograms.Adam)) return &OptimizerLoops.Adam<V>;
        if (program.Equals(OptimizerPrograms.SgdMomentum)) return &OptimizerLoops.SgdMomentum<V>;
        if (program.Equals(OptimizerPrograms.Sgd)) return &OptimizerLoops.Sgd<V>;
        return null;
    }
}
