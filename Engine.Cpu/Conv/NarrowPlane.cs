using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The padded copy of a plane whose rows are no longer than a vector: each row is one vector, and its taps lie within two.</summary>
/// <remarks>Margins are cleared once: planes are all alike, and rows are written with zeros behind them.</remarks>
internal readonly unsafe struct NarrowPlane<T, TVec>(Correlation task)
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private readonly Correlation _task = task;

    /// <summary>Whether rows of a depthwise correlation of stride 1 fit a vector, and its weights lie in the order of the taps.</summary>
    public static bool Suits(in Correlation task)
        => task is { OutChannels: 1, Rows: { Stride: 1, FirstTap: 0, TapStep: 1 }, Columns: { Stride: 1, FirstTap: 0, TapStep: 1 } }
        && task.Columns.Count == task.KernelWidth && Math.Max(task.Columns.InSize, task.Columns.OutSize) <= TVec.Count && TVec.Count > 1
        && Math.Max(-task.Columns.LowestOffset, task.Columns.Extent) <= TVec.Count && task.Rows.LowestOffset <= 0 && task.Columns.LowestOffset <= 0;

    /// <summary>Values between the rows of the copy: whatever taps a vector of outputs reads, none of the next row.</summary>
    public static nint Pitch => 2 * TVec.Count;

    /// <summary>Values of a copy: rows of the input, those that taps reach outside of it, and one more.</summary>
    public nint Size => (Math.Max(_task.Rows.InSize - _task.Rows.LowestOffset, _task.Rows.OutSize + _task.Rows.Extent) + 1) * Pitch;

    /// <summary>Where a tap begins.</summary>
    public nint Offset(int row, int column) => _task.Rows.Distance(row) * Pitch + _task.Columns.Distance(column);

    /// <summary>Clears a copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Clear(T* copy)
    {
        for (nint i = 0; i < Size; i += TVec.Count)
        {
            TVec.Zero.Store(copy + i);
        }
    }

    /// <summary>Copies a plane into a copy that was cleared.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Copy(T* plane, T* copy)
    {
        int width = _task.Columns.InSize, rows = _task.Rows.InSize;
        nint left = (nint)rows * width;
        T* target = copy - _task.Rows.LowestOffset * Pitch - _task.Columns.LowestOffset;
        TVec mask = Tail.Mask<TVec>(width);
        for (; rows > 0; rows--, plane += width, target += Pitch, left -= width)
        {
            (mask & Tail.Load<TVec>(plane, left)).Store(target);
        }
    }
}
