using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// dw[k, t] = beta·dw[k, t] + Σ dy[n, k, f] · low[n, t, f] over images n and outputs f, for the taps t of the lowered input; see
/// <see cref="RowLowering{T,TVec}"/>.
/// </summary>
/// <remarks>
/// Work is cut into items (chunk of images, group, block of input channels) that each sum into their own part of a buffer; the chunks
/// are then added in ascending order. All cuts follow from the geometry alone, so the result does not depend on the number of threads.
/// </remarks>
internal unsafe struct DotWeightGradient<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Bytes of lowered input that an item works on.</summary>
    private const int LoweredBytes = 192 << 10;

    /// <summary>Outputs that are summed before the lanes are added up.</summary>
    private const int RunLength = 1536;

    /// <summary>Items to aim at: enough to keep the threads of a small machine evenly busy.</summary>
    private const int TargetItems = 16;

    /// <summary>Most bytes of sums that are spent on items.</summary>
    private const int SumBytes = 16 << 20;

    private Correlation _task;
    private T* _input, _gradient, _sums;
    private nint* _offsets;
    private int _blockRows, _rowBlocks, _runImages, _blockChannels, _channelBlocks, _chunks;

    /// <summary>Computes the gradient for all groups; <paramref name="task"/> describes the forward convolution.</summary>
    public static void Run(in Correlation task, T* input, T* gradient, T* weightGradient, T beta, WorkerPool pool)
    {
        nint size = (nint)task.Groups * task.OutChannels * task.Taps;
        if (size == 0)
        {
            return;
        }
        if (task.Batch == 0 || task.OutPlane == 0)
        {
            using ScratchLease zeros = Scratch.Rent<T>(size);
            new Span<byte>(zeros.Pointer, checked((int)(size * sizeof(T)))).Clear();
            Combine(weightGradient, zeros.As<T>(), size, 1, beta);
            return;
        }

        DotWeightGradient<T, TVec> body = new() { _task = task, _input = input, _gradient = gradient };
        body.Plan();
        using ScratchLease sums = Scratch.Rent<T>(body._chunks * size);
        using ScratchLease offsets = Scratch.Rent<nint>((nint)body._blockChannels * task.Rows.Count * task.Columns.Count);
        body._sums = sums.As<T>();
        body._offsets = offsets.As<nint>();
        body.WriteOffsets();
        int items = body._chunks * task.Groups * body._channelBlocks;
        task.Loop(pool, items, ref body);
        Combine(weightGradient, sums.As<T>(), size, body._chunks, beta);
    }

    private readonly bool ReadsDirectly => _task.ReadsInputDirectly;

    private void Plan()
    {
        int outRows = _task.Rows.OutSize, width = _task.Columns.OutSize;
        nint plane = _task.OutPlane;
        _blockRows = (int)Math.Clamp(RunLength / width, 1, outRows);
        _rowBlocks = (outRows + _blockRows - 1) / _blockRows;
        _blockRows = (outRows + _rowBlocks - 1) / _rowBlocks;
        _rowBlocks = (outRows + _blockRows - 1) / _blockRows;
        _runImages = (int)Math.Clamp(RunLength / plane, 1, _task.Batch);

        nint perChannel = new RowLowering<T, TVec>(_task, _blockRows).ChannelSize * _runImages;
        int most = (int)Math.Clamp(LoweredBytes / sizeof(T) / perChannel, Math.Min(4, _task.InChannels), _task.InChannels);
        _channelBlocks = (_task.InChannels + most - 1) / most;
        _blockChannels = (_task.InChannels + _channelBlocks - 1) / _channelBlocks;
        _channelBlocks = (_task.InChannels + _blockChannels - 1) / _blockChannels;

        int runs = (_task.Batch + _runImages - 1) / _runImages;
        nint size = (nint)_task.Groups * _task.OutChannels * _task.Taps;
        _chunks = (TargetItems + _task.Groups * _channelBlocks - 1) / (_task.Groups * _channelBlocks);
        _chunks = (int)Math.Clamp(Math.Min(_chunks, SumBytes / sizeof(T) / size), 1, runs);
    }

    private readonly void WriteOffsets()
    {
        if (!ReadsDirectly)
        {
            new RowLowering<T, TVec>(_task, _blockRows).WriteOffsets(_blockChannels, _offsets);
            return;
        }

        nint* offset = _offsets;
        for (int c = 0; c < _blockChannels; c++)
        {
            for (int i = 0; i < _task.Rows.Count; i++)
            {
                *offset++ = c * _task.InPlane + (nint)(_task.Rows.FirstOffset + i * _task.Rows.OffsetStep) * _task.Columns.InSize;
            }
        }
    }

    public readonly void Run(int part, int worker)
    {
        int block = part % _channelBlocks, group = part / _channelBlocks % _task.Groups, chunk = part / _channelBlocks / _task.Groups;
        int firstIn = block * _blockChannels, channels = Math.Min(_blockChannels, _task.InChannels - firstIn);
        if (channels <= 0)
        {
            return;
        }
        int runs = (_task.Batch + _runImages - 1) / _runImages;
        int firstImage = (int)((long)runs * chunk / _chunks) * _runImages;
        int endImage = Math.Min(_task.Batch, (int)((long)runs * (chunk + 1) / _chunks) * _runImages);
        T* sums = _sums + ((nint)chunk * _task.Groups + group) * _task.OutChannels * _task.Taps + (nint)firstIn * _task.Rows.Count * _task.Columns.Count;

        RowLowering<T, TVec> lowering = new(_task, _blockRows);
        nint lowImage = _blockChannels * lowering.ChannelSize;
        using ScratchLease low = Scratch.Rent<T>(ReadsDirectly ? 0 : _runImages * lowImage + RowLowering<T, TVec>.Slack);
        bool first = true;
        for (int image = firstImage; image < endImage; image += _runImages)
        {
            int images = Math.Min(_runImages, endImage - image);
            for (int row = 0; row < _task.Rows.OutSize; row += _blockRows, first = false)
            {
                int rows = Math.Min(_blockRows, _task.Rows.OutSize - row);
                nint unit = (nint)image * _task.Groups + group;
                T* input = _input + (unit * _task.InChannels + firstIn) * _task.InPlane;
                nint inputStep = (nint)_task.Groups * _task.InChannels * _task.InPlane;
                if (ReadsDirectly)
                {
                    input += (nint)row * _task.Columns.InSize;
                }
                else
                {
                    for (int i = 0; i < images; i++)
                    {
                        lowering.Lower(input + i * inputStep, channels, row, rows, low.As<T>() + i * lowImage);
                    }
                    input = low.As<T>();
                    inputStep = lowImage;
                }

                DotRuns<T> dots = new()
                {
                    Length = (nint)rows * _task.Columns.OutSize,
                    Images = images,
                    GradientStep = (nint)_task.Groups * _task.OutChannels * _task.OutPlane,
                    InputStep = inputStep,
                };
                TileLoop(dots, input, _gradient + unit * _task.OutChannels * _task.OutPlane + (nint)row * _task.Columns.OutSize,
                    channels * _task.Rows.Count * _task.Columns.Count, sums, first);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TileLoop(DotRuns<T> runs, T* input, T* gradient, int taps, T* sums, bool first)
    {
        T** gradients = stackalloc T*[8];
        T** inputs = stackalloc T*[DotTile<T, TVec>.MostTaps];
        T* tile = stackalloc T[8 * 3];
        runs.Gradients = gradients;
        runs.Inputs = inputs;
        int height;
        for (int k = 0; k < _task.OutChannels; k += height)
        {
            height = DotTile<T, TVec>.Height(_task.OutChannels - k);
            int valid = Math.Min(height, _task.OutChannels - k), width = DotTile<T, TVec>.Width(height);
            // Rows and taps beyond the last repeat it; their sums are dropped.
            for (int m = 0; m < height; m++)
            {
                gradients[m] = gradient + ((k + Math.Min(m, valid - 1)) * _task.OutPlane);
            }

            for (int t = 0; t < taps; t += width)
            {
                for (int i = 0; i < width; i++)
                {
                    inputs[i] = input + _offsets[Math.Min(t + i, taps - 1)];
                }

                DotTile<T, TVec>.Run(height, runs, tile);
                for (int m = 0; m < valid; m++)
                {
                    Add(sums + ((nint)(k + m) * _task.Taps) + t, tile + (m * width), Math.Min(width, taps - t), first);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(T* sums, T* values, int count, bool first)
    {
        for (int i = 0; i < count; i++)
        {
            TVec value = TVec.LoadFirst(values + i, 1);
            if (!first)
            {
                value += TVec.LoadFirst(sums + i, 1);
            }
            value.StoreFirst(sums + i, 1);
        }
    }

    /// <summary>weightGradient = beta·weightGradient + Σ of the chunks; with beta 0 the old values are not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine(T* weightGradient, T* sums, nint size, int chunks, T beta)
    {
        TVec factor = TVec.Broadcast(&beta);
        bool keep = TVec.MaskBits(TVec.Equal(factor, TVec.Zero)) == 0;
        for (nint i = 0; i < size; i += TVec.Count)
        {
            nint lanes = Math.Min(size - i, TVec.Count);
            TVec sum = TVec.LoadFirst(sums + i, lanes);
            for (int chunk = 1; chunk < chunks; chunk++)
            {
                sum += TVec.LoadFirst(sums + chunk * size + i, lanes);
            }
            if (keep)
            {
                sum = TVec.MultiplyAdd(factor, TVec.LoadFirst(weightGradient + i, lanes), sum);
            }
            sum.StoreFirst(weightGradient + i, lanes);
        }
    }
}
