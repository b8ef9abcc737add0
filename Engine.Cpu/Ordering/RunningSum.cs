using System.Numerics;

namespace Engine.Cpu;

/// <summary>y[i] = x[0] + … + x[i] along an axis, for a block of the columns after it, summed in a wider type.</summary>
/// <param name="split">The axis.</param>
/// <param name="x">[outer, size, inner].</param>
/// <param name="y">[outer, size, inner], written.</param>
/// <remarks>A "row" is one block of columns of one outer element.</remarks>
internal readonly unsafe struct RunningSum<T, TSum>(AxisSplit split, T* x, T* y) : IRowKernel
    where T : unmanaged, INumberBase<T>
    where TSum : unmanaged, INumberBase<TSum>
{
    private const int BlockColumns = 64;

    private static nint Blocks(in AxisSplit split) => (split.Inner + BlockColumns - 1) / BlockColumns;

    public static void Run(in AxisSplit split, T* x, T* y, WorkerPool pool) =>
        RowLoop<RunningSum<T, TSum>>.Run(new(split, x, y), split.Outer * Blocks(split), split.Size * Math.Min(split.Inner, BlockColumns), pool);

    public void Run(nint row)
    {
        nint blocks = Blocks(split), first = row % blocks * BlockColumns, columns = Math.Min(BlockColumns, split.Inner - first);
        nint at = (row / blocks * split.Size * split.Inner) + first;
        TSum* sums = stackalloc TSum[BlockColumns];
        new Span<TSum>(sums, BlockColumns).Clear();
        for (nint i = 0; i < split.Size; i++, at += split.Inner)
        {
            for (nint column = 0; column < columns; column++)
            {
                sums[column] += TSum.CreateTruncating(x[at + column]);
                y[at + column] = T.CreateTruncating(sums[column]);
            }
        }
    }
}
