using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>
/// The gradient to the input as one product, z[c, r, s; p, q] = Σₖ w[k, c, r, s] · dy[k, p, q], whose rows are added to dx where the taps lie.
/// </summary>
/// <remarks>
/// dy is read where it lies, once for all taps, and no tap of a stride is told from another; what it costs is an addition for each K multiply-adds. Sums are made in the layout of
/// <see cref="PaddedPlane{T,TVec}"/>, columns sorted by their residue, and woven into dx at the end. Work is cut into items (image, group, block of channels). All other cuts
/// follow from the geometry of one image, so results depend neither on the number of threads nor on the batch.
/// </remarks>
internal unsafe struct ColumnDataGradient<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Bytes of a block of z: half of a second-level cache of 512 KiB.</summary>
    private const int BlockBytes = 256 << 10;

    /// <summary>Outputs of a block: the weights are packed anew for each, which is then one part in a hundred of the work.</summary>
    private const int BlockOutputs = 448;

    /// <summary>Channels of dx from which on they fill tiles as rows of their own.</summary>
    private const int MostChannels = 23;

    /// <summary>Shorter rows are added in too small pieces: `lenet2`, with rows of 10, took 2.2 ms instead of 1.0.</summary>
    private const int ShortestRow = 32;

    private Correlation _task;
    private PaddedPlane<T, TVec> _plane;
    private T* _gradient, _weights, _output;
    private int _blockRows, _blockChannels, _channelBlocks;

    /// <summary>Whether this is the fastest way for a convolution that is not depthwise.</summary>
    public static bool Suits(in ConvGeometry g)
    {
        Correlation task = Correlation.Forward(g);
        return task is { Batch: > 0, OutPlane: > 0, OutChannels: >= 8, InChannels: <= MostChannels } && task.Columns.OutSize >= ShortestRow && PaddedPlane<T, TVec>.IsSmall(task);
    }

    /// <summary>Computes dx of all images.</summary>
    public static void Run(in ConvGeometry g, T* dy, T* w, T* dx, WorkerPool pool)
    {
        Correlation task = Correlation.Forward(g);
        int taps = task.Rows.Count * task.Columns.Count, rows = Math.Clamp(BlockOutputs / task.Columns.OutSize, 1, task.Rows.OutSize);
        rows = GemmBlocks.Even(task.Rows.OutSize, rows, 1);
        int channels = (int)Math.Clamp(BlockBytes / sizeof(T) / ((nint)taps * rows * task.Columns.OutSize), 1, task.InChannels);
        channels = GemmBlocks.Even(task.InChannels, channels, 1);
        ColumnDataGradient<T, TVec> body = new()
        {
            _task = task,
            _plane = new(task, nint.MaxValue, 1, 1),
            _gradient = dy,
            _weights = w,
            _output = dx,
            _blockRows = rows,
            _blockChannels = channels,
            _channelBlocks = (task.InChannels + channels - 1) / channels,
        };
        task.Loop(pool, task.Batch * task.Groups * body._channelBlocks, ref body);
    }

    public readonly void Run(int part, int worker)
    {
        int unit = part / _channelBlocks, firstChannel = part % _channelBlocks * _blockChannels, channels = Math.Min(_blockChannels, _task.InChannels - firstChannel);
        int taps = _task.Rows.Count * _task.Columns.Count, width = _task.Columns.OutSize;
        using ScratchLease products = Scratch.Rent<T>((nint)channels * taps * _blockRows * width + TVec.Count);
        using ScratchLease sums = Scratch.Rent<T>(channels * _plane.Size);
        NativeMemory.Clear(sums.As<T>(), (nuint)(channels * _plane.Size * sizeof(T)));
        for (int row = 0; row < _task.Rows.OutSize; row += _blockRows)
        {
            int rows = Math.Min(_blockRows, _task.Rows.OutSize - row);
            GemmLoop<T, TVec>.RunAlone(new GemmProblem<T>
            {
                M = channels * taps,
                N = rows * width,
                K = _task.OutChannels,
                Alpha = T.One,
                Beta = T.Zero,
                A = _weights + unit % _task.Groups * _task.WeightGroupStride + (nint)firstChannel * taps,
                ARow = 1,
                AColumn = _task.WeightOutStride,
                B = _gradient + unit * _task.OutChannels * _task.OutPlane + (nint)row * width,
                BRow = _task.OutPlane,
                BColumn = 1,
                C = products.As<T>(),
                CRow = (nint)rows * width,
                CColumn = 1,
            });
            for (int c = 0; c < channels; c++)
            {
                AddTaps(products.As<T>() + (nint)c * taps * rows * width, rows, sums.As<T>() + c * _plane.Size + row * _plane.RowStep);
            }
        }

        for (int c = 0; c < channels; c++)
        {
            Weave(sums.As<T>() + c * _plane.Size, _output + ((nint)unit * _task.InChannels + firstChannel + c) * _task.InPlane);
        }
    }

    /// <summary>Adds the rows of all taps of a channel to where they lie; <paramref name="sums"/> is the first one's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void AddTaps(T* products, int rows, T* sums)
    {
        int width = _task.Columns.OutSize, whole = width / TVec.Count * TVec.Count, across = _task.Columns.Count;
        nint step = _plane.RowStep;
        // Behind a row lies the next one, which is not added here.
        TVec mask = Tail.Mask<TVec>(width - whole);
        for (int tap = 0; tap < _task.Rows.Count * across; tap++)
        {
            T* target = sums + _plane.RowOffset(tap / across) + _plane.ColumnOffset(tap % across);
            for (int p = 0; p < rows; p++, products += width, target += step)
            {
                int q = 0;
                for (; q < whole; q += TVec.Count)
                {
                    (TVec.Load(target + q) + TVec.Load(products + q)).Store(target + q);
                }

                if (q < width)
                {
                    (TVec.Load(target + q) + (mask & TVec.Load(products + q))).Store(target + q);
                }
            }
        }
    }

    /// <summary>Writes a channel of dx from its sums; what no tap reaches is 0.</summary>
    private readonly void Weave(T* sums, T* output)
    {
        TapAxis down = _task.Rows, across = _task.Columns;
        int columns = Math.Min(across.InSize, (across.OutSize - 1) * across.Stride + across.Extent + 1 + across.LowestOffset);
        int rows = Math.Min(down.InSize, (down.OutSize - 1) * down.Stride + down.Extent + 1 + down.LowestOffset);
        for (int h = 0; h < down.InSize; h++, output += across.InSize)
        {
            int some = h < rows ? Math.Max(0, columns) : 0;
            WeaveRow(sums + (h - down.LowestOffset) * _plane.RowPitch, -across.LowestOffset, some, output);
            new Span<T>(output + some, across.InSize - some).Clear();
        }
    }

    /// <summary>A row of <paramref name="count"/> elements, of which the first is column <paramref name="first"/> of the padded plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void WeaveRow(T* sums, int first, int count, T* output)
    {
        int stride = _task.Columns.Stride, whole = 0;
        if (stride == 2 && sizeof(T) == sizeof(float))
        {
            float* even = (float*)(sums + _plane.PaddedColumn(first)), odd = (float*)(sums + _plane.PaddedColumn(first + 1)), to = (float*)output;
            for (; whole + 4 <= count / 2; whole += 4, to += 8)
            {
                Vector128<float> a = Vector128.Load(even + whole), b = Vector128.Load(odd + whole);
                Transpose<T, TVec>.Low(a, b).Store(to);
                Transpose<T, TVec>.High(a, b).Store(to + 4);
            }
        }
        else if (stride == 1)
        {
            T* from = sums + _plane.PaddedColumn(first);
            for (; whole + TVec.Count <= count; whole += TVec.Count)
            {
                TVec.Load(from + whole).Store(output + whole);
            }
        }

        for (int j = 0; j < stride; j++)
        {
            T* from = sums + _plane.PaddedColumn(first + j);
            for (int q = whole; q * stride + j < count; q++)
            {
                output[(nint)q * stride + j] = from[q];
            }
        }
    }
}
