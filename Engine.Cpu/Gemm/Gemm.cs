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
    /// <summary>A batch of products of the same sizes, strides and biases.</summary>
    public static void Run<T>(in GemmProblem<T> problem, ReadOnlySpan<GemmOffsets> batch, SimdLevel level, WorkerPool pool) where T : unmanaged, INumberBase<T>
    {
        if (problem.M <= 0 || problem.N <= 0 || batch.IsEmpty)
        {
            return;
        }

        GemmProblem<T> p = problem.Normalized(out bool transposed);
        bool copyBias = p.BiasPerColumn != null && p.BiasPerColumnStride != 1;
        using ScratchLease bias = Scratch.Rent<T>(copyBias ? p.N : 0);
        if (copyBias)
        {
            for (int j = 0; j < p.N; j++)
            {
                bias.As<T>()[j] = p.BiasPerColumn[j * p.BiasPerColumnStride];
            }

            p.BiasPerColumn = bias.As<T>();
            p.BiasPerColumnStride = 1;
        }

        fixed (GemmOffsets* offsets = batch)
        {
            Kernel<T> kernel = new(p, offsets, batch.Length, transposed, pool);
            SimdDispatch.Run<T, Kernel<T>>(level, ref kernel);
        }
    }

    private readonly struct Kernel<T>(GemmProblem<T> problem, GemmOffsets* offsets, int count, bool transposed, WorkerPool pool) : ISimdKernel
        where T : unmanaged, INumberBase<T>
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec> => GemmLoop<T, TVec>.Run(problem, offsets, count, transposed, pool);
    }
}
