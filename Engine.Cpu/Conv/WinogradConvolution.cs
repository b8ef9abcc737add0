using System.Numerics;

namespace Engine.Cpu;

/// <summary>
/// A 3 × 3 correlation of stride 1 by <see cref="WinogradTransform{T,TVec}"/>: the tiles of x are transformed, multiplied by the transformed
/// filters point by point, and transformed back.
/// </summary>
/// <remarks>
/// Small filters are transformed once; then each block of tiles goes through all steps on one thread and its 36 products stay
/// in the second-level cache. Large filters, whose transforms would have to come from main memory, are transformed where they are used: all
/// threads transform the tiles of a larger block, then each takes the panels of output channels that are its own.
/// An output is summed in the same order in whatever block it is and whichever way it goes, so results depend neither on the number of threads nor on
/// the batch.
/// </remarks>
internal unsafe struct WinogradConvolution<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Bytes of transformed filters above which they are not kept.</summary>
    private const int SmallFilterBytes = 12 << 20;

    /// <summary>The same where the tiles are so few that filters would be read as often as they were written; less stays in the second-level cache.</summary>
    private const int FewTiles = 2 * FewestTiles, CachedFilterBytes = 1 << 20;

    /// <summary>Bytes of tiles before and after the product in a block with small filters.</summary>
    private const int SmallBlockBytes = 640 << 10;

    /// <summary>Bytes of transformed tiles in a block with large filters.</summary>
    private const int LargeBlockBytes = 12 << 20;

    /// <summary>Fewest tiles of a block, so that the filters are not read too often.</summary>
    private const int FewestTiles = 48;

    /// <summary>Input channels of large filters that are taken together: 36 points of one panel fill half of a 1 MB cache.</summary>
    private const int LargeFilterChannels = 128;

    private const int Points = WinogradTiles<T, TVec>.Points;

    private enum Step
    {
        Filters,
        Block,
        Tiles,
        Panels,
    }

    private Correlation _task;
    private WinogradTiles<T, TVec> _tiles;
    private WinogradFilters<T, TVec> _filters;
    private Step _step;
    private T* _input, _output, _filterPoints, _tilePoints, _start;
    private bool _relu;
    private nint _inPitch, _outPitch, _tilePointPitch, _tileChunkPitch;
    private int _parts, _group, _first, _end, _channelsAtATime;

    /// <summary>Whether this is the fastest way and its error is bounded as documented: 3 × 3, no stride or dilation, enough channels.</summary>
    public static bool Suits(in Correlation task)
        => sizeof(T) == sizeof(float) && TVec.Count > 1
        && task.Rows is { Count: 3, Stride: 1, OffsetStep: 1 or -1 } && task.Columns is { Count: 3, Stride: 1, OffsetStep: 1 or -1 }
        && task.InChannels >= 12 && task.OutChannels >= 12 && task.Rows.OutSize >= 4 && task.Columns.OutSize >= 4;

    /// <summary>Computes all images; without a <paramref name="bias"/> sums start at 0.</summary>
    public static void Run(in Correlation task, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool)
    {
        if (task.Batch == 0)
        {
            return;
        }
        WinogradConvolution<T, TVec> body = new()
        {
            _task = task,
            _tiles = new(task),
            _filters = new(task, weights),
            _input = input,
            _output = output,
            _relu = relu,
            _inPitch = WinogradTiles<T, TVec>.Pitch(task.InChannels),
            _outPitch = WinogradTiles<T, TVec>.Pitch(task.OutChannels),
        };
        nint startPitch = body.Panels * PanelChannels;
        using ScratchLease start = Scratch.Rent<T>(task.Groups * startPitch);
        body._start = start.As<T>();
        for (int g = 0; g < task.Groups; g++)
        {
            for (int k = 0; k < startPitch; k++)
            {
                body._start[g * startPitch + k] = bias != null && k < task.OutChannels ? bias[g * task.OutChannels + k] : T.Zero;
            }
        }

        nint filterBytes = body.GroupFilters * task.Groups * sizeof(T), tiles = (nint)body._tiles.AllRows * body._tiles.Columns;
        // What is summed together follows from the filters alone, so that the ways give the same bits.
        body._channelsAtATime = filterBytes <= SmallFilterBytes ? (task.InChannels + TVec.Count - 1) / TVec.Count * TVec.Count : LargeFilterChannels;
        if (filterBytes <= (tiles <= FewTiles ? CachedFilterBytes : SmallFilterBytes))
        {
            body.RunBlocks(pool);
        }
        else
        {
            body.RunPanels(pool);
        }
    }

    private static int PanelChannels => WinogradFilters<T, TVec>.PanelChannels;

    private readonly int Panels => _filters.Panels;

    /// <summary>Values of a panel of filters at one point.</summary>
    private readonly nint PanelSize => (nint)_task.InChannels * PanelChannels;

    /// <summary>Values between points of small filters: one vector more than they fill, lest a transform's 36 stores meet in the same cache lines.</summary>
    private readonly nint FilterPitch => Panels * PanelSize + TVec.Count;

    private readonly nint GroupFilters => Points * FilterPitch;

    private void RunBlocks(WorkerPool pool)
    {
        using ScratchLease filterPoints = Scratch.Rent<T>(_task.Groups * GroupFilters);
        _filterPoints = filterPoints.As<T>();
        _step = Step.Filters;
        _task.Loop(pool, _task.Groups * Panels, ref this);

        int tiles = (int)Math.Max(FewestTiles, SmallBlockBytes / sizeof(T) / (Points * (_inPitch + _outPitch)));
        int rows = Math.Max(1, tiles / _tiles.Columns), blocks = (_tiles.AllRows + rows - 1) / rows, threads = Math.Max(1, pool.Threads / _task.Groups);
        _parts = Math.Min(_tiles.AllRows, (blocks + threads - 1) / threads * threads);
        _step = Step.Block;
        _task.Loop(pool, _task.Groups * _parts, ref this);
    }

    private void RunPanels(WorkerPool pool)
    {
        int chunks = (_task.InChannels + _channelsAtATime - 1) / _channelsAtATime;
        nint rowBytes = (nint)Points * chunks * _channelsAtATime * _tiles.Columns * sizeof(T);
        int rows = (int)Math.Clamp(LargeBlockBytes / rowBytes, 1, _tiles.AllRows);
        _tileChunkPitch = (nint)rows * _tiles.Columns * _channelsAtATime;
        _tilePointPitch = chunks * _tileChunkPitch + TVec.Count;
        using ScratchLease tilePoints = Scratch.Rent<T>(Points * _tilePointPitch);
        _tilePoints = tilePoints.As<T>();
        for (_group = 0; _group < _task.Groups; _group++)
        {
            for (_first = 0; _first < _tiles.AllRows; _first = _end)
            {
                _end = Math.Min(_tiles.AllRows, _first + rows);
                _parts = Math.Min(_end - _first, Partition.PartsPerThread * pool.Threads);
                _step = Step.Tiles;
                _task.Loop(pool, _parts, ref this);
                _step = Step.Panels;
                _task.Loop(pool, Panels, ref this);
            }
        }
    }

    public readonly void Run(int part, int worker)
    {
        switch (_step)
        {
            case Step.Filters:
                int group = part / Panels, panel = part % Panels;
                _filters.Run(group, panel, 0, _task.InChannels, _filterPoints + group * GroupFilters + panel * PanelSize, FilterPitch);
                break;
            case Step.Block:
                Block(part / _parts, Share(_tiles.AllRows, part % _parts), Share(_tiles.AllRows, part % _parts + 1));
                break;
            case Step.Tiles:
                int first = Share(_end - _first, part), end = Share(_end - _first, part + 1);
                Transform(_group, _first + first, _first + end, _tilePoints + (nint)first * _tiles.Columns * _channelsAtATime, _tilePointPitch, _channelsAtATime, _tileChunkPitch);
                break;
            default:
                Panel(part);
                break;
        }
    }

    private readonly int Share(int rows, int part) => (int)((long)rows * part / _parts);

    private readonly void Transform(int group, int first, int end, T* points, nint pointPitch, nint panel, nint panelPitch)
        => _tiles.Transform<WinogradTransform<T, TVec>.Input>(
            _input, _task.InChannels, _task.Rows, _task.Columns, group, first, end, points, pointPitch, panel, panelPitch);

    /// <summary>All steps for some rows of tiles.</summary>
    private readonly void Block(int group, int first, int end)
    {
        // One vector more than the tiles fill, lest all points meet in the same cache lines.
        nint tiles = (nint)(end - first) * _tiles.Columns, inPoint = tiles * _inPitch + TVec.Count, outPoint = tiles * _outPitch + TVec.Count;
        using ScratchLease before = Scratch.Rent<T>(Points * inPoint);
        using ScratchLease after = Scratch.Rent<T>(Points * outPoint);
        Transform(group, first, end, before.As<T>(), inPoint, _inPitch, 0);
        for (int point = 0; point < Points; point++)
        {
            T* filters = _filterPoints + group * GroupFilters + point * FilterPitch;
            for (int panel = 0; panel < Panels; panel++, filters += PanelSize)
            {
                Multiply(before.As<T>() + point * inPoint, _inPitch, filters, _task.InChannels, after.As<T>() + point * outPoint + panel * PanelChannels, _outPitch,
                    (int)tiles, _task.OutChannels - panel * PanelChannels, accumulate: false);
            }
        }
        _tiles.Inverse(after.As<T>(), outPoint, _outPitch, _start + group * Panels * PanelChannels, _relu, group, 0, _task.OutChannels, first, end, _output);
    }

    /// <summary>The products of one panel of output channels and the way back, for the tiles of the larger block.</summary>
    private readonly void Panel(int panel)
    {
        nint tiles = (nint)(_end - _first) * _tiles.Columns, outPoint = tiles * PanelChannels + TVec.Count;
        using ScratchLease after = Scratch.Rent<T>(Points * outPoint);
        nint filterPitch = _channelsAtATime * PanelChannels + TVec.Count;
        using ScratchLease filters = Scratch.Rent<T>(Points * filterPitch);
        int firstOut = panel * PanelChannels, channels = Math.Min(PanelChannels, _task.OutChannels - firstOut);
        for (int c = 0; c < _task.InChannels; c += _channelsAtATime)
        {
            int some = Math.Min(_channelsAtATime, _task.InChannels - c);
            if (tiles == 1)
            {
                MultiplySingle(panel, c, some, filters.As<T>(), after.As<T>(), outPoint);
                continue;
            }

            _filters.Run(_group, panel, c, some, filters.As<T>(), filterPitch);
            for (int point = 0; point < Points; point++)
            {
                Multiply(_tilePoints + point * _tilePointPitch + c / _channelsAtATime * _tileChunkPitch, _channelsAtATime, filters.As<T>() + point * filterPitch, some, after.As<T>() + point * outPoint, PanelChannels,
                    (int)tiles, channels, accumulate: c > 0);
            }
        }

        T* start = _start + ((nint)_group * Panels + panel) * PanelChannels;
        _tiles.Inverse(after.As<T>(), outPoint, PanelChannels, start, _relu, _group, firstOut, channels, _first, _end, _output);
    }

    /// <summary>The products of one tile with the filters of some input channels: a few filters at a time are transformed and used while they are in the first-level cache.</summary>
    private readonly void MultiplySingle(int panel, int first, int channels, T* filters, T* product, nint productPitch)
    {
        int few = WinogradFilters<T, TVec>.ChannelsAtATime;
        nint filterPitch = few * PanelChannels + TVec.Count;
        using ScratchLease sums = Scratch.Rent<T>(Points * PanelChannels);
        new Span<T>(sums.As<T>(), Points * PanelChannels).Clear();
        for (int c = 0; c < channels; c += few)
        {
            int some = Math.Min(few, channels - c);
            _filters.Run(_group, panel, first + c, some, filters, filterPitch);
            SingleTile<T, TVec>.Continue(_tilePoints + first / _channelsAtATime * _tileChunkPitch + c, _tilePointPitch, filters, filterPitch, some, sums.As<T>(), PanelChannels, Points);
        }

        SingleTile<T, TVec>.Finish(sums.As<T>(), PanelChannels, product, productPitch, Points, accumulate: first > 0);
    }

    /// <summary>product[tile][k] (+)= Σ points[tile][c] · filters[c][k] for one panel at one point.</summary>
    private static void Multiply(T* points, nint pitch, T* filters, int inChannels, T* product, nint productPitch, int tiles, int outChannels, bool accumulate)
    {
        int columns = Math.Min(PanelChannels, (outChannels + TVec.Count - 1) / TVec.Count * TVec.Count);
        GemmTile<T> tile = new()
        {
            K = inChannels,
            A = points,
            ARow = pitch,
            AColumn = 1,
            ANext = GemmKernels<T, TVec>.PanelRows * pitch,
            B = filters,
            BRow = PanelChannels,
            C = product,
            CRow = productPitch,
            CColumn = 1,
            CNext = GemmKernels<T, TVec>.PanelRows * productPitch,
            Alpha = T.One,
            Beta = accumulate ? T.One : T.Zero,
        };
        GemmKernels<T, TVec>.RunDown(&tile, tiles, columns);
    }
}
