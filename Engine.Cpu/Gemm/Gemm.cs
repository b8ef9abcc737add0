using System.Numerics;

namespace Engine.Cpu;

/// <summary>Where one product of a batch begins, in elements from the pointers of the <see cref="GemmProblem{T}"/>.</summary>
/// <param name="A">Offset of A.</param>
/// <param name="B">Offset of B.</param>
/// <param name="C">Offset of C; no two products of a batch may share elements of C.</param>
internal readonly record struct GemmOffsets(nint A, nint B, nint C);

/// <summary>Matrix products of float32 and float64; see <see cref="GemmProblem{T}"/>.</summary>
/// <remarks>The same sizes and strides give the same bits, whatever the number of threads.</remarks>
internal static unsafe class Gemm
{
    /// <summary>One float32 product.</summary>
    public static void Run(in GemmProblem<float> problem, WorkerPool pool) => Run(problem, [default], pool, CpuIsa.Level);

    /// <summary>One float64 product.</summary>
    public static void Run(in GemmProblem<double> problem, WorkerPool pool) => Run(problem, [default], pool, CpuIsa.Level);

    /// <summary>A batch of float32 products of the same sizes, strides and biases.</summary>
    public static void Run(in GemmProblem<float> problem, ReadOnlySpan<GemmOffsets> batch, WorkerPool pool) => Run(problem, batch, pool, CpuIsa.Level);

    /// <summary>A batch of float64 products of the same sizes, strides and biases.</summary>
    public static void Run(in GemmProblem<double> problem, ReadOnlySpan<GemmOffsets> batch, WorkerPool pool) => Run(problem, batch, pool, CpuIsa.Level);

    /// <summary>The same on a chosen instruction set.</summary>
    public static void Run(in GemmProblem<float> problem, ReadOnlySpan<GemmOffsets> batch, WorkerPool pool, SimdLevel level)
    {
        fixed (GemmOffsets* offsets = batch)
        {
            var start = new Start<float> { Problem = problem, Offsets = offsets, Count = batch.Length, Pool = pool };
            GemmDispatch.Float32(level, ref start);
        }
    }

    /// <summary>The same on a chosen instruction set.</summary>
    public static void Run(in GemmProblem<double> problem, ReadOnlySpan<GemmOffsets> batch, WorkerPool pool, SimdLevel level)
    {
        fixed (GemmOffsets* offsets = batch)
        {
            var start = new Start<double> { Problem = problem, Offsets = offsets, Count = batch.Length, Pool = pool };
            GemmDispatch.Float64(level, ref start);
        }
    }

    private struct Start<T> : IGemmAction<T> where T : unmanaged, INumberBase<T>
    {
        public GemmProblem<T> Problem;
        public GemmOffsets* Offsets;
        public int Count;
        public WorkerPool Pool;

        public void Invoke<TKernels>() where TKernels : struct, IGemmKernels<T>
        {
            if (Problem.M <= 0 || Problem.N <= 0 || Count == 0) return;
            GemmProblem<T> p = Problem.Normalized(out bool transposed);
            bool copyBias = p.BiasPerColumn != null && p.BiasPerColumnStride != 1;
            using ScratchLease bias = Scratch.Rent<T>(copyBias ? p.N : 0);
            if (copyBias)
            {
                for (int j = 0; j < p.N; j++) bias.As<T>()[j] = p.BiasPerColumn[j * p.BiasPerColumnStride];
                p.BiasPerColumn = bias.As<T>();
                p.BiasPerColumnStride = 1;
            }

            GemmLoop<T, TKernels>.Run(p, Offsets, Count, transposed, Pool);
        }
    }
}
