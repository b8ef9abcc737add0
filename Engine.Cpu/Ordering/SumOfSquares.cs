using System.Numerics;

namespace Engine.Cpu;

/// <summary>Σx² of one chunk of a tensor; chunks have a fixed size, so that their sums do not depend on the number of threads.</summary>
/// <param name="x">The tensor.</param>
/// <param name="count">Its size.</param>
/// <param name="sums">One for each chunk, written.</param>
internal readonly unsafe struct SumOfSquares<T, TVec>(T* x, nint count, double* sums) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Numbers in a chunk: a thread's share of the smallest work that is shared at all.</summary>
    public const int Chunk = (int)Partition.ElementsPerThread;

    public void Run(nint chunk)
    {
        nint start = chunk * Chunk;
        sums[chunk] = RowSums<T, TVec>.Deviations(x + start, Math.Min(Chunk, count - start), 0).Squares;
    }
}
