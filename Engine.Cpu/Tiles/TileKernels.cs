namespace Engine.Cpu;

/// <summary>The kernel of an operation for a compute type and an instruction set, and its price.</summary>
internal static unsafe class TileKernels
{
    /// <exception cref="NotSupportedException">The operation is not defined in that type.</exception>
    public static delegate*<byte**, nint*, nint, void> Of(TileOp op, DType computeType, SimdLevel level)
    {
        delegate*<byte**, nint*, nint, void> kernel = (computeType, level) switch
        {
            (DType.Float32, SimdLevel.Vector512) => VectorKernels.Of<F32x16>(op),
            (DType.Float32, SimdLevel.Vector256) => VectorKernels.Of<F32x8>(op),
            (DType.Float32, SimdLevel.Vector128) => VectorKernels.Of<F32x4>(op),
            (DType.Float32, _) => VectorKernels.Of<F32x1>(op),
            (DType.Float64, SimdLevel.Vector512) => VectorKernels.Of<F64x8>(op),
            (DType.Float64, SimdLevel.Vector256) => VectorKernels.Of<F64x4>(op),
            (DType.Float64, SimdLevel.Vector128) => VectorKernels.Of<F64x2>(op),
            (DType.Float64, _) => VectorKernels.Of<F64x1>(op),
            (DType.Int32, _) => IntegerKernels.Of<int>(op),
            (DType.Int64, _) => IntegerKernels.Of<long>(op),
            _ => null,
        };
        return kernel != null ? kernel : throw new NotSupportedException($"{(ScalarOpcode)op} on the CPU: not defined in {computeType.ShortName()}.");
    }

    /// <summary>Rough work per element in units of an addition on float32; decides from which size on threads pay.</summary>
    public static int CostOf(TileOp op, DType computeType)
    {
        int cost = (ScalarOpcode)op switch
        {
            ScalarOpcode.Exp or ScalarOpcode.Expm1 or ScalarOpcode.Tanh or ScalarOpcode.Sigmoid or ScalarOpcode.Log or ScalarOpcode.Log1p
                or ScalarOpcode.Erf or ScalarOpcode.Sin or ScalarOpcode.Cos or ScalarOpcode.Tan => 6,
            ScalarOpcode.Pow => 16,
            ScalarOpcode.Mod or ScalarOpcode.FloorDiv => 60,
            ScalarOpcode.Div or ScalarOpcode.Reciprocal or ScalarOpcode.Sqrt or ScalarOpcode.Rsqrt => 3,
            _ => 1,
        };
        return computeType switch
        {
            DType.Float32 => cost,
            DType.Float64 => cost >= 6 ? 20 * cost : 2 * cost,
            _ => 10 * cost,
        };
    }
}
