using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// dw[k, t] = beta·dw[k, t] + Σ dy[n, k, p, q] · x[n, group, …] where each group has one input channel, from a <see cref="PaddedPlane{T,TVec}"/> of x.
/// </summary>
/// <remarks>
/// A part of the work is a few groups, with all their images, so nothing is joined at the end and the order of a sum follows from the geometry. Lanes are added
/// up, in double precision, after every <see cref="RunLength"/> outputs or more.
/// </remarks>
internal unsafe struct DepthwiseWeightGradient<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Outputs after which the lanes are added up.</summary>
    private const int RunLength = 1536;

    /// <summary>Rows and columns of taps that are summed in one pass over the outputs: nine sums, and their operands, fit 16 registers.</summary>
    private const int Side = 3, Sums = Side * Side;

    /// <summary>Small planes of neighbouring groups are taken together, as they lie: one alone is shorter than what the processor fetches ahead.</summary>
    private const int TogetherBytes = 8 << 10, MostGroups = 16;

    private Correlation _task;
    private PaddedPlane<T, TVec> _plane;
    private bool _isNarrow;
    private T* _input, _gradient, _weightGradient;
    private nint* _offsets;
    private T _beta;
    private int _groups;

    /// <summary>Computes the gradient for all groups; <paramref name="task"/> describes the forward convolution, which has outputs.</summary>
    public static void Run(in Correlation task, T* input, T* gradient, T* weightGradient, T beta, WorkerPool pool)
    {
        DepthwiseWeightGradient<T, TVec> body = new()
        {
            _task = task,
            _plane = new(task),
            _isNarrow = NarrowPlane<T, TVec>.Suits(task),
            _input = input,
            _gradient = gradient,
            _weightGradient = weightGradient,
            _beta = beta,
            _groups = (int)Math.Clamp(TogetherBytes / sizeof(T) / Math.Max(1, task.InPlane), 1, Math.Min(MostGroups, task.Groups)),
        };
        // Rows, then columns; taps beyond the last repeat it, and nobody asks for their sums.
        nint* offsets = stackalloc nint[task.Rows.Count + task.Columns.Count + 2 * Side];
        body._offsets = offsets;
        for (int i = 0; i < body.Down * Side; i++)
        {
            int tap = Math.Min(i, task.Rows.Count - 1);
            *offsets++ = body._isNarrow ? body.Narrow.Offset(tap, 0) - body.Narrow.Offset(0, 0) : body._plane.RowOffset(tap);
        }

        for (int j = 0; j < body.Across * Side; j++)
        {
            int tap = Math.Min(j, task.Columns.Count - 1);
            *offsets++ = body._isNarrow ? body.Narrow.Offset(0, tap) : body._plane.ColumnOffset(tap);
        }

        task.Loop(pool, (task.Groups + body._groups - 1) / body._groups, ref body);
    }

    private readonly NarrowPlane<T, TVec> Narrow => new(_task);

    private readonly int Down => (_task.Rows.Count + Side - 1) / Side;

    private readonly int Across => (_task.Columns.Count + Side - 1) / Side;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int part, int worker)
    {
        int firstGroup = part * _groups, groups = Math.Min(_groups, _task.Groups - firstGroup), down = Down, across = Across;
        int squares = groups * _task.OutChannels * down * across;
        NarrowPlane<T, TVec> narrow = Narrow;
        int blocks = _isNarrow ? 1 : _plane.Blocks;
        using ScratchLease copy = Scratch.Rent<T>(_isNarrow ? narrow.Size : _plane.Size);
        using ScratchLease lanes = Scratch.Rent<T>((nint)squares * Sums * TVec.Count);
        using ScratchLease totals = Scratch.Rent<double>((nint)squares * Sums);
        Span<double> total = new(totals.As<double>(), squares * Sums);
        Span<byte> sums = new(lanes.Pointer, squares * Sums * TVec.Count * sizeof(T));
        total.Clear();
        sums.Clear();
        if (_isNarrow)
        {
            narrow.Clear(copy.As<T>());
        }

        long outputs = 0;
        for (int image = 0; image < _task.Batch; image++)
        {
            for (int block = 0; block < blocks; block++)
            {
                int firstRow = _isNarrow ? 0 : _plane.FirstRow(block), rows = (_isNarrow ? _task.Rows.OutSize : _plane.FirstRow(block + 1)) - firstRow;
                T* square = lanes.As<T>();
                for (int group = 0; group < groups; group++)
                {
                    nint unit = (nint)image * _task.Groups + firstGroup + group;
                    T* gradient = _gradient + unit * _task.OutChannels * _task.OutPlane + (nint)firstRow * _task.Columns.OutSize;
                    T* input = _input + unit * _task.InPlane;
                    if (_isNarrow)
                    {
                        narrow.Copy(input, copy.As<T>());
                    }
                    else
                    {
                        _plane.Copy(input, firstRow, firstRow + rows, copy.As<T>());
                    }

                    for (int k = 0; k < _task.OutChannels; k++, gradient += _task.OutPlane)
                    {
                        for (int i = 0; i < down * Side; i += Side)
                        {
                            for (int j = 0; j < across * Side; j += Side, square += Sums * TVec.Count)
                            {
                                if (_isNarrow)
                                {
                                    AccumulateNarrow(copy.As<T>(), gradient, rows, _offsets + i, _offsets + down * Side + j, square);
                                }
                                else
                                {
                                    Accumulate(copy.As<T>(), gradient, rows, _offsets + i, _offsets + down * Side + j, square);
                                }
                            }
                        }
                    }
                }

                outputs += (long)rows * _task.Columns.OutSize;
                if (outputs >= RunLength || (image == _task.Batch - 1 && block == blocks - 1))
                {
                    for (int i = 0; i < total.Length; i++)
                    {
                        total[i] += TVec.Sum(TVec.Load(lanes.As<T>() + (nint)i * TVec.Count));
                    }

                    sums.Clear();
                    outputs = 0;
                }
            }
        }

        T* target = _weightGradient + (nint)firstGroup * _task.OutChannels * _task.Taps;
        for (int k = 0; k < groups * _task.OutChannels; k++)
        {
            for (int i = 0; i < _task.Rows.Count; i++)
            {
                for (int j = 0; j < _task.Columns.Count; j++, target++)
                {
                    T sum = T.CreateTruncating(total[((k * down + i / Side) * across + j / Side) * Sums + i % Side * Side + j % Side]);
                    *target = _beta == T.Zero ? sum : sum + _beta * *target;
                }
            }
        }
    }

    /// <summary>Adds the products of a square of taps, whose rows and columns are listed, to their sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Accumulate(T* input, T* gradient, int rows, nint* rowOffsets, nint* columnOffsets, T* sums)
    {
        int width = _task.Columns.OutSize, whole = width / TVec.Count * TVec.Count;
        nint column0 = columnOffsets[0], column1 = columnOffsets[1], column2 = columnOffsets[2];
        T* x0 = input + rowOffsets[0], x1 = input + rowOffsets[1], x2 = input + rowOffsets[2];
        nint lanes = TVec.Count, left = width - whole, step = _plane.RowStep;
        TVec c0 = TVec.Load(sums), c1 = TVec.Load(sums + lanes), c2 = TVec.Load(sums + 2 * lanes);
        TVec c3 = TVec.Load(sums + 3 * lanes), c4 = TVec.Load(sums + 4 * lanes), c5 = TVec.Load(sums + 5 * lanes);
        TVec c6 = TVec.Load(sums + 6 * lanes), c7 = TVec.Load(sums + 7 * lanes), c8 = TVec.Load(sums + 8 * lanes);
        for (; rows > 0; rows--, x0 += step, x1 += step, x2 += step, gradient += width)
        {
            for (nint q = 0; q < whole; q += TVec.Count)
            {
                TVec dy = TVec.Load(gradient + q);
                T* a = x0 + q, b = x1 + q, c = x2 + q;
                TVec.Accumulate(ref c0, dy, TVec.Load(a + column0));
                TVec.Accumulate(ref c1, dy, TVec.Load(a + column1));
                TVec.Accumulate(ref c2, dy, TVec.Load(a + column2));
                TVec.Accumulate(ref c3, dy, TVec.Load(b + column0));
                TVec.Accumulate(ref c4, dy, TVec.Load(b + column1));
                TVec.Accumulate(ref c5, dy, TVec.Load(b + column2));
                TVec.Accumulate(ref c6, dy, TVec.Load(c + column0));
                TVec.Accumulate(ref c7, dy, TVec.Load(c + column1));
                TVec.Accumulate(ref c8, dy, TVec.Load(c + column2));
            }

            if (left > 0)
            {
                // What lies behind the row's outputs is not theirs: 0 times an infinity would be NaN.
                TVec dy = TVec.LoadFirst(gradient + whole, left);
                T* a = x0 + whole, b = x1 + whole, c = x2 + whole;
                TVec.Accumulate(ref c0, dy, TVec.LoadFirst(a + column0, left));
                TVec.Accumulate(ref c1, dy, TVec.LoadFirst(a + column1, left));
                TVec.Accumulate(ref c2, dy, TVec.LoadFirst(a + column2, left));
                TVec.Accumulate(ref c3, dy, TVec.LoadFirst(b + column0, left));
                TVec.Accumulate(ref c4, dy, TVec.LoadFirst(b + column1, left));
                TVec.Accumulate(ref c5, dy, TVec.LoadFirst(b + column2, left));
                TVec.Accumulate(ref c6, dy, TVec.LoadFirst(c + column0, left));
                TVec.Accumulate(ref c7, dy, TVec.LoadFirst(c + column1, left));
                TVec.Accumulate(ref c8, dy, TVec.LoadFirst(c + column2, left));
            }
        }

        c0.Store(sums);
        c1.Store(sums + lanes);
        c2.Store(sums + 2 * lanes);
        c3.Store(sums + 3 * lanes);
        c4.Store(sums + 4 * lanes);
        c5.Store(sums + 5 * lanes);
        c6.Store(sums + 6 * lanes);
        c7.Store(sums + 7 * lanes);
        c8.Store(sums + 8 * lanes);
    }

    /// <summary>The same where a row is one vector: what lanes behind its outputs sum, be it infinite, is left out at the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void AccumulateNarrow(T* input, T* gradient, int rows, nint* rowOffsets, nint* columnOffsets, T* sums)
    {
        int width = _task.Columns.OutSize;
        nint left = (nint)rows * width, lanes = TVec.Count, column0 = columnOffsets[0], column1 = columnOffsets[1], column2 = columnOffsets[2];
        T* a = input + rowOffsets[0], b = input + rowOffsets[1], c = input + rowOffsets[2];
        TVec mask = Tail.Mask<TVec>(width);
        TVec c0 = TVec.Load(sums), c1 = TVec.Load(sums + lanes), c2 = TVec.Load(sums + 2 * lanes);
        TVec c3 = TVec.Load(sums + 3 * lanes), c4 = TVec.Load(sums + 4 * lanes), c5 = TVec.Load(sums + 5 * lanes);
        TVec c6 = TVec.Load(sums + 6 * lanes), c7 = TVec.Load(sums + 7 * lanes), c8 = TVec.Load(sums + 8 * lanes);
        nint step = NarrowPlane<T, TVec>.Pitch;
        for (; left > 0; left -= width, a += step, b += step, c += step, gradient += width)
        {
            TVec dy = Tail.Load<TVec>(gradient, left);
            TVec.Accumulate(ref c0, dy, TVec.Load(a + column0));
            TVec.Accumulate(ref c1, dy, TVec.Load(a + column1));
            TVec.Accumulate(ref c2, dy, TVec.Load(a + column2));
            TVec.Accumulate(ref c3, dy, TVec.Load(b + column0));
            TVec.Accumulate(ref c4, dy, TVec.Load(b + column1));
            TVec.Accumulate(ref c5, dy, TVec.Load(b + column2));
            TVec.Accumulate(ref c6, dy, TVec.Load(c + column0));
            TVec.Accumulate(ref c7, dy, TVec.Load(c + column1));
            TVec.Accumulate(ref c8, dy, TVec.Load(c + column2));
        }

        (mask & c0).Store(sums);
        (mask & c1).Store(sums + lanes);
        (mask & c2).Store(sums + 2 * lanes);
        (mask & c3).Store(sums + 3 * lanes);
        (mask & c4).Store(sums + 4 * lanes);
        (mask & c5).Store(sums + 5 * lanes);
        (mask & c6).Store(sums + 6 * lanes);
        (mask & c7).Store(sums + 7 * lanes);
        (mask & c8).Store(sums + 8 * lanes);
    }
}
