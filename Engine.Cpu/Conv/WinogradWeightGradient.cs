using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The gradient to the filters of a 3 × 3 convolution of stride 1 by <see cref="WinogradTransform{T,TVec}"/>: x and dy are transformed tile by
/// tile, 36 matrix products sum over the tiles, and the sums are transformed back to filters.
/// </summary>
/// <remarks>
/// Tiles are taken in blocks. Where the sums are small the blocks are dealt to shares, each with sums of its own, and a thread multiplies what it transformed
/// itself: tiles never go from core to core. Larger sums exist once: all threads transform a block, then each multiplies the output channels that are
/// its own. Blocks and shares follow from the geometry, so the order of every sum, and with it the result, does not depend on the number of threads.
/// </remarks>
internal unsafe struct WinogradWeightGradient<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Bytes of transformed tiles in a block where the sums are small and stay in the second-level cache.</summary>
    private const int SmallBlockBytes = 1 << 20;

    /// <summary>The same where the sums are larger than that, so that fewer passes over them are made.</summary>
    private const int LargeBlockBytes = 4 << 20;

    /// <summary>With larger sums, so many bytes of tiles make one block: then each thread needs room for the sums of a few channels only.</summary>
    private const int OneBlockBytes = 12 << 20;

    /// <summary>Most shares of blocks, and the bytes that all their sums may take: they are read once more at the end.</summary>
    private const int MostShares = 16, ShareSumBytes = 5 << 20;

    /// <summary>Blocks of a share that make its sums worth their place.</summary>
    private const int FewestBlocks = 2;

    /// <summary>Output channels whose sums are computed together.</summary>
    private const int ChannelsAtATime = 48;

    /// <summary>Channels of dy that lie together: whole tiles of the matrix product and whole vectors.</summary>
    private const int OutPanel = 48;

    private const int Points = WinogradTiles<T, TVec>.Points;

    /// <summary>Channels of x that lie together: two vectors, so that 64 channels leave none over.</summary>
    private static int InPanel => 2 * TVec.Count;

    private enum Step
    {
        Transform,
        Multiply,
        Share,
        Join,
    }

    private Correlation _task;
    private WinogradTiles<T, TVec> _tiles;
    private T* _input, _gradient, _weightGradient, _sums;
    private T _beta;
    private nint _inPitch, _inPanel, _outPanel, _inPointPitch, _outPointPitch;
    private int _group, _blockRows, _blocks, _shares, _block, _parts, _channelBlocks;
    private Step _step;
    private Block _shared;

    /// <summary>Computes the gradient for all groups; <paramref name="task"/> describes the forward convolution.</summary>
    public static void Run(in Correlation task, T* input, T* gradient, T* weightGradient, T beta, WorkerPool pool)
    {
        WinogradTiles<T, TVec> tiles = new(task);
        nint inPitch = WinogradTiles<T, TVec>.Pitch(task.InChannels), outPitch = WinogradTiles<T, TVec>.Pitch(task.OutChannels);
        nint sumBytes = Points * task.OutChannels * inPitch * sizeof(T), tileBytes = Points * (inPitch + outPitch) * sizeof(T);
        nint allBytes = (nint)tiles.AllRows * tiles.Columns * tileBytes;
        nint blockBytes = sumBytes <= SmallBlockBytes ? SmallBlockBytes : allBytes <= OneBlockBytes ? OneBlockBytes : LargeBlockBytes, blockTiles = blockBytes / tileBytes;
        int blockRows = (int)Math.Clamp(blockTiles / tiles.Columns, 1, tiles.AllRows), blocks = (tiles.AllRows + blockRows - 1) / blockRows;
        blockRows = (tiles.AllRows + blocks - 1) / blocks;
        blocks = (tiles.AllRows + blockRows - 1) / blockRows;

        nint mostTiles = (nint)blockRows * tiles.Columns;
        WinogradWeightGradient<T, TVec> body = new()
        {
            _task = task,
            _tiles = tiles,
            _input = input,
            _gradient = gradient,
            _weightGradient = weightGradient,
            _beta = beta,
            _inPitch = inPitch,
            _inPanel = mostTiles * InPanel,
            _outPanel = mostTiles * OutPanel,
            _inPointPitch = (task.InChannels + InPanel - 1) / InPanel * mostTiles * InPanel + TVec.Count,
            _outPointPitch = (task.OutChannels + OutPanel - 1) / OutPanel * mostTiles * OutPanel + TVec.Count,
            _blockRows = blockRows,
            _blocks = blocks,
            _shares = Shares(blocks, sumBytes),
            _channelBlocks = ChannelBlocks(task.OutChannels, pool.Threads),
        };
        using ScratchLease sums = Scratch.Rent<T>(blocks > 1 ? body._shares * body.SumSize : 0);
        body._sums = blocks > 1 ? sums.As<T>() : null;
        for (body._group = 0; body._group < task.Groups; body._group++)
        {
            if (body._shares > 1)
            {
                body.RunShares(pool);
            }
            else
            {
                body.RunBlocks(pool);
            }
        }
    }

    public readonly void Run(int part, int worker)
    {
        switch (_step)
        {
            case Step.Transform:
                int rows = _shared.End - _shared.First;
                Transform(_shared, _shared.First + (int)((long)rows * part / _parts), _shared.First + (int)((long)rows * (part + 1) / _parts));
                break;
            case Step.Multiply:
                (int first, int end) = ChannelsOf(part);
                using (ScratchLease own = Scratch.Rent<T>(_sums == null ? Points * (end - first) * _inPitch : 0))
                {
                    T* sums = _sums == null ? own.As<T>() : _sums + Points * first * _inPitch;
                    Multiply(_shared, sums, first, end - first, isFirst: _block == 0);
                    if (_block == _blocks - 1)
                    {
                        WriteFilters(sums, (end - first) * _inPitch, first, end - first);
                    }
                }

                break;
            case Step.Share:
                Share(part);
                break;
            default:
                Join(part);
                break;
        }
    }

    /// <summary>Values of all sums of a group.</summary>
    private readonly nint SumSize => Points * _task.OutChannels * _inPitch;

    /// <summary>As many shares as have small sums and some blocks each, a power of two; 1 for sums that exist once.</summary>
    private static int Shares(int blocks, nint sumBytes)
    {
        int shares = MostShares;
        while (shares > 1 && (shares * FewestBlocks > blocks || shares * sumBytes > ShareSumBytes))
        {
            shares /= 2;
        }

        return shares;
    }

    private void RunShares(WorkerPool pool)
    {
        _step = Step.Share;
        _task.Loop(pool, _shares, ref this);
        _step = Step.Join;
        _task.Loop(pool, _channelBlocks, ref this);
    }

    private void RunBlocks(WorkerPool pool)
    {
        using ScratchLease inPoints = Scratch.Rent<T>(Points * _inPointPitch);
        using ScratchLease outPoints = Scratch.Rent<T>(Points * _outPointPitch);
        for (_block = 0; _block < _blocks; _block++)
        {
            _shared = BlockAt(_block, inPoints.As<T>(), outPoints.As<T>());
            _step = Step.Transform;
            _parts = Math.Min(_shared.End - _shared.First, Partition.PartsPerThread * pool.Threads);
            _task.Loop(pool, _parts, ref this);
            _step = Step.Multiply;
            _task.Loop(pool, _channelBlocks, ref this);
        }
    }

    /// <summary>All blocks of a share, on one thread.</summary>
    private readonly void Share(int share)
    {
        int first = (int)((long)_blocks * share / _shares), end = (int)((long)_blocks * (share + 1) / _shares);
        using ScratchLease inPoints = Scratch.Rent<T>(Points * _inPointPitch);
        using ScratchLease outPoints = Scratch.Rent<T>(Points * _outPointPitch);
        for (int i = first; i < end; i++)
        {
            Block block = BlockAt(i, inPoints.As<T>(), outPoints.As<T>());
            Transform(block, block.First, block.End);
            Multiply(block, _sums + share * SumSize, 0, _task.OutChannels, isFirst: i == first);
        }
    }

    /// <summary>Adds up the sums of all shares for some output channels and writes their filters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Join(int part)
    {
        (int first, int end) = ChannelsOf(part);
        for (int point = 0; point < Points; point++)
        {
            T* row = _sums + ((nint)point * _task.OutChannels + first) * _inPitch;
            for (nint i = 0; i < (end - first) * _inPitch; i += TVec.Count)
            {
                TVec sum = TVec.Load(row + i);
                for (int share = 1; share < _shares; share++)
                {
                    sum += TVec.Load(row + i + share * SumSize);
                }

                sum.Store(row + i);
            }
        }

        WriteFilters(_sums + first * _inPitch, _task.OutChannels * _inPitch, first, end - first);
    }

    private readonly Block BlockAt(int block, T* inPoints, T* outPoints)
        => new(block * _blockRows, Math.Min(_tiles.AllRows, (block + 1) * _blockRows), inPoints, outPoints);

    private readonly (int First, int End) ChannelsOf(int part)
    {
        int rows = GemmKernels<T, TVec>.PanelRows, tiles = (_task.OutChannels + rows - 1) / rows;
        return (tiles * part / _channelBlocks * rows, Math.Min(_task.OutChannels, tiles * (part + 1) / _channelBlocks * rows));
    }

    /// <summary>Transforms some rows of tiles of a block, of x and of dy.</summary>
    private readonly void Transform(in Block block, int first, int end)
    {
        nint tile = (nint)(first - block.First) * _tiles.Columns;
        _tiles.Transform<WinogradTransform<T, TVec>.Input>(
            _input, _task.InChannels, _task.Rows, _task.Columns, _group, first, end, block.InPoints + tile * InPanel, _inPointPitch, InPanel, _inPanel);
        _tiles.Transform<WinogradTransform<T, TVec>.OutputGradient>(
            _gradient, _task.OutChannels, Outputs(_task.Rows), Outputs(_task.Columns), _group, first, end, block.OutPoints + tile * OutPanel, _outPointPitch, OutPanel, _outPanel);
    }

    /// <summary>Parts of the output channels: whole tiles of the matrix product, for a single thread not too many sums, for more a part each.</summary>
    private static int ChannelBlocks(int channels, int threads)
    {
        int tiles = (channels + GemmKernels<T, TVec>.PanelRows - 1) / GemmKernels<T, TVec>.PanelRows, parts = channels <= 64 ? 1 : (channels + ChannelsAtATime - 1) / ChannelsAtATime;
        return Math.Min(tiles, Math.Max(parts, threads));
    }

    /// <summary>The axis of an operand that has the size of the output, without overlap or padding.</summary>
    private static TapAxis Outputs(in TapAxis axis) => axis with { InSize = axis.OutSize, FirstOffset = 0, Count = 1 };

    /// <summary>sums[point][k][c] (+)= Σ dy[point][tile][k] · x[point][tile][c] over the tiles of a block.</summary>
    private readonly void Multiply(in Block block, T* sums, int firstOut, int channels, bool isFirst)
    {
        int tiles = (block.End - block.First) * _tiles.Columns;
        int inWhole = (_task.InChannels + TVec.Count - 1) / TVec.Count * TVec.Count;
        for (int point = 0; point < Points; point++)
        {
            for (int c = 0; c < inWhole; c += InPanel)
            {
                for (int k = 0, rows; k < channels; k += rows)
                {
                    // The channels of one panel of dy.
                    rows = Math.Min(channels - k, OutPanel - (firstOut + k) % OutPanel);
                    GemmTile<T> tile = new()
                    {
                        K = tiles,
                        A = block.OutPoints + point * _outPointPitch + (firstOut + k) / OutPanel * _outPanel + (firstOut + k) % OutPanel,
                        ARow = 1,
                        AColumn = OutPanel,
                        ANext = GemmKernels<T, TVec>.PanelRows,
                        B = block.InPoints + point * _inPointPitch + c / InPanel * _inPanel,
                        BRow = InPanel,
                        C = sums + (point * channels + k) * _inPitch + c,
                        CRow = _inPitch,
                        CColumn = 1,
                        CNext = GemmKernels<T, TVec>.PanelRows * _inPitch,
                        Alpha = T.One,
                        Beta = isFirst ? T.Zero : T.One,
                    };
                    GemmKernels<T, TVec>.RunDown(&tile, rows, Math.Min(InPanel, inWhole - c));
                }
            }
        }
    }

    /// <summary>dw = beta·dw + Gᵀ sums G; with beta 0 the old values are not read. A point's sums begin <paramref name="point"/> values after those of the point before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void WriteFilters(T* sums, nint point, int firstOut, int channels)
    {
        nint lanes = TVec.Count;
        T* taps = stackalloc T[9 * TVec.Count];
        T* filters = stackalloc T[9 * TVec.Count];
        T* buffer = stackalloc T[18 * TVec.Count];
        T beta = _beta;
        TVec factor = TVec.Broadcast(&beta);
        for (int k = 0; k < channels; k++)
        {
            T* target = _weightGradient + ((nint)_group * _task.OutChannels + firstOut + k) * _task.InChannels * 9;
            for (int c = 0; c < _task.InChannels; c += TVec.Count)
            {
                WinogradTransform<T, TVec>.Run<WinogradTransform<T, TVec>.FilterGradient>(
                    sums + k * _inPitch + c, 6 * point, point, taps, 3 * lanes, lanes, buffer);
                int valid = Math.Min(TVec.Count, _task.InChannels - c), count = 9 * valid;
                Transpose<T, TVec>.Copy(taps, lanes, 9, valid, filters, 9);
                for (int i = 0; i < count; i += TVec.Count)
                {
                    TVec sum = TVec.LoadFirst(filters + i, count - i);
                    T* old = target + 9 * c + i;
                    if (_beta != T.Zero)
                    {
                        sum = TVec.MultiplyAdd(factor, TVec.LoadFirst(old, count - i), sum);
                    }
                    sum.StoreFirst(old, count - i);
                }
            }
        }
    }

    /// <summary>Rows of tiles [First, End) and where their transforms lie.</summary>
    private readonly struct Block(int first, int end, T* inPoints, T* outPoints)
    {
        public int First => first;

        public int End => end;

        public T* InPoints => inPoints;

        public T* OutPoints => outPoints;
    }
}
