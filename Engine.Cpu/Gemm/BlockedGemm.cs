using System.Numerics;

namespace Engine.Cpu;

/// <summary>The matrix product in cache-sized blocks; see <see cref="GemmBlocks"/>.</summary>
/// <remarks>
/// <para>For every few blocks of terms two loops over the threads: the operands are packed, each panel once, then each thread computes rectangles of C from
/// the panels that it shares with the others. What <see cref="GemmPlan"/> leaves where it lies is not packed.</para>
/// <para>An element of C is one chain of multiply-adds per block of terms, whatever tile it falls into; so its bits depend on K alone, not on
/// where it lies nor on how C is divided among threads.</para>
/// </remarks>
internal unsafe struct BlockedGemm<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>A C smaller than this is in the second-level cache already.</summary>
    private const int PrefetchedCBytes = 256 << 10;

    /// <summary>Panels of the operand that stays in a piece of a thread's rectangle, at least.</summary>
    private const int FewPanels = 4;

    /// <summary>Rows are divided in fours where A is not packed; every instruction set has a tile for it.</summary>
    private const int RowUnit = 4;

    private GemmProblem<T> _p;
    private GemmPlan _plan;
    private GemmBlocks _blocks;
    private GemmGrid _grid;
    private int _threads;
    private int _parts;
    private int _piecesPerThread;
    private bool _packs;
    private bool _prefetchC;
    private T* _packedA;
    private T* _packedB;

    private nint _packedRows;
    private nint _packedColumns;

    // The current chunk, the terms that are packed together, and the block of them.
    private int _row;
    private int _rows;
    private int _column;
    private int _columns;
    private int _first;
    private int _end;
    private int _k;
    private int _terms;

    private static int PanelRows => GemmKernels<T, TVec>.PanelRows;

    private static int PanelColumns => GemmKernels<T, TVec>.PanelColumns;

    /// <summary>Computes <paramref name="p"/> on <paramref name="threads"/> threads of a pool, with so many pieces for each, or on the caller's alone; M, N and K are at least 1.</summary>
    public static void Run(in GemmProblem<T> p, GemmPlan plan, WorkerPool? pool, int threads, int piecesPerThread)
    {
        var blocks = GemmBlocks.For<T, TVec>(p.M, p.N, p.K);
        // Columns that do not fill a vector are packed even if B is read in place: a tile reads whole vectors.
        nint columns = plan.PackB ? blocks.ChunkColumns : p.N % TVec.Count != 0 ? PanelColumns : 0, rows = plan.PackA ? blocks.ChunkRows : 0;
        int together = threads > 1 ? GemmBlocks.Together((rows + columns) * blocks.Terms * sizeof(T)) : 1;
        int groupTerms = (int)Math.Min((long)together * blocks.Terms, ((long)p.K + blocks.Terms - 1) / blocks.Terms * blocks.Terms);
        using ScratchLease a = Scratch.Rent<T>(rows * groupTerms);
        using ScratchLease b = Scratch.Rent<T>(columns * groupTerms);
        var gemm = new BlockedGemm<T, TVec>
        {
            _p = p,
            _plan = plan,
            _blocks = blocks,
            _threads = threads,
            _parts = threads * piecesPerThread,
            _piecesPerThread = piecesPerThread,
            _prefetchC = p.CColumn == 1 && (long)p.M * p.N * sizeof(T) >= PrefetchedCBytes,
            _packedA = a.As<T>(),
            _packedB = b.As<T>(),
            _packedRows = rows,
            _packedColumns = columns,
        };
        gemm.Run(pool, groupTerms);
    }

    private void Run(WorkerPool? pool, int groupTerms)
    {
        int columnUnit = _plan.PackB || _p.N % TVec.Count != 0 ? PanelColumns : TVec.Count;
        for (_row = 0; _row < _p.M; _row += _rows)
        {
            _rows = Math.Min(_blocks.ChunkRows, _p.M - _row);
            for (_column = 0; _column < _p.N; _column += _columns)
            {
                _columns = Math.Min(_blocks.ChunkColumns, _p.N - _column);
                _grid = InPieces(GemmGrid.For(_rows, _columns, _plan.PackA ? PanelRows : RowUnit, columnUnit, _threads));
                for (_first = 0; _first < _p.K; _first = _end)
                {
                    _end = (int)Math.Min(_p.K, (long)_first + groupTerms);
                    _packs = _packedRows + _packedColumns > 0;
                    if (_packs)
                    {
                        RunPhase(pool);
                    }

                    _packs = false;
                    RunPhase(pool);
                }
            }
        }
    }

    /// <summary>
    /// Each thread's rectangle cut where its loops begin anew anyway, between blocks of what streams; then so that a few panels of the other operand remain,
    /// since the first of them is not fetched ahead.
    /// </summary>
    private readonly GemmGrid InPieces(in GemmGrid grid)
    {
        int rows = (_rows - 1) / grid.RowParts + 1, columns = (_columns - 1) / grid.ColumnParts + 1;
        int streamed = Math.Min(_piecesPerThread, ((_blocks.StreamsA ? rows : columns) - 1) / _blocks.Streamed + 1);
        int staying = Math.Clamp((_blocks.StreamsA ? columns / PanelColumns : rows / PanelRows) / FewPanels, 1, _piecesPerThread / streamed);
        return grid with { RowPieces = _blocks.StreamsA ? streamed : staying, ColumnPieces = _blocks.StreamsA ? staying : streamed };
    }

    private void RunPhase(WorkerPool? pool)
    {
        if (pool is null)
        {
            Run(0, 0);
        }
        else
        {
            pool.Run(_packs ? _parts : _grid.Cells, ref this);
        }
    }

    /// <inheritdoc/>
    public readonly void Run(int part, int worker)
    {
        // Each thread goes from block to block of the terms by itself.
        BlockedGemm<T, TVec> own = this;
        for (own._k = _first; own._k < _end; own._k += own._terms)
        {
            own._terms = Math.Min(_blocks.Terms, _end - own._k);
            if (_packs)
            {
                own.Pack(part);
            }
            else
            {
                own.Multiply(part);
            }

            own._packedA += _packedRows * _blocks.Terms;
            own._packedB += _packedColumns * _blocks.Terms;
        }
    }

    private readonly void Multiply(int part)
    {
        (int row, int rows, int column, int columns) = _grid.Cell(part);
        if (rows == 0 || columns == 0)
        {
            return;
        }

        (row, rows) = Tiled(row, rows);

        // Other strips of B that are no panels collide in the first-level cache, so they stream.
        if (_blocks.StreamsA && (_plan.PackB || _plan.StripsStay))
        {
            int step = GemmBlocks.Even(rows, _blocks.Streamed, PanelRows);
            for (int i = 0; i < rows; i += step)
            {
                int first = RowTiles.Start(i, rows, PanelRows), end = RowTiles.Start(Math.Min(i + step, rows), rows, PanelRows);
                if (_blocks.Staying == PanelColumns)
                {
                    StreamA(row + first, end - first, column, columns);
                    continue;
                }

                for (int j = 0; j < columns; j += _blocks.Staying)
                {
                    StreamB(row + first, end - first, column + j, Math.Min(_blocks.Staying, columns - j));
                }
            }
        }
        else
        {
            int step = _plan.PackB ? GemmBlocks.Even(columns, _blocks.Streamed, PanelColumns) : columns;
            for (int j = 0; j < columns; j += step)
            {
                StreamB(row, rows, column + j, Math.Min(step, columns - j));
            }
        }
    }

    /// <summary>A slice of the chunk's rows, cut where tiles begin: other threads read the panels that one has packed.</summary>
    private readonly (int Row, int Rows) Tiled(int row, int rows)
    {
        if (!_plan.PackA)
        {
            return (row, rows);
        }

        int first = RowTiles.Start(row, _rows, PanelRows);
        return (first, RowTiles.Start(row + rows, _rows, PanelRows) - first);
    }

    /// <summary>A share of the panels of both operands.</summary>
    private readonly void Pack(int part)
    {
        if (_plan.PackA)
        {
            (int first, int rows) = GemmGrid.Slice(_rows, PanelRows, part, _parts);
            (first, rows) = Tiled(first, rows);
            for (int i = first, height; i < first + rows; i += height)
            {
                height = RowTiles.Height(first + rows - i, PanelRows);
                T* a = _p.A + ((_row + i) * _p.ARow) + (_k * _p.AColumn);
                GemmPacking.Pack(_packedA + ((nint)i * _terms), height, a, _p.ARow, _p.AColumn, height, _terms, i + (2 * PanelRows) <= first + rows);
            }
        }

        if (_plan.PackB)
        {
            (int first, int columns) = GemmGrid.Slice(_columns, PanelColumns, part, _parts);
            PackColumns(first, columns, _packedB + ((nint)first * _terms));
        }
        else if (part == 0 && _columns % TVec.Count != 0)
        {
            int width = _columns % PanelColumns;
            PackColumns(_columns - width, width, _packedB);
        }
    }

    private readonly void PackColumns(int first, int columns, T* panels)
    {
        T* b = _p.B + (_k * _p.BRow) + ((_column + first) * _p.BColumn);
        int whole = columns / PanelColumns;
        GemmPacking.PackPanels(panels, PanelColumns, whole, b, _p.BColumn, _p.BRow, _terms);
        int done = whole * PanelColumns, width = columns - done;
        if (width > 0)
        {
            GemmPacking.Pack(panels + ((nint)done * _terms), width <= TVec.Count ? TVec.Count : PanelColumns, b + (done * _p.BColumn), _p.BColumn, _p.BRow, width, _terms);
        }
    }

    private readonly void StreamA(int row, int rows, int column, int columns)
    {
        GemmTile<T> tile = NewTile();
        tile.ANext = _plan.PackA ? (nint)PanelRows * _terms : PanelRows * _p.ARow;
        tile.CNext = PanelRows * _p.CRow;
        tile.RowsNext = PanelRows;
        int whole = RowTiles.Whole(rows, PanelRows) * PanelRows;
        for (int j = column; j < column + columns; j += PanelColumns)
        {
            int width = Math.Min(PanelColumns, column + columns - j);
            int tiled = width == PanelColumns ? whole : 0;
            bool isLast = j + PanelColumns >= column + columns;
            if (tiled > 0)
            {
                tile.Ahead = (byte*)(_plan.PackB ? _packedB + ((nint)(j + PanelColumns) * _terms) : _p.B + (_k * _p.BRow) + _column + j + PanelColumns);
                tile.AheadStep = _plan.PackB ? CacheSizes.Line : _p.BRow * sizeof(T);
                tile.AheadLines = isLast ? 0 : ((_plan.PackB ? _terms * PanelColumns * sizeof(T) / CacheSizes.Line : _terms) + (tiled / PanelRows) - 1) / (tiled / PanelRows);
                Run(&tile, row, PanelRows, j, width, tiled / PanelRows);
            }

            tile.AheadLines = 0;
            for (int i = row + tiled, height; i < row + rows; i += height)
            {
                height = RowTiles.Height(row + rows - i, PanelRows);
                Run(&tile, i, height, j, width, 1);
            }
        }
    }

    private readonly void StreamB(int row, int rows, int column, int columns)
    {
        GemmTile<T> tile = NewTile();
        tile.BNext = _plan.PackB ? (nint)PanelColumns * _terms : PanelColumns;
        tile.CNext = PanelColumns * _p.CColumn;
        tile.ColumnsNext = PanelColumns;
        int whole = columns / PanelColumns * PanelColumns;
        for (int i = row, height; i < row + rows; i += height)
        {
            height = RowTiles.Height(row + rows - i, PanelRows);
            int tiled = height == PanelRows ? whole : 0;
            if (tiled > 0)
            {
                Run(&tile, i, height, column, PanelColumns, tiled / PanelColumns);
            }

            for (int j = column + tiled; j < column + columns; j += PanelColumns)
            {
                Run(&tile, i, height, j, Math.Min(PanelColumns, column + columns - j), 1);
            }
        }
    }

    private readonly GemmTile<T> NewTile() => new()
    {
        K = _terms,
        Alpha = _p.Alpha,
        Beta = _k == 0 ? _p.Beta : T.One,
        ARow = _plan.PackA ? 1 : _p.ARow,
        AColumn = _p.AColumn,
        CRow = _p.CRow,
        CColumn = _p.CColumn,
        BiasPerRowStride = _p.BiasPerRowStride,
        Relu = _p.Relu && _k + _terms == _p.K,
        PrefetchC = _prefetchC,
    };

    /// <summary>One tile, at row and column numbers of the chunk, or several whole ones.</summary>
    private readonly void Run(GemmTile<T>* tile, int row, int height, int column, int width, int tiles)
    {
        tile->Tiles = tiles;
        if (_plan.PackA)
        {
            tile->AColumn = height;
        }

        tile->A = _plan.PackA ? _packedA + ((nint)row * _terms) : _p.A + ((_row + row) * _p.ARow) + (_k * _p.AColumn);
        if (_plan.PackB || width % TVec.Count != 0)
        {
            tile->B = _packedB + (_plan.PackB ? (nint)column * _terms : 0);
            tile->BRow = width <= TVec.Count ? TVec.Count : PanelColumns;
        }
        else
        {
            tile->B = _p.B + (_k * _p.BRow) + ((_column + column) * _p.BColumn);
            tile->BRow = _p.BRow;
        }

        tile->C = _p.C + ((_row + row) * _p.CRow) + ((_column + column) * _p.CColumn);
        if (_k + _terms == _p.K)
        {
            tile->BiasPerColumn = _p.BiasPerColumn == null ? null : _p.BiasPerColumn + _column + column;
            tile->BiasPerRow = _p.BiasPerRow == null ? null : _p.BiasPerRow + ((_row + row) * _p.BiasPerRowStride);
        }

        GemmKernels<T, TVec>.Run(tile, height, width);
    }
}
