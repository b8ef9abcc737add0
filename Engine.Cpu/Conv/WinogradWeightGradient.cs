using System.Numerics;

namespace Engine.Cpu;

/// <summary>
/// The gradient to the filters of a 3 × 3 convolution of stride 1 by <see cref="WinogradTransform{T,TVec}"/>: x and dy are transformed tile by
/// tile, 36 matrix products sum over the tiles, and the sums are transformed back to filters.
/// </summary>
/// <remarks>
/// Tiles are taken in blocks: first all threads transform them, then each thread multiplies the output channels that are its own. The blocks
/// follow from the geometry, so the order of every sum, and with it the result, does not depend on the number of threads.
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

    /// <summary>Output channels whose sums are computed together.</summary>
    private const int ChannelsAtATime = 48;

    /// <summary>Channels of dy that lie together: whole tiles of the matrix product and whole vectors.</summary>
    private const int OutPanel = 48;

    private const int Points = WinogradTiles<T, TVec>.Points;

    /// <summary>Channels of x that lie together: the width of the tiles of the matrix product.</summary>
    private static int InPanel => GemmKernels<T, TVec>.PanelColumns;

    private Correlation _task;
    private WinogradTiles<T, TVec> _tiles;
    private T* _input, _gradient, _weightGradient, _inPoints, _outPoints, _sums;
    private T _beta;
    private nint _inPitch, _inPanel, _outPanel, _inPointPitch, _outPointPitch;
    private int _group, _first, _end, _parts, _channelBlocks;
    private bool _transforms, _isFirst, _isLast;

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
            _channelBlocks = ChannelBlocks(task.OutChannels, pool.Threads),
        };
        using ScratchLease inPoints = Scratch.Rent<T>(Points * body._inPointPitch);
        using ScratchLease outPoints = Scratch.Rent<T>(Points * body._outPointPitch);
        using ScratchLease sums = Scratch.Rent<T>(blocks > 1 ? Points * task.OutChannels * inPitch : 0);
        body._inPoints = inPoints.As<T>();
        body._outPoints = outPoints.As<T>();
        body._sums = blocks > 1 ? sums.As<T>() : null;
        for (int group = 0; group < task.Groups; group++)
        {
            for (int block = 0; block < blocks; block++)
            {
                body._group = group;
                body._first = block * blockRows;
                body._end = Math.Min(tiles.AllRows, body._first + blockRows);
                body._isFirst = block == 0;
                body._isLast = block == blocks - 1;
                body._transforms = true;
                body._parts = Math.Min(body._end - body._first, 2 * pool.Threads);
                task.Loop(pool, body._parts, ref body);
                body._transforms = false;
                task.Loop(pool, body._channelBlocks, ref body);
            }
        }
    }

    public readonly void Run(int part, int worker)
    {
        if (_transforms)
        {
            int rows = _end - _first, first = _first + (int)((long)rows * part / _parts), end = _first + (int)((long)rows * (part + 1) / _parts);
            nint tile = (nint)(first - _first) * _tiles.Columns;
            _tiles.Transform<WinogradTransform<T, TVec>.Input>(
                _input, _task.InChannels, _task.Rows, _task.Columns, _group, first, end, _inPoints + tile * InPanel, _inPointPitch, InPanel, _inPanel);
            _tiles.Transform<WinogradTransform<T, TVec>.OutputGradient>(
                _gradient, _task.OutChannels, Outputs(_task.Rows), Outputs(_task.Columns), _group, first, end, _outPoints + tile * OutPanel, _outPointPitch, OutPanel, _outPanel);
        }
        else
        {
            int rows = GemmKernels<T, TVec>.PanelRows, tiles = (_task.OutChannels + rows - 1) / rows;
            int first = tiles * part / _channelBlocks * rows, end = Math.Min(_task.OutChannels, tiles * (part + 1) / _channelBlocks * rows);
            nint size = Points * (end - first) * _inPitch;
            using ScratchLease own = Scratch.Rent<T>(_sums == null ? size : 0);
            T* sums = _sums == null ? own.As<T>() : _sums + Points * first * _inPitch;
            Multiply(sums, first, end - first);
            if (_isLast)
            {
                WriteFilters(sums, first, end - first);
            }
        }
    }

    /// <summary>Parts of the output channels: whole tiles of the matrix product, for a single thread not too many sums, for more a part each.</summary>
    private static int ChannelBlocks(int channels, int threads)
    {
        int tiles = (channels + GemmKernels<T, TVec>.PanelRows - 1) / GemmKernels<T, TVec>.PanelRows, parts = channels <= 64 ? 1 : (channels + ChannelsAtATime - 1) / ChannelsAtATime;
        return Math.Min(tiles, Math.Max(parts, threads));
    }

    /// <summary>The axis of an operand that has the size of the output, without overlap or padding.</summary>
    private static TapAxis Outputs(in TapAxis axis) => axis with { InSize = axis.OutSize, FirstOffset = 0, Count = 1 };

    /// <summary>sums[point][k][c] (+)= Σ dy[point][tile][k] · x[point][tile][c] over the tiles of the block.</summary>
    private readonly void Multiply(T* sums, int firstOut, int channels)
    {
        int tiles = (_end - _first) * _tiles.Columns;
        int inWhole = (_task.InChannels + TVec.Count - 1) / TVec.Count * TVec.Count;
        for (int point = 0; point < Points; point++)
        {
            for (int c = 0; c < inWhole; c += InPanel)
            {
                for (int k = 0; k < channels; k += GemmKernels<T, TVec>.PanelRows)
                {
                    GemmTile<T> tile = new()
                    {
                        K = tiles,
                        A = _outPoints + point * _outPointPitch + (firstOut + k) / OutPanel * _outPanel + (firstOut + k) % OutPanel,
                        ARow = 1,
                        AColumn = OutPanel,
                        B = _inPoints + point * _inPointPitch + c / InPanel * _inPanel,
                        BRow = InPanel,
                        C = sums + (point * channels + k) * _inPitch + c,
                        CRow = _inPitch,
                        CColumn = 1,
                        Alpha = T.One,
                        Beta = _isFirst ? T.Zero : T.One,
                    };
                    GemmKernels<T, TVec>.Run(&tile, Math.Min(GemmKernels<T, TVec>.PanelRows, channels - k), Math.Min(InPanel, inWhole - c));
                }
            }
        }
    }

    /// <summary>dw = beta·dw + Gᵀ sums G; with beta 0 the old values are not read.</summary>
    private readonly void WriteFilters(T* sums, int firstOut, int channels)
    {
        nint lanes = TVec.Count, point = channels * _inPitch;
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
}
