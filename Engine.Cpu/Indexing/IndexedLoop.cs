using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The action on one element, or one row, of the table and of the dense operand.</summary>
internal unsafe interface IIndexedAction<TTable, TDense>
    where TTable : unmanaged
    where TDense : unmanaged
{
    /// <summary>One element.</summary>
    static abstract void Element(TTable* table, TDense* dense);

    /// <summary>Contiguous elements, all with the same index.</summary>
    static abstract void Row(TTable* table, TDense* dense, int count);
}

/// <summary>Runs an action over an <see cref="IndexedSpace"/>, each part over its share of one axis, rows in ascending order.</summary>
internal readonly unsafe struct IndexedLoop<TTable, TDense, TIndex, TAction>(string op, IndexedSpace space, int axis, int parts, TTable* table, TIndex* index, TDense* dense)
    : IParallelBody
    where TTable : unmanaged
    where TDense : unmanaged
    where TIndex : unmanaged
    where TAction : struct, IIndexedAction<TTable, TDense>
{
    /// <summary>Shares are cut at multiples of this: no two threads write to one cache line of a contiguous row.</summary>
    private const int Unit = 64;

    /// <param name="op">The operation's name in messages.</param>
    /// <param name="space">The loop nest.</param>
    /// <param name="distinct">Whether elements of the table are written, so that no two threads may share one.</param>
    /// <param name="table">The first element of the indexed operand.</param>
    /// <param name="index">The first index.</param>
    /// <param name="dense">The first element of the other operand.</param>
    /// <param name="pool">The threads.</param>
    public static void Run(string op, in IndexedSpace space, bool distinct, TTable* table, TIndex* index, TDense* dense, WorkerPool pool)
    {
        int axis = space.LongestAxis(distinct);
        int parts = axis < 0 ? 1 : Partition.Parts(pool, space.Count, space.Sizes[axis]);
        IndexedLoop<TTable, TDense, TIndex, TAction> loop = new(op, space, Math.Max(axis, 0), parts, table, index, dense);
        pool.Run(parts, ref loop);
    }

    public void Run(int part, int worker)
    {
        nint size = (nint)space.Sizes[axis];
        nint unit = size >= parts * Unit ? Unit : 1;
        nint first = Partition.Start(size, part, parts, unit), end = Partition.Start(size, part + 1, parts, unit);
        if (first == end)
        {
            return;
        }
        IndexedSpace share = space.Narrow(axis, first, end);
        int row = share.Rank - 1;
        long count = share.Sizes[row], tableStep = share.Table[row], indexStep = share.Index[row], denseStep = share.Dense[row];
        bool contiguous = indexStep == 0 && tableStep == 1 && denseStep == 1;
        Span<long> coordinates = stackalloc long[Shape.MaxRank];
        coordinates.Clear();
        do
        {
            TTable* t = table + share.TableStart;
            TDense* d = dense + share.DenseStart;
            TIndex* i = index + share.IndexStart;
            if (contiguous)
            {
                t += Place(*i) * share.AxisStride;
                for (long done = 0; done < count; done += int.MaxValue)
                {
                    TAction.Row(t + done, d + done, (int)Math.Min(count - done, int.MaxValue));
                }
            }
            else
            {
                for (long j = 0; j < count; j++, t += tableStep, i += indexStep, d += denseStep)
                {
                    TAction.Element(t + Place(*i) * share.AxisStride, d);
                }
            }
        }
        while (share.NextRow(coordinates));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Place(TIndex value)
    {
        long given = sizeof(TIndex) == sizeof(int) ? *(int*)&value : *(long*)&value;
        if ((ulong)given >= (ulong)space.AxisSize)
        {
            ThrowOutside(given);
        }
        return given;
    }

    [DoesNotReturn]
    private void ThrowOutside(long given) => throw new ArgumentOutOfRangeException(
        nameof(index),
        given,
        $"{op}: index {given} lies outside an axis of size {space.AxisSize}; indices go from 0 to {space.AxisSize - 1}.");
}
