using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>A depthwise correlation of stride 1 over planes whose rows are no longer than a vector: a row of outputs is one vector, and a plane a few of them.</summary>
/// <remarks>
/// Rows of outputs are stored in order, so that each overwrites what the one before wrote behind its end. Sums have the order that they have in <see cref="DepthwiseConvolution{T,TVec}"/>.
/// </remarks>
internal unsafe struct NarrowConvolution<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Rows that are summed together: planes of 7 × 7 and 14 × 14 are the usual ones, and as many chains hide the latency of a multiply-add.</summary>
    private const int RowsAtATime = 7;

    private Correlation _task;
    private T* _input, _weights, _output, _bias;
    private nint* _offsets;
    private bool _relu;
    private int _parts;

    private static nint Pitch => NarrowPlane<T, TVec>.Pitch;

    private readonly long Planes => (long)_task.Batch * _task.Groups;

    /// <summary>Computes all images; without a <paramref name="bias"/> sums start at 0.</summary>
    public static void Run(in Correlation task, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool)
    {
        NarrowPlane<T, TVec> plane = new(task);
        nint* offsets = stackalloc nint[task.Taps];
        NarrowConvolution<T, TVec> body = new() { _task = task, _input = input, _weights = weights, _output = output, _bias = bias, _offsets = offsets, _relu = relu };
        for (int tap = 0; tap < task.Taps; tap++)
        {
            offsets[tap] = plane.Offset(tap / task.Columns.Count, tap % task.Columns.Count);
        }

        body._parts = (int)Math.Min(body.Planes, Partition.PartsPerThread * pool.Threads);
        task.Loop(pool, body._parts, ref body);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int part, int worker)
    {
        NarrowPlane<T, TVec> narrow = new(_task);
        nint inPlane = _task.InPlane, outPlane = _task.OutPlane;
        using ScratchLease memory = Scratch.Rent<T>(narrow.Size);
        T* copy = memory.As<T>();
        narrow.Clear(copy);
        T zero = default;
        int groups = _task.Groups, taps = _task.Taps;
        nint plane = (nint)(Planes * part / _parts), end = (nint)(Planes * (part + 1) / _parts);
        for (int group = (int)(plane % groups); plane < end; plane++, group = group + 1 == groups ? 0 : group + 1)
        {
            narrow.Copy(_input + plane * inPlane, copy);
            SumRows(copy, _weights + (nint)group * taps, _bias == null ? &zero : _bias + group, _output + plane * outPlane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void SumRows(T* copy, T* weights, T* start, T* output)
    {
        int width = _task.Columns.OutSize, rows = _task.Rows.OutSize, taps = _task.Taps;
        nint left = (nint)rows * width;
        nint* offsets = _offsets;
        for (int p = 0; p < rows; p += RowsAtATime)
        {
            // Rows beyond the last are computed from whatever lies there: from the last one again.
            int more = Math.Min(RowsAtATime, rows - p) - 1;
            T* x0 = copy + p * Pitch, x1 = x0 + Math.Min(1, more) * Pitch, x2 = x0 + Math.Min(2, more) * Pitch, x3 = x0 + Math.Min(3, more) * Pitch;
            T* x4 = x0 + Math.Min(4, more) * Pitch, x5 = x0 + Math.Min(5, more) * Pitch, x6 = x0 + Math.Min(6, more) * Pitch;
            TVec c0 = TVec.Broadcast(start), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0;
            for (int t = 0; t < taps; t++)
            {
                TVec w = TVec.Broadcast(weights + t);
                nint at = offsets[t];
                TVec.Accumulate(ref c0, w, TVec.Load(x0 + at));
                TVec.Accumulate(ref c1, w, TVec.Load(x1 + at));
                TVec.Accumulate(ref c2, w, TVec.Load(x2 + at));
                TVec.Accumulate(ref c3, w, TVec.Load(x3 + at));
                TVec.Accumulate(ref c4, w, TVec.Load(x4 + at));
                TVec.Accumulate(ref c5, w, TVec.Load(x5 + at));
                TVec.Accumulate(ref c6, w, TVec.Load(x6 + at));
            }

            Store(c0, 0, more, width, ref output, ref left);
            Store(c1, 1, more, width, ref output, ref left);
            Store(c2, 2, more, width, ref output, ref left);
            Store(c3, 3, more, width, ref output, ref left);
            Store(c4, 4, more, width, ref output, ref left);
            Store(c5, 5, more, width, ref output, ref left);
            Store(c6, 6, more, width, ref output, ref left);
        }
    }

    /// <summary>Stores a row, and behind it, within the plane, what the next row overwrites.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Store(TVec sum, int row, int last, int width, ref T* output, ref nint left)
    {
        if (row > last)
        {
            return;
        }

        Tail.Store(_relu ? TVec.MaxNative(TVec.Zero, sum) : sum, output, left);
        output += width;
        left -= width;
    }
}
