namespace Engine.Cpu;

/// <summary>The loops over a rectangle's panels, and their tiles.</summary>
internal unsafe partial struct BlockedGemm<T, TVec>
{
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
                tile.Ahead = (byte*)(_plan.PackB ? _panels + ((nint)(j + PanelColumns - _firstColumn) * _terms) : _p.B + (_k * _p.BRow) + _column + j + PanelColumns);
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
            tile->B = _panels + ((nint)(column - _firstColumn) * _terms);
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
