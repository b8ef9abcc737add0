namespace Engine.Cpu;

/// <summary>
/// The programs that are worth a loop of their own, in one pass with all values in registers: long enough that the interpreter's tiles
/// cost more than the memory, and run in every training step.
/// </summary>
/// <remarks>Kernels take the parameters p0, p1, … (one vector each), then the inputs, then the outputs.</remarks>
internal static unsafe class FusedPrograms
{
    /// <summary>The kernel of a whole program, or null.</summary>
    public static delegate*<byte**, nint*, nint, void> Find(MapProgram program, DType computeType, SimdLevel level)
    {
        Search search = new(program);
        return SimdDispatch.TryRun(computeType, level, ref search) ? search.Kernel : null;
    }

    private struct Search(MapProgram program) : ISimdKernel
    {
        public delegate*<byte**, nint*, nint, void> Kernel { get; private set; }

        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec> =>
            Kernel = program.Equals(OptimizerPrograms.Adam) ? &OptimizerLoops.Adam<TVec>
                : program.Equals(OptimizerPrograms.SgdMomentum) ? &OptimizerLoops.SgdMomentum<TVec>
                : program.Equals(OptimizerPrograms.Sgd) ? &OptimizerLoops.Sgd<TVec>
                : MayBeGradient(program) ? ActivationGradients.Find<TVec>(program)
                : program.InputCount >= FewestOfRecurrent ? RecurrentLoops.Find<TVec>(program)
                : null;

        private const int FewestOfRecurrent = (2 * RecurrentPrograms.GruGates) + 1;

        // The gradients are derived when the first program comes that could be one.
        private static bool MayBeGradient(MapProgram program) =>
            program.InputCount == 2 && Array.Exists(program.Code.ToArray(), static step => step.Op is ScalarOpcode.Erf or ScalarOpcode.Sigmoid);
    }
}
