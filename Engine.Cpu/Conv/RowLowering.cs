using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The copy of an input from which every tap of a correlation is one flat run: for each channel and each column tap j a plane whose
/// rows hold in[row, q·stride + offset(j)] for q = 0 … Q-1, with zeros in the padding.
/// </summary>
/// <remarks>
/// Rows have the length of the output's rows, so outputs f, f+1, … of one image meet a tap at low[offset(tap) + f], … even across
/// rows, and no lane of a vector is wasted on padding. It costs S copies of the input instead of the R·S copies of im2col
/// (Cho and Brand, "MEC: memory-efficient convolution", 2017). With a vertical stride, rows are sorted by their residue:
/// the layout is [channel][column tap][residue][row][q].
/// </remarks>
internal readonly unsafe struct RowLowering<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private readonly Correlation _task;
    private readonly int _rowsPerPhase;

    /// <summary>A lowering of at most <paramref name="outRows"/> rows of outputs.</summary>
    public RowLowering(in Correlation task, int outRows)
    {
        _task = task;
        _rowsPerPhase = outRows + task.Rows.Extent / task.Rows.Stride;
    }

    /// <summary>Values that are written past the end, and that tiles may read there.</summary>
    public static int Slack => 8 * TVec.Count;

    /// <summary>One column tap of one channel, and a vector more, which its last row may spill into.</summary>
    private nint PlaneSize
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (nint)_task.Rows.Stride * _rowsPerPhase * _task.Columns.OutSize + TVec.Count;
    }

    /// <summary>Elements of one channel.</summary>
    public nint ChannelSize => _task.Columns.Count * PlaneSize;

    /// <summary>Where taps begin, in the order of the kernel's elements: channel, row, column.</summary>
    public void WriteOffsets(int channels, nint* offsets)
    {
        for (int c = 0; c < channels; c++)
        {
            for (int i = 0; i < _task.Rows.Count; i++)
            {
                int distance = _task.Rows.Distance(i), stride = _task.Rows.Stride;
                nint row = (nint)(distance % stride) * _rowsPerPhase + distance / stride;
                for (int j = 0; j < _task.Columns.Count; j++)
                {
                    *offsets++ = c * ChannelSize + j * PlaneSize + row * _task.Columns.OutSize;
                }
            }
        }
    }

    /// <summary>
    /// Lowers <paramref name="channels"/> contiguous planes for the outputs of rows [firstRow, firstRow + rows) into channels · <see cref="ChannelSize"/>
    /// + <see cref="Slack"/> elements.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Lower(T* input, int channels, int firstRow, int rows, T* low)
    {
        TapAxis columns = _task.Columns;
        int usedRows = rows + (_task.Rows.Stride == 1 ? _task.Rows.Extent : _task.Rows.Extent / _task.Rows.Stride);
        int step = columns.Stride, rowStep = _task.Rows.Stride, width = columns.OutSize;
        for (int c = 0; c < channels; c++, input += _task.InPlane)
        {
            for (int j = 0; j < columns.Count; j++)
            {
                int offset = columns.FirstOffset + j * columns.OffsetStep;
                int begin = Math.Min(width, First(-offset, step)), end = Math.Clamp(First(columns.InSize - offset, step), begin, width);
                T* target = low + c * ChannelSize + j * PlaneSize;
                for (int phase = 0; phase < rowStep; phase++, target += (nint)_rowsPerPhase * width)
                {
                    if (!_task.Rows.UsesPhase(phase))
                    {
                        continue;
                    }
                    int row = firstRow * rowStep + phase + _task.Rows.LowestOffset;
                    int above = Math.Min(usedRows, First(-row, rowStep)), below = Math.Clamp(First(_task.Rows.InSize - row, rowStep), above, usedRows);
                    LowerRows(input + (nint)row * columns.InSize + offset + (nint)begin * step, target, above, below, usedRows, begin, end);
                }
            }
        }
    }

    /// <summary>The first multiple of <paramref name="step"/> that is not below <paramref name="distance"/>, in steps.</summary>
    private static int First(int distance, int step) => distance <= 0 ? 0 : step == 1 ? distance : (distance - 1) / step + 1;

    /// <summary>One channel, column tap and residue; rows up to <paramref name="above"/> and from <paramref name="below"/> on lie in the padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LowerRows(T* source, T* target, int above, int below, int rows, int begin, int end)
    {
        int step = _task.Columns.Stride, width = _task.Columns.OutSize, count = end - begin;
        // A copy ends with zeros up to the next whole vector. Zeros that fall into the next row are overwritten by the copy of that row.
        int zerosFrom = begin + (count + TVec.Count - 1) / TVec.Count * TVec.Count;
        nint sourceStep = (nint)_task.Rows.Stride * _task.Columns.InSize;
        if (above > 0)
        {
            Clear(target, above * width);
        }
        source += above * sourceStep;
        target += above * width;
        for (int i = above; i < below; i++, source += sourceStep, target += width)
        {
            if (begin > 0)
            {
                Clear(target, begin);
            }
            CopyRow(step, source, target + begin, count);
            if (zerosFrom < width)
            {
                Clear(target + zerosFrom, width - zerosFrom);
            }
        }

        if (below < rows)
        {
            Clear(target, (rows - below) * width);
        }
    }

    /// <summary>Copies every <paramref name="step"/>th value, and zeros up to the next whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyRow(int step, T* source, T* target, int count)
    {
        if (step == 1)
        {
            Copy(source, target, count);
        }
        else
        {
            CopyEvery(step, source, target, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyEvery(int step, T* source, T* target, int count)
    {
        int q = 0;
        if (step == 2 && TVec.Count > 1)
        {
            for (; 2 * (count - q) - 1 >= 2 * TVec.Count; q += TVec.Count)
            {
                T* from = source + 2 * (nint)q;
                TVec.Even(TVec.Load(from), TVec.Load(from + TVec.Count)).Store(target + q);
            }
            if (q < count && count > TVec.Count)
            {
                // The last vector ends with the row: one that begins with the element before it ends with the last element.
                T* before = source + 2 * (nint)(count - TVec.Count) - 1;
                TVec.Zero.Store(target + count);
                TVec.Odd(TVec.Load(before), TVec.Load(before + TVec.Count)).Store(target + count - TVec.Count);
                return;
            }
            for (; q < count; q += TVec.Count)
            {
                // The elements between the last one and what follows belong to somebody else: they are not touched.
                int left = 2 * (count - q) - 1;
                T* from = source + 2 * (nint)q;
                TVec.Even(TVec.LoadFirst(from, Math.Min(left, TVec.Count)), TVec.LoadFirst(from + TVec.Count, Math.Max(0, left - TVec.Count))).Store(target + q);
            }
            return;
        }

        for (; q < count; q++)
        {
            target[q] = source[(nint)q * step];
        }
        for (; q % TVec.Count != 0; q++)
        {
            target[q] = default;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(T* target, int count)
    {
        for (int i = 0; i < count; i += TVec.Count)
        {
            TVec.Zero.Store(target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(T* source, T* target, int count)
    {
        int i = 0;
        for (; i <= count - TVec.Count; i += TVec.Count)
        {
            TVec.Load(source + i).Store(target + i);
        }
        if (i < count && count > TVec.Count)
        {
            TVec.Zero.Store(target + count);
            TVec.Load(source + count - TVec.Count).Store(target + count - TVec.Count);
        }
        else if (i < count)
        {
            TVec.LoadFirst(source + i, count - i).Store(target + i);
        }
    }
}
