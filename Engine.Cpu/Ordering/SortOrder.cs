namespace Engine.Cpu;

/// <summary>The indices of numbers along an axis in sorted order; equal ones keep their order.</summary>
/// <param name="split">The axis.</param>
/// <param name="x">[outer, size, inner].</param>
/// <param name="indices">[outer, size, inner], written.</param>
/// <param name="descending">Largest first.</param>
/// <remarks>A "row" is the elements along the axis at one index of the others.</remarks>
internal readonly unsafe struct SortOrder<T, TKey>(AxisSplit split, T* x, long* indices, bool descending) : IRowKernel
    where T : unmanaged
    where TKey : struct, ISortKey<T>
{
    public static void Run(in AxisSplit split, T* x, long* indices, bool descending, WorkerPool pool) =>
        RowLoop<SortOrder<T, TKey>>.Run(new(split, x, indices, descending), split.Outer * split.Inner, split.Size * (1 + (long)Math.Log2(split.Size)), pool);

    public void Run(nint row)
    {
        int size = (int)split.Size;
        nint start = (row / split.Inner * split.Size * split.Inner) + (row % split.Inner);
        using ScratchLease keyMemory = Scratch.Rent<ulong>(size), orderMemory = Scratch.Rent<int>(size);
        Span<ulong> keys = new(keyMemory.Pointer, size);
        Span<int> order = new(orderMemory.Pointer, size);
        ulong direction = descending ? ulong.MaxValue : 0;
        for (int i = 0; i < size; i++)
        {
            keys[i] = TKey.Of(x[start + (i * split.Inner)]) ^ direction;
            order[i] = i;
        }

        keys.Sort(order);
        RestoreOrderOfEquals(keys, order);
        for (int i = 0; i < size; i++)
        {
            indices[start + (i * split.Inner)] = order[i];
        }
    }

    /// <summary>The library's sort is not stable: indices of equal keys are put into ascending order afterwards.</summary>
    private static void RestoreOrderOfEquals(ReadOnlySpan<ulong> keys, Span<int> order)
    {
        for (int first = 0, end; first < keys.Length; first = end)
        {
            for (end = first + 1; end < keys.Length && keys[end] == keys[first];)
            {
                end++;
            }
            if (end - first > 1)
            {
                order[first..end].Sort();
            }
        }
    }
}
