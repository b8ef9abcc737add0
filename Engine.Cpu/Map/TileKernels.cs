namespace Engine.Cpu;

/// <summary>The loop of an operation over a tile, and its price.</summary>
/// <param name="run">The loop; see <see cref="TileLoops"/>.</param>
/// <param name="cost">Rough work per element; an addition is 1.</param>
/// <param name="streamed">The same with results past the caches, or null; of operations that memory holds up.</param>
internal readonly unsafe struct TileKernel(delegate*<byte**, nint*, nint, void> run, int cost = 1, delegate*<byte**, nint*, nint, void> streamed = null)
{
    public delegate*<byte**, nint*, nint, void> Streamed => streamed;

    public delegate*<byte**, nint*, nint, void> Run => run;

    public int Cost => cost;
}

/// <summary>The kernel of an operation for a compute type and an instruction set.</summary>
internal static unsafe class TileKernels
{
    /// <summary>The kernel; its cost counts additions on float32, which decides from which size on threads pay.</summary>
    /// <exception cref="OperationNotSupportedException">The operation is not defined in that type.</exception>
    public static TileKernel Of(TileOp op, DType computeType, SimdLevel level)
    {
        VectorChoice choice = new(op);
        TileKernel kernel = computeType switch
        {
            DType.Int32 => IntegerKernels.Of<int>(op),
            DType.Int64 => IntegerKernels.Of<long>(op),
            _ => SimdDispatch.TryRun(computeType, level, ref choice) ? choice.Kernel : default,
        };
        if (kernel.Run == null)
        {
            string name = op >= TileOp.Move ? op.ToString() : ((ScalarOpcode)op).ToString();
            throw new OperationNotSupportedException($"{name} on the CPU: not defined in {computeType.ShortName()}.");
        }

        return new TileKernel(kernel.Run, Scaled(kernel.Cost, computeType), kernel.Streamed);
    }

    private static int Scaled(int cost, DType computeType) => computeType switch
    {
        DType.Float32 => cost,
        DType.Float64 => cost >= 6 ? 20 * cost : 2 * cost,
        _ => 10 * cost,
    };

    private struct VectorChoice(TileOp op) : ISimdKernel
    {
        public TileKernel Kernel { get; private set; }

        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec> => Kernel = VectorKernels.Of<TVec>(op);
    }
}
