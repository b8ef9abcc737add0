using System.Numerics;

namespace Engine.Cpu;

/// <summary>The matrix product in cache-sized blocks; see <see cref="GemmBlocks"/>.</summary>
/// <remarks>
/// <para>For every few blocks of terms two loops over the threads: operands are packed, each panel once, then each thread computes rectangles of C from
/// the panels that it shares with the others. What <see cref="GemmPlan"/> leaves where it lies is not packed; and where panels of B are needed once, because a block of A has all
/// rows or B streams on one thread, who computes a rectangle packs its panels itself: nobody waits for them, and they are multiplied in the cache where they were written.</para>
/// <para>An element of C is one chain of multiply-adds per block of terms, whatever tile it falls into; so its bits depend on K alone, not on
/// where it lies nor on how C is divided among threads.</para>
/// </remarks>
internal unsafe partial struct BlockedGemm<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>A C smaller than this is in the second-level cache already.</summary>
    private const int PrefetchedCBytes = 256 << 10;

    /// <summary>Panels of the operand that stays in a piece of a thread's rectangle, at least.</summary>
    private const int FewPanels = 4;

    /// <summary>A B this small is packed by each piece: 1 µs, less than the threads wait for each other.</summary>
    private const int SmallBBytes = 16 << 10;

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
    private bool _packsOwn;
    private bool _betweenColumns;
    private bool _prefetchC;
    private T* _packedA;
    private T* _packedB;

    // Panels of B in the order of their columns, from this one on: the shared ones, or those of the piece.
    private T* _panels;
    private int _firstColumn;

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

    private readonly int PanelColumns => _blocks.PanelColumns;

    /// <summary>Computes <paramref name="p"/> on <paramref name="threads"/> threads of a pool, with so many pieces for each, or on the caller's alone; M, N and K are at least 1.</summary>
    public static void Run(in GemmProblem<T> p, GemmPlan plan, WorkerPool? pool, int threads, int piecesPerThread)
    {
        var blocks = GemmBlocks.For<T, TVec>(p.M, p.N, p.K);
        bool once = blocks.StreamsA
            ? p.M <= blocks.Streamed && GemmGrid.IsEven(Math.Min(p.N, blocks.ChunkColumns), FewPanels * blocks.PanelColumns, threads)
            : threads == 1;
        bool packsOwn = plan.PackB && (once || (blocks.StreamsA && threads > 1 && (long)p.N * p.K * sizeof(T) <= SmallBBytes));
        nint columns = plan.PackB && !packsOwn ? blocks.ChunkColumns : 0, rows = plan.PackA ? blocks.ChunkRows : 0;
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
            _packsOwn = packsOwn,
            _betweenColumns = packsOwn && once,
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
                int rowUnit = _plan.PackA ? PanelRows : RowUnit;
                _grid = InPieces(_betweenColumns ? new GemmGrid(_rows, _columns, rowUnit, columnUnit, 1, _threads) : GemmGrid.For(_rows, _columns, rowUnit, columnUnit, _threads));
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
        int streamed = _betweenColumns ? 1 : Math.Min(_piecesPerThread, ((_blocks.StreamsA ? rows : columns) - 1) / _blocks.Streamed + 1);
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

    private void Multiply(int part)
    {
        (int row, int rows, int column, int columns) = _grid.Cell(part);
        if (rows == 0 || columns == 0)
        {
            return;
        }

        (row, rows) = Tiled(row, rows);
        _panels = _packedB;
        _firstColumn = 0;
        if (_packsOwn)
        {
            MultiplyOwn(row, rows, column, columns);
            return;
        }

        if (_plan.PackB || columns % TVec.Count == 0)
        {
            Multiply(row, rows, column, columns);
            return;
        }

        // Columns that do not fill a vector are packed even if B is read in place: a tile reads whole vectors.
        int width = columns % PanelColumns;
        using ScratchLease panel = Scratch.Rent<T>((nint)PanelColumns * _terms);
        _panels = panel.As<T>();
        _firstColumn = column + columns - width;
        PackColumns(_firstColumn, width, _panels);
        Multiply(row, rows, column, columns);
    }

    /// <summary>Panels of B are packed as they are needed, some at a time, and multiplied in the cache where they were written.</summary>
    private void MultiplyOwn(int row, int rows, int column, int columns)
    {
        // As many as the second-level cache holds beside A: rows of B are read on for longer.
        int room = _blocks.StreamsA ? _blocks.Streamed - rows : _blocks.Streamed;
        int together = Math.Min(columns, Math.Max(FewPanels, room / PanelColumns) * PanelColumns);
        using ScratchLease panels = Scratch.Rent<T>((nint)GemmBlocks.Even(together, together, PanelColumns) * _terms);
        _panels = panels.As<T>();
        for (int j = 0; j < columns; j += together)
        {
            _firstColumn = column + j;
            PackColumns(_firstColumn, Math.Min(together, columns - j), _panels);
            Multiply(row, rows, _firstColumn, Math.Min(together, columns - j));
        }
    }

    private readonly void Multiply(int row, int rows, int column, int columns)
    {
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

    /// <summary>A share of the panels that threads share.</summary>
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

        if (_packedColumns > 0)
        {
            (int first, int columns) = GemmGrid.Slice(_columns, PanelColumns, part, _parts);
            PackColumns(first, columns, _packedB + ((nint)first * _terms));
        }
    }

    private readonly void PackColumns(int first, int columns, T* panels)
    {
        T* b = _p.B + (_k * _p.BRow) + ((_column + first) * _p.BColumn);
        int rest = columns % PanelColumns <= TVec.Count ? TVec.Count : PanelColumns;
        GemmPacking.PackColumns(panels, PanelColumns, rest, columns, b, _p.BColumn, _p.BRow, _terms);
    }
}
