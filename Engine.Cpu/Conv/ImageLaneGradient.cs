using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The gradient to the few channels of a small image, with neighbouring images of the batch as the lanes of vectors: dy is copied [channel][row][column][image], from there every tap of a
/// run of outputs is a run of vectors.
/// </summary>
/// <remarks>
/// No lane is spent on padding or on the ends of short rows, and taps that lie in the padding are left out: of the products of 5 × 5 taps with rows of 10, every second one. Work is cut into
/// items (some images, group, block of rows). An output is summed in the order of its taps, (row, channel, column), in a lane of its own, so results depend neither on the number of
/// threads nor on the batch. A batch that is smaller than a vector leaves lanes empty.
/// </remarks>
internal unsafe struct ImageLaneGradient<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Channels of dx from which on other ways fill their tiles.</summary>
    private const int MostChannels = 23;

    /// <summary>Longer rows fill their vectors.</summary>
    private const int LongestRow = 31;

    /// <summary>Bytes of copied dy that an item works on, and most that it may need for a single row of dx.</summary>
    private const int CopyBytes = 160 << 10, MostCopyBytes = 1 << 20;

    private Correlation _task;
    private T* _input, _output, _packed;
    private nint* _offsets;
    private Tile* _tiles;
    private nint _weightsOfGroup;
    private int _tileCount, _blockRows, _rowBlocks, _imageBlocks;

    /// <summary>
    /// A tile of the outputs of a row: some channels × some columns, and the columns of the kernel that any of them meets. Its taps are listed from <c>Offsets</c> on, its weights packed from
    /// <c>Weights</c> on.
    /// </summary>
    private readonly record struct Tile(int Channel, int Height, int Column, int Vectors, int FirstTap, int Taps, nint Offsets, nint Weights);

    /// <summary>Whether this is the fastest way for a correlation that is neither depthwise nor one of Winograd's.</summary>
    public static bool Suits(in Correlation task)
        => sizeof(T) == sizeof(float) && TVec.Count >= 4
        && task is { Batch: > 0, OutPlane: > 0, OutChannels: <= MostChannels, Rows.Count: > 0, Columns: { Count: > 1, Stride: 1, OutSize: <= LongestRow } }
        && CopyOf(task, InRows(task, 1)) * sizeof(T) <= MostCopyBytes;

    /// <summary>Computes all images.</summary>
    public static void Run(in Correlation task, T* input, T* weights, T* output, WorkerPool pool)
    {
        ImageLaneGradient<T, TVec> body = new() { _task = task, _input = input, _output = output };
        body.Plan(pool.Threads);
        // As many tiles as columns for each four channels at most.
        int most = (task.OutChannels + 3) / 4 * task.Columns.OutSize;
        using ScratchLease tiles = Scratch.Rent(most * sizeof(Tile));
        body._tiles = (Tile*)tiles.Pointer;
        (nint offsetCount, nint weightCount) = body.ListTiles();
        using ScratchLease offsets = Scratch.Rent<nint>(offsetCount), packed = Scratch.Rent<T>(task.Groups * weightCount);
        body._offsets = offsets.As<nint>();
        body._packed = packed.As<T>();
        body._weightsOfGroup = weightCount;
        body.WriteOffsets();
        for (int group = 0; group < task.Groups; group++)
        {
            body.Pack(weights + group * task.WeightGroupStride, packed.As<T>() + group * weightCount);
        }

        task.Loop(pool, body._imageBlocks * task.Groups * body._rowBlocks, ref body);
    }

    /// <summary>Rows of the input that so many rows of outputs read.</summary>
    private static int InRows(in Correlation task, int rows) => Math.Min(task.Rows.InSize, (rows - 1) * task.Rows.Stride + task.Rows.Extent + 1);

    /// <summary>Zeros beside a row: tiles whose columns do not all meet a tap read them.</summary>
    private static int Margin => 3;

    private static nint CopyOf(in Correlation task, int rows) => (nint)task.InChannels * rows * (task.Columns.InSize + Margin) * TVec.Count;

    private readonly nint RowPitch => (nint)(_task.Columns.InSize + Margin) * TVec.Count;

    private readonly nint ChannelPitch => InRows(_task, _blockRows) * RowPitch;

    private void Plan(int threads)
    {
        int outRows = _task.Rows.OutSize;
        _imageBlocks = (_task.Batch + TVec.Count - 1) / TVec.Count;
        int units = _imageBlocks * _task.Groups, inRows = (int)Math.Min(CopyBytes / (CopyOf(_task, 1) * sizeof(T)), int.MaxValue);
        _blockRows = InRows(_task, outRows) <= inRows ? outRows : Math.Clamp((inRows - _task.Rows.Extent - 1) / _task.Rows.Stride + 1, 1, outRows);
        if (units < threads)
        {
            _blockRows = Math.Min(_blockRows, Math.Max(1, outRows * units / threads));
        }

        _blockRows = GemmBlocks.Even(outRows, _blockRows, 1);
        _rowBlocks = (outRows + _blockRows - 1) / _blockRows;
    }

    /// <summary>Lists the tiles of a row. Those that meet the same columns of the kernel share their taps.</summary>
    private (nint Offsets, nint Weights) ListTiles()
    {
        TapAxis columns = _task.Columns;
        int kernel = _task.Rows.Count * _task.InChannels, height, vectors;
        nint offsets = 0, weights = 0;
        for (int channel = 0; channel < _task.OutChannels; channel += height)
        {
            height = ConvTile<T, TVec>.TileHeight(_task.OutChannels - channel);
            int first = _tileCount;
            for (int column = 0; column < columns.OutSize; column += vectors)
            {
                vectors = ConvTile<T, TVec>.VectorsOf(height, columns.OutSize - column);
                (int tap, int taps) = Met(columns, column, vectors);
                Tile tile = new(channel, height, column, vectors, tap, taps, offsets, weights);
                for (int i = first; i < _tileCount; i++)
                {
                    if (_tiles[i].FirstTap == tap && _tiles[i].Taps == taps)
                    {
                        tile = tile with { Offsets = _tiles[i].Offsets, Weights = _tiles[i].Weights };
                    }
                }

                if (tile.Offsets == offsets)
                {
                    offsets += (nint)kernel * taps;
                    weights += (nint)kernel * taps * height;
                }
                _tiles[_tileCount++] = tile;
            }
        }

        return (offsets, weights);
    }

    /// <summary>The taps that meet an input from any of <paramref name="count"/> outputs: those between the first and the last, since taps are in arithmetic progression.</summary>
    private static (int First, int Count) Met(in TapAxis axis, int output, int count)
    {
        int first = axis.Count, end = 0;
        for (int tap = 0; tap < axis.Count; tap++)
        {
            int at = output * axis.Stride + axis.FirstOffset + tap * axis.OffsetStep;
            if (at + (count - 1) * axis.Stride >= 0 && at < axis.InSize)
            {
                (first, end) = (Math.Min(first, tap), tap + 1);
            }
        }

        return (Math.Min(first, end), Math.Max(0, end - first));
    }

    private readonly void WriteOffsets()
    {
        nint* end = _offsets;
        for (Tile* tile = _tiles; tile < _tiles + _tileCount; tile++)
        {
            nint* offset = _offsets + tile->Offsets;
            if (offset < end)
            {
                continue;
            }

            for (int i = 0; i < _task.Rows.Count; i++)
            {
                for (int k = 0; k < _task.InChannels; k++)
                {
                    for (int j = tile->FirstTap; j < tile->FirstTap + tile->Taps; j++)
                    {
                        *offset++ = k * ChannelPitch + i * _task.Rows.OffsetStep * RowPitch + (nint)j * _task.Columns.OffsetStep * TVec.Count;
                    }
                }
            }

            end = offset;
        }
    }

    private readonly void Pack(T* weights, T* packed)
    {
        T* end = packed;
        for (Tile* tile = _tiles; tile < _tiles + _tileCount; tile++)
        {
            T* target = packed + tile->Weights;
            if (target >= end)
            {
                PackTile(*tile, weights + tile->Channel * _task.WeightOutStride, target);
                end = target + (nint)_task.Rows.Count * _task.InChannels * tile->Taps * tile->Height;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PackTile(in Tile tile, T* weights, T* target)
    {
        TapAxis rows = _task.Rows, columns = _task.Columns;
        int height = tile.Height, valid = Math.Min(height, _task.OutChannels - tile.Channel), taps = tile.Taps;
        nint outStride = _task.WeightOutStride, step = columns.TapStep;
        for (int i = 0; i < rows.Count; i++)
        {
            for (int k = 0; k < _task.InChannels; k++)
            {
                T* from = weights + k * _task.WeightInStride + (nint)(rows.FirstTap + i * rows.TapStep) * _task.KernelWidth + columns.FirstTap + tile.FirstTap * step;
                for (int j = 0; j < taps; j++, from += step, target += height)
                {
                    for (int m = 0; m < height; m++)
                    {
                        target[m] = m < valid ? from[m * outStride] : default;
                    }
                }
            }
        }
    }

    public readonly void Run(int part, int worker)
    {
        int rowBlock = part % _rowBlocks, unit = part / _rowBlocks, group = unit % _task.Groups, image = unit / _task.Groups * TVec.Count, images = Math.Min(TVec.Count, _task.Batch - image);
        int firstRow = rowBlock * _blockRows, endRow = Math.Min(_task.Rows.OutSize, firstRow + _blockRows), width = _task.Columns.OutSize;
        int firstIn = Math.Clamp(firstRow * _task.Rows.Stride + _task.Rows.LowestOffset, 0, _task.Rows.InSize);
        int endIn = Math.Clamp((endRow - 1) * _task.Rows.Stride + _task.Rows.LowestOffset + _task.Rows.Extent + 1, firstIn, _task.Rows.InSize);
        using ScratchLease copy = Scratch.Rent<T>(_task.InChannels * ChannelPitch + Margin * TVec.Count);
        CopyInput(_input + ((nint)image * _task.Groups + group) * _task.InChannels * _task.InPlane, images, firstIn, endIn, copy.As<T>());

        // The last tile of channels may be taller than there are channels.
        nint pitch = (nint)(endRow - firstRow) * width * TVec.Count;
        using ScratchLease sums = Scratch.Rent<T>((_task.OutChannels + ConvTile<T, TVec>.TallestTile) * pitch);
        T* weights = _packed + group * _weightsOfGroup;
        for (int row = firstRow; row < endRow; row++)
        {
            T* input = copy.As<T>() + ((row * _task.Rows.Stride + _task.Rows.FirstOffset - firstIn) * RowPitch) + (Margin + _task.Columns.FirstOffset) * TVec.Count;
            RunRow(row, input, weights, sums.As<T>() + (nint)(row - firstRow) * width * TVec.Count, pitch);
        }

        nint imageStep = (nint)_task.Groups * _task.OutChannels * _task.OutPlane;
        T* output = _output + image * imageStep + (nint)group * _task.OutChannels * _task.OutPlane + (nint)firstRow * width;
        for (int k = 0; k < _task.OutChannels; k++)
        {
            Transpose<T, TVec>.Copy(sums.As<T>() + k * pitch, TVec.Count, (endRow - firstRow) * width, images, output + k * _task.OutPlane, imageStep);
        }
    }

    /// <summary>Rows [first, end) of some images, with zeros beside them and in the lanes that have no image.</summary>
    private readonly void CopyInput(T* input, int images, int first, int end, T* copy)
    {
        nint imageStep = (nint)_task.Groups * _task.InChannels * _task.InPlane;
        int width = _task.Columns.InSize;
        for (int k = 0; k < _task.InChannels; k++, input += _task.InPlane)
        {
            T* target = copy + k * ChannelPitch;
            for (int row = first; row < end; row++, target += RowPitch)
            {
                new Span<T>(target, (images < TVec.Count ? width + Margin : Margin) * TVec.Count).Clear();
                Transpose<T, TVec>.Copy(input + (nint)row * width, imageStep, images, width, target + Margin * TVec.Count, TVec.Count);
            }

            // Behind the last row of a channel, where the next one's margin is not written before, or does not follow.
            new Span<T>(target, Margin * TVec.Count).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RunRow(int row, T* input, T* weights, T* output, nint pitch)
    {
        (int first, int count) = Met(_task.Rows, row, 1);
        T* zeros = stackalloc T[8];
        new Span<T>(zeros, 8).Clear();
        for (Tile* tile = _tiles; tile < _tiles + _tileCount; tile++)
        {
            nint begin = (nint)first * _task.InChannels * tile->Taps;
            ConvTile<T, TVec>.Run(tile->Height, tile->Vectors, _offsets + tile->Offsets + begin, count * _task.InChannels * tile->Taps, input + tile->Column * TVec.Count,
                weights + tile->Weights + begin * tile->Height, tile->Height, zeros, output + tile->Channel * pitch + tile->Column * TVec.Count, pitch);
        }
    }
}
