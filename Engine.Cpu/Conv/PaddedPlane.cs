using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

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
    private readonly int _columns, _residuePitch, _blockRows, _copyStep;
    private readonly bool _fetchesNext;

    /// <summary>The copy of one channel that <paramref name="task"/> reads, of so many rows that it stays in a first-level cache.</summary>
    public PaddedPlane(in Correlation task) : this(task, CopyBytes / sizeof(T), 4, 1) => _fetchesNext = false;

    /// <summary>A copy of at most so many values, but of at least some rows of outputs; if they are not all, of a multiple of <paramref name="rowUnit"/>. The next plane is fetched meanwhile.</summary>
    public PaddedPlane(in Correlation task, nint mostValues, int leastRows, int rowUnit)
    {
        _task = task;
        _fetchesNext = Sse.IsSupported;
        _copyStep = CopyStep(task.Rows);
        _columns = task.Columns.OutSize + task.Columns.Extent / task.Columns.Stride;
        _residuePitch = (_columns + 2 * TVec.Count - 1) / TVec.Count * TVec.Count;
        int rows = (int)Math.Clamp((mostValues / RowPitch - task.Rows.Extent) / task.Rows.Stride, Math.Min(leastRows, task.Rows.OutSize), task.Rows.OutSize);
        Blocks = (task.Rows.OutSize + rows - 1) / rows;
        _blockRows = Math.Min(task.Rows.OutSize, ((task.Rows.OutSize + Blocks - 1) / Blocks + rowUnit - 1) / rowUnit * rowUnit);
        Blocks = (task.Rows.OutSize + _blockRows - 1) / _blockRows;
    }

    /// <summary>Most taps of a kernel.</summary>
    public const int MostTaps = 128;

    /// <summary>Whether a correlation has one input channel in each of several groups, and a kernel of a size that this is good for.</summary>
    public static bool Suits(in Correlation task)
        => task is { InChannels: 1, Groups: > 1, OutChannels: 1 or 2, Taps: <= MostTaps } && IsSmall(task);

    /// <summary>Whether strides and kernel are small enough for copies.</summary>
    public static bool IsSmall(in Correlation task)
        => task.Rows.Stride <= MostStride && task.Columns.Stride <= MostStride && task.Rows.Extent <= MostExtent && task.Columns.Extent <= MostExtent;

    /// <summary>Blocks of output rows.</summary>
    public int Blocks { get; }

    /// <summary>Values between the rows of the copy.</summary>
    public nint RowPitch => (nint)_task.Columns.Stride * _residuePitch;

    /// <summary>Values from an output to the one below.</summary>
    public nint RowStep => _task.Rows.Stride * RowPitch;

    /// <summary>Values of a copy.</summary>
    public nint Size => ((nint)_blockRows * _task.Rows.Stride + _task.Rows.Extent + 1) * RowPitch + TVec.Count;

    /// <summary>First row of a block; that of the block after the last is the number of rows.</summary>
    public int FirstRow(int block) => Math.Min(_task.Rows.OutSize, block * _blockRows);

    /// <summary>Where row <paramref name="tap"/> of the kernel begins.</summary>
    public nint RowOffset(int tap) => _task.Rows.Distance(tap) * RowPitch;

    /// <summary>Where column <paramref name="tap"/> of the kernel begins.</summary>
    public nint ColumnOffset(int tap) => PaddedColumn(_task.Columns.Distance(tap));

    /// <summary>Where a column lies, counted from the first one that a tap reaches.</summary>
    public nint PaddedColumn(int column) => (nint)(column % _task.Columns.Stride) * _residuePitch + column / _task.Columns.Stride;

    /// <summary>Copies what the output rows [firstRow, endRow) read. Residues of rows and columns that no tap uses are left out.</summary>
    public void Copy(T* plane, int firstRow, int endRow, T* copy)
    {
        TapAxis down = _task.Rows;
        int last = (endRow - firstRow - 1) * down.Stride + down.Extent, step = _copyStep;
        for (int phase = 0; phase < step; phase++)
        {
            if (step > 1 && !down.UsesPhase(phase))
            {
                continue;
            }

            // Rows row + i·step for i < rows, of which those from above to below lie in the plane.
            int row = firstRow * down.Stride + down.LowestOffset + phase, rows = last < phase ? 0 : (last - phase) / step + 1;
            int above = Math.Min(rows, First(-row, step)), below = Math.Clamp(First(down.InSize - row, step), above, rows);
            CopyPhase(plane + ((nint)row + above * step) * _task.Columns.InSize, copy + phase * RowPitch, above, below, rows);
        }
    }

    /// <summary>Rows from one that is copied to the next: where taps use all residues, all rows are copied in one go.</summary>
    private static int CopyStep(in TapAxis rows)
    {
        for (int phase = 0; phase < rows.Stride; phase++)
        {
            if (!rows.UsesPhase(phase))
            {
                return rows.Stride;
            }
        }

        return 1;
    }

    private void CopyPhase(T* source, T* copy, int above, int below, int rows)
    {
        TapAxis columns = _task.Columns;
        int step = columns.Stride;
        for (int residue = 0; residue < step; residue++, copy += _residuePitch)
        {
            if (step > 1 && !columns.UsesPhase(residue))
            {
                continue;
            }

            int offset = columns.LowestOffset + residue, begin = Math.Min(_columns, First(-offset, step)), count = Math.Clamp(First(columns.InSize - offset, step), begin, _columns) - begin;
            T* target = ClearRows(copy, above);
            target = count == 0 ? ClearRows(target, below - above) : CopyRows(source + offset + (nint)begin * step, target, below - above, begin, count);
            ClearRows(target, rows - below);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private T* ClearRows(T* target, int rows)
    {
        nint pitch = _copyStep * RowPitch;
        for (; rows > 0; rows--, target += pitch)
        {
            Clear(target, 0, _columns);
        }

        return target;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private T* CopyRows(T* source, T* target, int rows, int begin, int count)
    {
        nint pitch = _copyStep * RowPitch, step = (nint)_copyStep * _task.Columns.InSize;
        // A copy ends with zeros up to the next whole vector, for which there is room.
        int stride = _task.Columns.Stride, copied = begin + (count + TVec.Count - 1) / TVec.Count * TVec.Count;
        nint fetched = _fetchesNext ? (nint)count * stride * sizeof(T) : 0, nextPlane = _task.InPlane * sizeof(T);
        for (; rows > 0; rows--, source += step, target += pitch)
        {
            // The plane behind this one is copied next. Its rows are too short, or too far apart, for the processor to fetch them in time by itself.
            for (nint at = 0; at < fetched; at += 64)
            {
                Sse.Prefetch0((byte*)source + nextPlane + at);
            }

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
