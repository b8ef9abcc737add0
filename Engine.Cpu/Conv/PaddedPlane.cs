using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// Rows of one plane with their padding around them, so that a vector of outputs meets each tap at a vector of the copy. With a horizontal stride,
/// columns are sorted by their residue: [row][residue][column].
/// </summary>
/// <remarks>One copy, where <see cref="RowLowering{T,TVec}"/> makes one for each column of the kernel: rows are computed one by one from it, with a part of a vector at their end.</remarks>
internal readonly unsafe struct PaddedPlane<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Longest strides and reaches of a kernel for which the copy is as small as the plane, more or less.</summary>
    public const int MostStride = 4;

    /// <inheritdoc cref="MostStride"/>
    private const int MostExtent = 32;

    /// <summary>Bytes of a copy: they stay in a first-level cache.</summary>
    private const int CopyBytes = 24 << 10;

    private readonly Correlation _task;
    private readonly int _columns, _residuePitch;

    /// <summary>The copy of one channel that <paramref name="task"/> reads.</summary>
    public PaddedPlane(in Correlation task)
    {
        _task = task;
        _columns = task.Columns.OutSize + task.Columns.Extent / task.Columns.Stride;
        _residuePitch = (_columns + 2 * TVec.Count - 1) / TVec.Count * TVec.Count;
        int rows = (int)Math.Clamp((CopyBytes / sizeof(T) / RowPitch - task.Rows.Extent) / task.Rows.Stride, Math.Min(4, task.Rows.OutSize), task.Rows.OutSize);
        Blocks = (task.Rows.OutSize + rows - 1) / rows;
    }

    /// <summary>Most taps of a kernel.</summary>
    public const int MostTaps = 128;

    /// <summary>Whether a correlation has one input channel in each of several groups, and a kernel of a size that this is good for.</summary>
    public static bool Suits(in Correlation task)
        => task is { InChannels: 1, Groups: > 1, OutChannels: 1 or 2, Taps: <= MostTaps }
        && task.Rows.Stride <= MostStride && task.Columns.Stride <= MostStride && task.Rows.Extent <= MostExtent && task.Columns.Extent <= MostExtent;

    /// <summary>Blocks of output rows.</summary>
    public int Blocks { get; }

    /// <summary>Values between the rows of the copy.</summary>
    public nint RowPitch => (nint)_task.Columns.Stride * _residuePitch;

    /// <summary>Values from an output to the one below.</summary>
    public nint RowStep => _task.Rows.Stride * RowPitch;

    /// <summary>Values of a copy.</summary>
    public nint Size => ((nint)((_task.Rows.OutSize + Blocks - 1) / Blocks) * _task.Rows.Stride + _task.Rows.Extent + 1) * RowPitch + TVec.Count;

    /// <summary>First row of a block; that of the block after the last is the number of rows.</summary>
    public int FirstRow(int block) => (int)((long)_task.Rows.OutSize * block / Blocks);

    /// <summary>Where row <paramref name="tap"/> of the kernel begins.</summary>
    public nint RowOffset(int tap) => _task.Rows.Distance(tap) * RowPitch;

    /// <summary>Where column <paramref name="tap"/> of the kernel begins.</summary>
    public nint ColumnOffset(int tap)
    {
        int distance = _task.Columns.Distance(tap), stride = _task.Columns.Stride;
        return (nint)(distance % stride) * _residuePitch + distance / stride;
    }

    /// <summary>Copies what the output rows [firstRow, endRow) read.</summary>
    public void Copy(T* plane, int firstRow, int endRow, T* copy)
    {
        TapAxis columns = _task.Columns;
        int step = columns.Stride, row = firstRow * _task.Rows.Stride + _task.Rows.LowestOffset, rows = (endRow - firstRow - 1) * _task.Rows.Stride + _task.Rows.Extent + 1;
        int above = Math.Clamp(-row, 0, rows), below = Math.Clamp(_task.Rows.InSize - row, above, rows);
        for (int residue = 0; residue < step; residue++, copy += _residuePitch)
        {
            int offset = columns.LowestOffset + residue, begin = Math.Min(_columns, First(-offset, step)), count = Math.Clamp(First(columns.InSize - offset, step), begin, _columns) - begin;
            T* source = plane + (nint)(row + above) * columns.InSize + offset + (nint)begin * step;
            T* target = ClearRows(copy, above);
            target = count == 0 ? ClearRows(target, below - above) : CopyRows(source, target, below - above, begin, count);
            ClearRows(target, rows - below);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private T* ClearRows(T* target, int rows)
    {
        nint pitch = RowPitch;
        for (; rows > 0; rows--, target += pitch)
        {
            Clear(target, 0, _columns);
        }

        return target;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private T* CopyRows(T* source, T* target, int rows, int begin, int count)
    {
        nint pitch = RowPitch, step = _task.Columns.InSize;
        // A copy ends with zeros up to the next whole vector, for which there is room.
        int stride = _task.Columns.Stride, copied = begin + (count + TVec.Count - 1) / TVec.Count * TVec.Count;
        for (; rows > 0; rows--, source += step, target += pitch)
        {
            Clear(target, 0, begin);
            RowLowering<T, TVec>.CopyRow(stride, source, target + begin, count);
            Clear(target, copied, _columns);
        }

        return target;
    }

    /// <summary>The first multiple of <paramref name="step"/> that is not below <paramref name="distance"/>, in steps.</summary>
    private static int First(int distance, int step) => distance <= 0 ? 0 : (distance + step - 1) / step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(T* target, int begin, int end)
    {
        for (int i = begin; i < end; i += TVec.Count)
        {
            TVec.Zero.Store(target + i);
        }
    }
}
