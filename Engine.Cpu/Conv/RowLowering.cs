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

    private nint PlaneSize => (nint)_task.Rows.Stride * _rowsPerPhase * _task.Columns.OutSize;

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
                    *offsets++ = c * ChannelSize + j * PlaneSize + row * _task.Columns.OutSize;
            }
        }
    }

    /// <summary>
    /// Lowers <paramref name="channels"/> contiguous planes for the outputs of rows [firstRow, firstRow + rows) into channels · <see cref="ChannelSize"/>
    /// + <see cref="Slack"/> elements.
    /// </summary>
    public void Lower(T* input, int channels, int firstRow, int rows, T* low)
    {
        TapAxis columns = _task.Columns;
        int usedRows = rows + _task.Rows.Extent / _task.Rows.Stride;
        for (int c = 0; c < channels; c++)
        {
            T* plane = input + c * _task.InPlane;
            for (int j = 0; j < columns.Count; j++)
            {
                T* target = low + c * ChannelSize + j * PlaneSize;
                for (int phase = 0; phase < _task.Rows.Stride; phase++)
                {
                    // Ascending addresses: a row may write past its end, and the next one corrects that.
                    if (_task.Rows.UsesPhase(phase)) LowerRows(plane, columns.FirstOffset + j * columns.OffsetStep, firstRow, phase, usedRows, target);
                    target += (nint)_rowsPerPhase * columns.OutSize;
                }
            }
        }
    }

    private void LowerRows(T* plane, int offset, int firstRow, int phase, int rows, T* target)
    {
        TapAxis columns = _task.Columns;
        int step = columns.Stride, width = columns.OutSize, inRows = _task.Rows.InSize;
        int begin = Math.Min(offset < 0 ? (-offset + step - 1) / step : 0, width);
        int end = Math.Max(begin, offset < columns.InSize ? Math.Min(width, (columns.InSize - 1 - offset) / step + 1) : 0);
        nint row = (nint)firstRow * _task.Rows.Stride + phase + _task.Rows.LowestOffset;
        for (int i = 0; i < rows; i++, row += _task.Rows.Stride, target += width)
        {
            if ((nuint)row >= (nuint)inRows)
            {
                Clear(target, width);
                continue;
            }

            T* source = plane + row * columns.InSize + offset;
            Clear(target, begin);
            if (step == 1) Copy(source + begin, target + begin, end - begin);
            else
                for (int q = begin; q < end; q++) target[q] = source[(nint)q * step];
            Clear(target + end, width - end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(T* target, int count)
    {
        for (int i = 0; i < count; i += TVec.Count) TVec.Zero.Store(target + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(T* source, T* target, int count)
    {
        int i = 0;
        for (; i <= count - TVec.Count; i += TVec.Count) TVec.Load(source + i).Store(target + i);
        if (i < count) TVec.LoadFirst(source + i, count - i).Store(target + i);
    }
}
