using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>A correlation of one input channel in each group, plane by plane from a <see cref="PaddedPlane{T,TVec}"/>.</summary>
/// <remarks>
/// There is one product for each tap and output, so the memory is the limit and copies count: the tiles of <see cref="DirectConvolution{T,TVec}"/> need
/// channels that share what is lowered. Sums have the order that they have there.
/// </remarks>
internal unsafe struct DepthwiseConvolution<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Rows of outputs that are summed together: as many chains hide half of a multiply-add's latency, the next rows' the rest.</summary>
    private const int RowsAtATime = 4;

    private Correlation _task;
    private PaddedPlane<T, TVec> _plane;
    private T* _input, _weights, _output, _bias;
    private nint* _offsets;
    private bool _relu;
    private int _parts;

    /// <summary>Computes all images; without a <paramref name="bias"/> sums start at 0.</summary>
    public static void Run(in Correlation task, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool)
    {
        if (task.Batch == 0 || task.OutPlane == 0)
        {
            return;
        }

        if (NarrowPlane<T, TVec>.Suits(task))
        {
            NarrowConvolution<T, TVec>.Run(task, input, weights, output, bias, relu, pool);
            return;
        }

        nint* offsets = stackalloc nint[task.Taps];
        DepthwiseConvolution<T, TVec> body = Prepare(task, input, weights, bias, relu, offsets);
        body._output = output;
        body._parts = (int)Math.Min(body.Items, Partition.PartsPerThread * pool.Threads);
        task.Loop(pool, body._parts, ref body);
    }

    /// <summary>Lists the taps in <paramref name="offsets"/>, one for each; there are outputs.</summary>
    public static DepthwiseConvolution<T, TVec> Prepare(in Correlation task, T* input, T* weights, T* bias, bool relu, nint* offsets)
    {
        PaddedPlane<T, TVec> plane = new(task);
        for (int t = 0; t < task.Taps; t++)
        {
            offsets[t] = plane.RowOffset(t / task.Columns.Count) + plane.ColumnOffset(t % task.Columns.Count);
        }

        return new() { _task = task, _plane = plane, _input = input, _weights = weights, _bias = bias, _offsets = offsets, _relu = relu };
    }

    /// <summary>What is computed.</summary>
    public readonly Correlation Task => _task;

    /// <summary>How its input is copied.</summary>
    public readonly PaddedPlane<T, TVec> Plane => _plane;

    private readonly long Items => (long)_task.Batch * _task.Groups * _plane.Blocks;

    public readonly void Run(int part, int worker)
    {
        using ScratchLease copy = Scratch.Rent<T>(_plane.Size);
        for (long item = Items * part / _parts, end = Items * (part + 1) / _parts; item < end; item++)
        {
            nint unit = (nint)(item / _plane.Blocks);
            Block(unit, (int)(item % _plane.Blocks), copy.As<T>(), _output + unit * _task.OutChannels * _task.OutPlane);
        }
    }

    /// <summary>Computes a block of rows of an image and group, whose planes begin at <paramref name="output"/>.</summary>
    [SkipLocalsInit]
    public readonly void Block(nint unit, int block, T* copy, T* output)
    {
        int firstRow = _plane.FirstRow(block), endRow = _plane.FirstRow(block + 1), group = (int)(unit % _task.Groups);
        T* taps = stackalloc T[PaddedPlane<T, TVec>.MostTaps];
        _plane.Copy(_input + unit * _task.InPlane, firstRow, endRow, copy);
        for (int k = 0; k < _task.OutChannels; k++)
        {
            T start = _bias == null ? default : _bias[group * _task.OutChannels + k];
            ReadWeights(_weights + group * _task.WeightGroupStride + k * _task.WeightOutStride, taps);
            SumRows(copy, taps, &start, output + k * _task.OutPlane + (nint)firstRow * _task.Columns.OutSize, endRow - firstRow);
        }
    }

    private readonly void ReadWeights(T* weights, T* taps)
    {
        TapAxis rows = _task.Rows, columns = _task.Columns;
        for (int i = 0; i < rows.Count; i++)
        {
            T* row = weights + (nint)(rows.FirstTap + i * rows.TapStep) * _task.KernelWidth + columns.FirstTap;
            for (int j = 0; j < columns.Count; j++)
            {
                *taps++ = row[j * columns.TapStep];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void SumRows(T* input, T* weights, T* start, T* output, int rows)
    {
        int width = _task.Columns.OutSize, taps = _task.Taps;
        nint step = _plane.RowStep;
        bool relu = _relu;
        for (int p = 0; p < rows; p += RowsAtATime)
        {
            // Rows beyond the last repeat it.
            int more = Math.Min(RowsAtATime, rows - p) - 1, row1 = Math.Min(1, more), row2 = Math.Min(2, more), row3 = more;
            T* x = input + p * step, y = output + (nint)p * width;
            nint step1 = row1 * step, step2 = row2 * step, step3 = row3 * step;
            for (int at = 0; at < width; at += TVec.Count)
            {
                // The last vector of a row ends with it and sums some outputs once more: a store under a mask takes far longer than others on AMD's processors with AVX2.
                int q = Math.Max(0, Math.Min(at, width - TVec.Count));
                TVec c0 = TVec.Broadcast(start), c1 = c0, c2 = c0, c3 = c0;
                for (int t = 0; t < taps; t++)
                {
                    TVec w = TVec.Broadcast(weights + t);
                    T* run = x + q + _offsets[t];
                    TVec.Accumulate(ref c0, w, TVec.Load(run));
                    TVec.Accumulate(ref c1, w, TVec.Load(run + step1));
                    TVec.Accumulate(ref c2, w, TVec.Load(run + step2));
                    TVec.Accumulate(ref c3, w, TVec.Load(run + step3));
                }

                if (relu)
                {
                    c0 = TVec.MaxNative(TVec.Zero, c0);
                    c1 = TVec.MaxNative(TVec.Zero, c1);
                    c2 = TVec.MaxNative(TVec.Zero, c2);
                    c3 = TVec.MaxNative(TVec.Zero, c3);
                }

                T* target = y + q;
                if (width >= TVec.Count)
                {
                    c0.Store(target);
                    c1.Store(target + row1 * width);
                    c2.Store(target + row2 * width);
                    c3.Store(target + row3 * width);
                }
                else
                {
                    c0.StoreFirst(target, width);
                    c1.StoreFirst(target + row1 * width, width);
                    c2.StoreFirst(target + row2 * width, width);
                    c3.StoreFirst(target + row3 * width, width);
                }
            }
        }
    }
}
