using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>A correlation computed tile by tile from the lowered rows of its input; see <see cref="RowLowering{T,TVec}"/>.</summary>
/// <remarks>
/// Work is cut into items (image, group, block of output rows, block of output channels). An output is summed in the order of its
/// taps whatever the cut, so results depend neither on the number of threads nor on the batch.
/// </remarks>
internal unsafe struct DirectConvolution<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Bytes of lowered input that one item works on; with the weights it stays in a second-level cache of 1 MB.</summary>
    private const int LoweredBytes = 384 << 10;

    /// <summary>Bytes of input under a tile, all taps: half of a first-level cache, which rows that begin anywhere in a line fill by two thirds.</summary>
    private const int TileInputBytes = 16 << 10;

    private Correlation _task;
    private T* _input, _output, _packed, _start;
    private nint* _offsets;
    private OutputGrid _grid;
    private bool _relu;
    private int _blockRows, _rowBlocks, _chunkChannels, _channelBlocks;

    /// <summary>Computes all images; without a <paramref name="bias"/> sums start at 0.</summary>
    public static void Run(in Correlation task, in OutputGrid grid, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool)
    {
        if (task.Batch == 0 || task.OutPlane == 0)
        {
            return;
        }
        using ScratchLease values = Scratch.Rent<T>(PreparedValues(task));
        using ScratchLease offsets = Scratch.Rent<nint>(task.Taps);
        DirectConvolution<T, TVec> body = Prepare(
            task, grid, input, weights, output, bias, relu, pool, pool.Threads, values.As<T>(), offsets.As<nint>());
        task.Loop(pool, task.Batch * task.Groups * body.ItemsOfUnit, ref body);
    }

    /// <summary>Values that <see cref="Prepare"/> needs for packed weights and biases.</summary>
    public static nint PreparedValues(in Correlation task)
        => task.Groups * PackedWeights<T, TVec>.GroupSize(task) + task.Groups * task.OutChannels + ConvTile<T, TVec>.TallestTile;

    /// <summary>Packs the weights into <paramref name="values"/> and lists the taps in <paramref name="offsets"/>, one for each; work is cut for some <paramref name="threads"/>.</summary>
    public static DirectConvolution<T, TVec> Prepare(in Correlation task, in OutputGrid grid, T* input, T* weights, T* output, T* bias, bool relu,
        WorkerPool pool, int threads, T* values, nint* offsets)
    {
        int allOut = task.Groups * task.OutChannels;
        T* start = values + task.Groups * PackedWeights<T, TVec>.GroupSize(task);
        PackedWeights<T, TVec>.Pack(task, weights, values, pool);
        for (int k = 0; k < allOut + ConvTile<T, TVec>.TallestTile; k++)
        {
            start[k] = bias != null && k < allOut ? bias[k] : default;
        }
        DirectConvolution<T, TVec> body = new()
        {
            _task = task,
            _grid = grid,
            _input = input,
            _output = output,
            _packed = values,
            _start = start,
            _offsets = offsets,
            _relu = relu,
        };
        body.Plan(threads);
        body.WriteOffsets();
        return body;
    }

    /// <summary>Items of one image and group; those of the next follow.</summary>
    public readonly int ItemsOfUnit => _rowBlocks * _channelBlocks;

    private readonly bool ReadsDirectly => _task.ReadsInputDirectly && _task.Taps > 0 && _task.OutPlane >= TVec.Count;

    private void Plan(int threads)
    {
        int outRows = _task.Rows.OutSize, width = _task.Columns.OutSize;
        int tileRows = Math.Min(outRows, (6 * TVec.Count + width - 1) / width);
        nint budget = LoweredBytes / sizeof(T);
        _chunkChannels = _task.InChannels;
        if (ReadsDirectly)
        {
            _blockRows = outRows;
        }
        else
        {
            nint channelSize = Math.Max(1, new RowLowering<T, TVec>(_task, tileRows).ChannelSize);
            _chunkChannels = (int)Math.Clamp(budget / channelSize, Math.Min(8, _task.InChannels), _task.InChannels);
            nint rowSize = Math.Max(1, (nint)_chunkChannels * _task.Columns.Count * _task.Rows.Stride * width);
            nint rows = budget / rowSize - _task.Rows.Extent / _task.Rows.Stride;
            _blockRows = (int)Math.Clamp(rows, tileRows, outRows);
        }

        int units = _task.Batch * _task.Groups;
        if (units < threads)
        {
            _blockRows = Math.Min(_blockRows, Math.Max(tileRows, (outRows * units + threads - 1) / threads));
        }
        _rowBlocks = (outRows + _blockRows - 1) / _blockRows;
        _blockRows = (outRows + _rowBlocks - 1) / _rowBlocks;
        _rowBlocks = (outRows + _blockRows - 1) / _blockRows;

        _channelBlocks = Math.Clamp(threads / Math.Max(1, units * _rowBlocks), 1, ConvTile<T, TVec>.Pieces(_task.OutChannels));
    }

    private readonly void WriteOffsets()
    {
        if (!ReadsDirectly)
        {
            new RowLowering<T, TVec>(_task, _blockRows).WriteOffsets(_chunkChannels, _offsets);
            return;
        }

        nint* offset = _offsets;
        for (int c = 0; c < _task.InChannels; c++)
        {
            for (int i = 0; i < _task.Rows.Count; i++)
            {
                *offset++ = c * _task.InPlane + (nint)(_task.Rows.FirstOffset + i * _task.Rows.OffsetStep) * _task.Columns.InSize;
            }
        }
    }

    public readonly void Run(int part, int worker)
    {
        int channelBlock = part % _channelBlocks, item = part / _channelBlocks;
        int firstRow = item % _rowBlocks * _blockRows, unit = item / _rowBlocks;
        int rows = Math.Min(_blockRows, _task.Rows.OutSize - firstRow);
        int pieces = ConvTile<T, TVec>.Pieces(_task.OutChannels);
        int firstChannel = ConvTile<T, TVec>.FirstRow(pieces * channelBlock / _channelBlocks, pieces, _task.OutChannels);
        int endChannel = ConvTile<T, TVec>.FirstRow(pieces * (channelBlock + 1) / _channelBlocks, pieces, _task.OutChannels);

        T* input = _input + unit * _task.InChannels * _task.InPlane;
        T* output = _output + (unit * _task.OutChannels + firstChannel) * _grid.Plane + _grid.First + firstRow * _grid.RowStep;
        int group = unit % _task.Groups, run = rows * _task.Columns.OutSize;
        if (_grid.IsDense(_task))
        {
            ChannelLoop(input, group, firstRow, rows, firstChannel, endChannel, output, _grid.Plane);
            return;
        }

        int channels = endChannel - firstChannel;
        using ScratchLease block = Scratch.Rent<T>((nint)channels * run);
        ChannelLoop(input, group, firstRow, rows, firstChannel, endChannel, block.As<T>(), run);
        _grid.Scatter(block.As<T>(), channels, rows, _task.Columns.OutSize, output);
    }

    /// <summary>One block of outputs: lowers the input channels, all at once where they fit, and adds their tiles up.</summary>
    private readonly void ChannelLoop(T* input, int group, int firstRow, int rows, int firstOut, int endOut, T* output, nint pitch)
    {
        int run = rows * _task.Columns.OutSize;
        if (ReadsDirectly)
        {
            TileLoop(input + (nint)firstRow * _task.Columns.InSize, 0, _task.InChannels, group, firstOut, endOut, output, pitch, run);
            return;
        }

        RowLowering<T, TVec> lowering = new(_task, _blockRows);
        using ScratchLease low = Scratch.Rent<T>(_chunkChannels * lowering.ChannelSize + RowLowering<T, TVec>.Slack);
        for (int c = 0; c < _task.InChannels; c += _chunkChannels)
        {
            int channels = Math.Min(_chunkChannels, _task.InChannels - c);
            lowering.Lower(input + c * _task.InPlane, channels, firstRow, rows, low.As<T>());
            TileLoop(low.As<T>(), c, channels, group, firstOut, endOut, output, pitch, run);
        }
    }

    /// <summary>All tiles of a block for the input channels [firstIn, firstIn + channels), those of the same height together.</summary>
    private readonly void TileLoop(T* input, int firstIn, int channels, int group, int firstOut, int endOut, T* output, nint pitch, int run)
    {
        int end;
        for (int k = firstOut; k < endOut; k = end)
        {
            int height = ConvTile<T, TVec>.TileHeight(_task.OutChannels - k);
            for (end = k + height; end < endOut && ConvTile<T, TVec>.TileHeight(_task.OutChannels - end) == height;)
            {
                end += height;
            }
            TilesOfHeight(height, input, firstIn, channels, group, k, end, output + (k - firstOut) * pitch, pitch, run);
        }
    }

    /// <summary>
    /// Tiles of one height. The input under a tile is read by the tiles of all channels before the next columns are begun, and of so few taps at a time that
    /// it stays in the first-level cache; sums go on where those of the taps before ended.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TilesOfHeight(int height, T* input, int firstIn, int channels, int group, int firstOut, int endOut, T* output, nint pitch, int run)
    {
        int channelTaps = _task.Rows.Count * _task.Columns.Count, taps = channels * channelTaps;
        bool first = firstIn == 0, last = firstIn + channels == _task.InChannels;
        bool overlap = run >= TVec.Count && _chunkChannels == _task.InChannels;
        int most = Math.Max(1, TileInputBytes / (3 * TVec.Count * sizeof(T))), blocks = first && last ? Math.Max(1, (taps + most - 1) / most) : 1;
        T* packed = _packed + group * PackedWeights<T, TVec>.GroupSize(_task) + (nint)firstIn * channelTaps * height;
        T* edge = stackalloc T[8 * 8 * TVec.Count];
        T* zeros = stackalloc T[8];
        new Span<T>(zeros, 8).Clear();
        for (int block = 0; block < blocks; block++)
        {
            int firstTap = (int)((long)taps * block / blocks), endTap = (int)((long)taps * (block + 1) / blocks), vectors;
            bool isLastBlock = block == blocks - 1;
            for (int f = 0; f < run; f += vectors * TVec.Count)
            {
                vectors = ConvTile<T, TVec>.VectorsOf(height, (run - f + TVec.Count - 1) / TVec.Count);
                bool overlaps = overlap && f + vectors * TVec.Count > run;
                if (overlaps)
                {
                    // The last tile begins early enough to end with the run; columns that it computes twice get the same values.
                    if (vectors * TVec.Count > run)
                    {
                        vectors = ConvTile<T, TVec>.VectorsOf(height, run / TVec.Count);
                    }
                    f = Math.Min(f, run - vectors * TVec.Count);
                }

                int count = Math.Min(run - f, vectors * TVec.Count);
                for (int k = firstOut; k < endOut; k += height)
                {
                    int valid = Math.Min(height, _task.OutChannels - k);
                    bool direct = count == vectors * TVec.Count && valid == height && first, inBlocks = direct && !overlaps;
                    if (!inBlocks && !isLastBlock)
                    {
                        continue;
                    }

                    // A tile whose sums do not lie in the output, or not only its own, takes all taps at once.
                    int begin = inBlocks ? firstTap : 0, some = (inBlocks ? endTap : taps) - begin;
                    T* start = begin > 0 ? null : first ? _start + group * _task.OutChannels + k : zeros;
                    T* plane = output + (k - firstOut) * pitch + f, target = direct ? plane : edge;
                    nint targetPitch = direct ? pitch : vectors * TVec.Count;
                    ConvTile<T, TVec>.Run(
                        height, vectors, _offsets + begin, some, input + f, packed + (nint)k * _task.Taps + (nint)begin * height, height, start, target, targetPitch);
                    if (!direct)
                    {
                        Merge(edge, targetPitch, plane, pitch, valid, count, !first);
                    }
                    if (_relu && last && isLastBlock)
                    {
                        Rectify(plane, pitch, valid, count);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Merge(T* edge, nint edgePitch, T* plane, nint pitch, int channels, int count, bool accumulate)
    {
        for (int m = 0; m < channels; m++, edge += edgePitch, plane += pitch)
        {
            for (int f = 0; f < count; f += TVec.Count)
            {
                TVec sum = TVec.Load(edge + f);
                if (accumulate)
                {
                    sum += TVec.LoadFirst(plane + f, Math.Min(count - f, TVec.Count));
                }
                sum.StoreFirst(plane + f, Math.Min(count - f, TVec.Count));
            }
        }
    }

    /// <summary>max(y, 0); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rectify(T* plane, nint pitch, int channels, int count)
    {
        for (int m = 0; m < channels; m++, plane += pitch)
        {
            for (int f = 0; f < count; f += TVec.Count)
            {
                int lanes = Math.Min(count - f, TVec.Count);
                TVec.MaxNative(TVec.Zero, TVec.LoadFirst(plane + f, lanes)).StoreFirst(plane + f, lanes);
            }
        }
    }
}
