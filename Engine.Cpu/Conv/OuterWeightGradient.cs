using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// dw[k, c, r, s] = beta·dw + Σ dy[n, k, p, q] · x[n, c, …] as a sum of outer products, one for each output (n, p, q), whose columns are
/// neighbouring channels.
/// </summary>
/// <remarks>
/// x is copied channel last, so that at one pixel the products of all columns s and channels c of a kernel row lie side by side: S·C
/// sums in a row need neither gaps nor a final addition of lanes. dy is packed [16 channels][pixel][channel].
/// Sums are cut into items (chunk of images, group, block of input channels); the chunks are added in ascending order. A thread does an
/// item at a time or, where dy is large beside the sums, all blocks of a chunk, so that dy is packed once. All cuts follow from the
/// geometry, so the result does not depend on the number of threads.
/// </remarks>
internal unsafe partial struct OuterWeightGradient<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Bytes of x and dy that are repacked at a time; half of a second-level cache of 1 MB.</summary>
    private const int UnitBytes = 448 << 10;

    /// <summary>About so many pixels have sums that stay in registers; their part of x should stay in the first-level cache.</summary>
    private const int RunLength = 128;

    /// <summary>Most input channels in a block.</summary>
    private const int MostChannels = 96;

    /// <summary>Channels that lie together in the packed dy.</summary>
    private const int TransposedChannels = PixelCopy<T, TVec>.ChannelsAtATime;

    /// <summary>Items to aim at: enough to keep the threads of a small machine evenly busy.</summary>
    private const int TargetItems = 16;

    /// <summary>Chunks of all groups where a thread does all blocks of one: each has sums of all blocks to add.</summary>
    private const int TargetChunks = 8;

    /// <summary>Most bytes of sums that are spent on more items.</summary>
    private const int SumBytes = 8 << 20;

    /// <summary>Most bytes of the sums of all blocks that a thread goes through in turn: they should stay in the second-level cache beside x and dy.</summary>
    private const int NearSumBytes = 128 << 10;

    private Correlation _task;
    private T* _input, _gradient, _sums;
    private nint* _offsets;
    private int _unitRows, _unitImages, _chunks, _blockChannels, _channelBlocks, _blocksOfPart;

    /// <summary>Whether the lanes of vectors are filled well enough for this to be the fastest way.</summary>
    public static bool Suits(in Correlation task)
    {
        int span = Span(task, task.InChannels), lanes = TVec.Count;
        return task.InChannels > 0 && 4 * span >= 3 * ((span + lanes - 1) / lanes * lanes);
    }

    /// <summary>Computes the gradient for all groups; <paramref name="task"/> describes the forward convolution.</summary>
    public static void Run(in Correlation task, T* input, T* gradient, T* weightGradient, T beta, WorkerPool pool)
    {
        OuterWeightGradient<T, TVec> body = new() { _task = task, _input = input, _gradient = gradient };
        body.Plan();
        using ScratchLease sums = Scratch.Rent<T>((nint)body.Items * body.ItemSums);
        using ScratchLease offsets = Scratch.Rent<nint>((nint)body._unitImages * body._unitRows * task.Columns.OutSize);
        body._sums = sums.As<T>();
        body._offsets = offsets.As<nint>();
        body.WriteOffsets();
        task.Loop(pool, body.Items / body._blocksOfPart, ref body);
        Combination.Run(body, weightGradient, beta, pool);
    }

    private static int Span(in Correlation task, int channels) => task.Columns.OffsetStep == 1 ? task.Columns.Count * channels : channels;

    private readonly int Items => _chunks * _task.Groups * _channelBlocks;

    /// <summary>Kernel elements that are not covered by neighbouring columns.</summary>
    private readonly int Steps
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _task.Columns.OffsetStep == 1 ? _task.Rows.Count : _task.Rows.Count * _task.Columns.Count;
    }

    private readonly int PaddedSpan
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Span(_task, _blockChannels) + TVec.Count - 1) / TVec.Count * TVec.Count;
    }

    private readonly int PaddedOut => (_task.OutChannels + TransposedChannels - 1) / TransposedChannels * TransposedChannels;

    private readonly nint ItemSums => (nint)PaddedOut * Steps * PaddedSpan;

    private readonly int InRows(int outRows) => (outRows - 1) * _task.Rows.Stride + _task.Rows.Extent + 1;

    private readonly int InColumns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_task.Columns.OutSize - 1) * _task.Columns.Stride + _task.Columns.Extent + 1;
    }

    private void Plan()
    {
        int lanes = TVec.Count, outRows = _task.Rows.OutSize;
        _channelBlocks = (_task.InChannels + MostChannels - 1) / MostChannels;
        _blockChannels = Math.Min(_task.InChannels, ((_task.InChannels + _channelBlocks - 1) / _channelBlocks + lanes - 1) / lanes * lanes);
        _channelBlocks = (_task.InChannels + _blockChannels - 1) / _blockChannels;

        nint budget = UnitBytes / sizeof(T), inRow = (nint)InColumns * _blockChannels, outRow = (nint)_task.Columns.OutSize * _task.OutChannels;
        nint rows = (budget - _task.Rows.Extent * inRow) / (_task.Rows.Stride * inRow + outRow);
        _unitRows = (int)Math.Clamp(rows, 1, outRows);
        int units = (outRows + _unitRows - 1) / _unitRows;
        _unitRows = (outRows + units - 1) / units;
        _unitImages = units > 1 ? 1 : (int)Math.Clamp(budget / (InRows(outRows) * inRow + outRows * outRow), 1, _task.Batch);

        _blocksOfPart = PacksOnce() ? _channelBlocks : 1;
        if (_blocksOfPart > 1)
        {
            // As many chunks of like size as there may be: they are the parts.
            _unitImages = Math.Min(_unitImages, (_task.Batch * _task.Groups + TargetChunks - 1) / TargetChunks);
        }

        int runs = (_task.Batch + _unitImages - 1) / _unitImages, blocks = _task.Groups * _channelBlocks, items = (_blocksOfPart > 1 ? TargetChunks : TargetItems) * _blocksOfPart;
        nint affordable = SumBytes / sizeof(T) / (ItemSums * blocks);
        _chunks = (int)Math.Clamp(Math.Min((items + blocks - 1) / blocks, affordable), 1, runs);
    }

    /// <summary>Whether dy is packed once for all blocks of channels: if there are more sums to add then, they are fewer than the values that need not be packed again.</summary>
    private readonly bool PacksOnce()
    {
        long pixels = (long)_task.Batch * _task.OutPlane, chunks = Math.Min(TargetChunks, (long)_task.Batch * _task.Groups), sums = (long)Steps * PaddedSpan * _channelBlocks;
        return _channelBlocks > 1 && chunks == TargetChunks && ItemSums * _channelBlocks * sizeof(T) <= NearSumBytes && chunks * sums <= (_channelBlocks - 1) * pixels;
    }

    private readonly void WriteOffsets()
    {
        nint* offset = _offsets;
        nint pitch = (nint)InColumns * _blockChannels;
        for (int n = 0; n < _unitImages; n++)
        {
            for (int p = 0; p < _unitRows; p++)
            {
                for (int q = 0; q < _task.Columns.OutSize; q++)
                {
                    *offset++ = ((nint)n * InRows(_unitRows) + p * _task.Rows.Stride) * pitch + (nint)q * _task.Columns.Stride * _blockChannels;
                }
            }
        }
    }

    public readonly void Run(int part, int worker)
    {
        int item = part * _blocksOfPart, firstBlock = item % _channelBlocks, group = item / _channelBlocks % _task.Groups, chunk = item / _channelBlocks / _task.Groups;
        int runs = (_task.Batch + _unitImages - 1) / _unitImages;
        int firstImage = (int)((long)runs * chunk / _chunks) * _unitImages;
        int endImage = Math.Min(_task.Batch, (int)((long)runs * (chunk + 1) / _chunks) * _unitImages);

        nint imageSize = (nint)InRows(_unitRows) * InColumns * _blockChannels;
        int mostPixels = _unitImages * _unitRows * _task.Columns.OutSize;
        using ScratchLease pixels = Scratch.Rent<T>(_unitImages * imageSize + 4 * TVec.Count);
        using ScratchLease packed = Scratch.Rent<T>((nint)PaddedOut * mostPixels);
        PixelCopy<T, TVec> copy = new()
        {
            InRows = _task.Rows.InSize,
            InColumns = _task.Columns.InSize,
            FirstColumn = _task.Columns.LowestOffset,
            Columns = InColumns,
            Pitch = _blockChannels,
        };
        bool first = true;
        for (int image = firstImage; image < endImage; image += _unitImages)
        {
            int images = Math.Min(_unitImages, endImage - image);
            for (int row = 0; row < _task.Rows.OutSize; row += _unitRows, first = false)
            {
                int rows = Math.Min(_unitRows, _task.Rows.OutSize - row), run = rows * _task.Columns.OutSize, total = images * run;
                nint firstUnit = (nint)image * _task.Groups + group;
                for (int i = 0; i < images; i++)
                {
                    nint unit = firstUnit + i * _task.Groups;
                    PackGradient(_gradient + unit * _task.OutChannels * _task.OutPlane + (nint)row * _task.Columns.OutSize, run, i * run, total, packed.As<T>());
                }

                for (int block = firstBlock; block < firstBlock + _blocksOfPart; block++)
                {
                    int firstIn = block * _blockChannels, channels = Math.Min(_blockChannels, _task.InChannels - firstIn);
                    for (int i = 0; i < images; i++)
                    {
                        nint unit = firstUnit + i * _task.Groups;
                        copy.Run(_input + (unit * _task.InChannels + firstIn) * _task.InPlane, channels,
                            (nint)row * _task.Rows.Stride + _task.Rows.LowestOffset, InRows(rows), pixels.As<T>() + i * imageSize);
                    }

                    Accumulate(pixels.As<T>(), packed.As<T>(), total, _sums + (item + block - firstBlock) * ItemSums, first);
                }
            }
        }
    }

    /// <summary>Writes pixels [at, at + count) of all blocks of channels, whose length is <paramref name="total"/> pixels.</summary>
    private readonly void PackGradient(T* gradient, int count, int at, int total, T* packed)
    {
        for (int k = 0; k < _task.OutChannels; k += TransposedChannels)
        {
            int valid = Math.Min(TransposedChannels, _task.OutChannels - k);
            T* block = packed + (nint)k * total + (nint)at * TransposedChannels;
            if (valid < TransposedChannels)
            {
                Clear(block, (nint)count * TransposedChannels);
            }
            Transpose<T, TVec>.Copy(gradient + k * _task.OutPlane, _task.OutPlane, valid, count, block, TransposedChannels, fetchesNext: true);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Accumulate(T* pixels, T* packed, int total, T* sums, bool first)
    {
        int columns = _task.Columns.OffsetStep == 1 ? 1 : _task.Columns.Count;
        int steps = Steps, span = PaddedSpan;
        nint sumPitch = (nint)steps * span, rowPitch = (nint)InColumns * _blockChannels;
        T* zeros = stackalloc T[8];
        new Span<T>(zeros, 8).Clear();
        int runs = Math.Max(1, (total + RunLength / 2) / RunLength), length = (total + runs - 1) / runs;
        for (int f = 0; f < total; f += length, first = false)
        {
            int count = Math.Min(length, total - f), end;
            for (int k = 0; k < _task.OutChannels; k = end)
            {
                // Tiles of one height among the channels that lie together: dy, and the x that all of them read, stay in the first-level cache.
                int height = Height(k);
                for (end = k + height; end < _task.OutChannels && end % TransposedChannels != 0 && Height(end) == height;)
                {
                    end += height;
                }

                T* weights = packed + (nint)(k - k % TransposedChannels) * total + (nint)f * TransposedChannels + k % TransposedChannels;
                for (int step = 0; step < steps; step++)
                {
                    int i = step / columns, j = step % columns, vectors;
                    T* input = pixels + _task.Rows.Distance(i) * rowPitch + (columns == 1 ? 0 : _task.Columns.Distance(j)) * (nint)_blockChannels;
                    T* output = sums + k * sumPitch + (nint)step * span;
                    for (int v = 0; v < span; v += vectors * TVec.Count)
                    {
                        vectors = ConvTile<T, TVec>.VectorsOf(height, (span - v) / TVec.Count);
                        for (int m = 0; m < end - k; m += height)
                        {
                            ConvTile<T, TVec>.Run(
                                height, vectors, _offsets + f, count, input + v, weights + m, TransposedChannels, first ? zeros : null, output + m * sumPitch + v, sumPitch);
                        }
                    }
                }
            }
        }
    }

    /// <summary>Channels of the tile that begins with channel <paramref name="k"/>.</summary>
    private readonly int Height(int k) => Math.Min(ConvTile<T, TVec>.TileHeight(_task.OutChannels - k), TransposedChannels - k % TransposedChannels);

    private static void Clear(T* target, nint count) => new Span<byte>(target, checked((int)(count * sizeof(T)))).Clear();
}
