namespace Engine.Cpu;

/// <summary>
/// The right-hand matrix of several products, copied into panels once: a product by itself would copy it again for each block of rows. Every row tile is a whole one but the last few, and a panel
/// stays in the first-level cache while rows stream past, as in <see cref="GemmBlocks"/>.
/// </summary>
/// <remarks>As there an element is one chain of multiply-adds per block of terms, and where blocks end follows from the matrix alone.</remarks>
internal readonly unsafe struct SharedPanels<TVec> where TVec : struct, ISimd<TVec>
{
    private readonly float* _panels;
    private readonly nint _columns;
    private readonly int _packed;
    private readonly GemmBlocks _blocks;

    /// <summary>Copies a matrix.</summary>
    /// <param name="panels">Room for <see cref="Size"/> numbers, aligned to a cache line.</param>
    /// <param name="terms">Rows of the matrix.</param>
    /// <param name="packed">Rows that are read: the first ones.</param>
    /// <param name="columns">Columns that are read.</param>
    /// <param name="source">Its first element.</param>
    /// <param name="row">From one row to the next.</param>
    /// <param name="column">From one column to the next.</param>
    public SharedPanels(float* panels, int terms, int packed, int columns, float* source, nint row, nint column)
    {
        _panels = panels;
        _columns = Padded(columns);
        _packed = packed;
        _blocks = GemmBlocks.For<float, TVec>(1, Math.Max(1, columns), Math.Max(1, terms));
        for (int k = 0; k < packed; k += _blocks.Terms)
        {
            GemmPacking.PackColumns(panels + (k * _columns), PanelColumns, PanelColumns, columns, source + (k * row), column, row, Math.Min(_blocks.Terms, packed - k));
        }
    }

    private static int PanelRows => GemmKernels<float, TVec>.PanelRows;

    private int PanelColumns => _blocks.PanelColumns;

    /// <summary>Columns with those that fill the last panel, which are 0.</summary>
    public static nint Padded(int columns)
    {
        int width = GemmKernels<float, TVec>.PanelColumnsOf(columns);
        return ((nint)columns + width - 1) / width * width;
    }

    /// <summary>Columns with as many of those as end a whole cache line: tiles of whole vectors cost less than the edge of C does.</summary>
    public static int Filled(int columns) => (int)Math.Min(Padded(columns), ((nint)columns + 15) & -16);

    /// <summary>How many numbers the panels take.</summary>
    public static nint Size(int terms, int columns) => terms * Padded(columns);

    /// <summary>C = A·B, or C += A·B, for the first rows and columns of B.</summary>
    /// <param name="a">The first element of A, [rows, terms], whose columns are <paramref name="aColumn"/> apart.</param>
    /// <param name="aRow">From one row of A to the next.</param>
    /// <param name="aColumn">From one column of A to the next.</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="terms">Columns of A.</param>
    /// <param name="c">The first element of C.</param>
    /// <param name="cRow">From one row of C to the next.</param>
    /// <param name="cColumn">From one column of C to the next.</param>
    /// <param name="columns">Columns of C.</param>
    /// <param name="adds">Whether C is added to.</param>
    public void Multiply(float* a, nint aRow, nint aColumn, int rows, int terms, float* c, nint cRow, nint cColumn, int columns, bool adds)
    {
        if (terms == 0 && !adds)
        {
            Clear(c, cRow, cColumn, rows, columns);
        }

        for (int k = 0; k < terms; k += _blocks.Terms)
        {
            nint panel = PanelColumns * (nint)Math.Min(_blocks.Terms, _packed - k);
            GemmTile<float> tile = new()
            {
                K = Math.Min(_blocks.Terms, terms - k),
                Alpha = 1,
                Beta = adds || k > 0 ? 1 : 0,
                ARow = aRow,
                AColumn = aColumn,
                BRow = PanelColumns,
                CRow = cRow,
                CColumn = cColumn,
            };
            int staying = _blocks.StreamsA ? _blocks.Staying : columns;
            for (int j = 0; j < columns; j += staying)
            {
                int width = Math.Min(staying, columns - j);
                Multiply(&tile, a + (k * aColumn), rows, _panels + (k * _columns) + (j / PanelColumns * panel), panel, c + (j * cColumn), width);
            }
        }
    }

    /// <summary>All rows by the panels that stay: one panel after the other by all rows where one fills the cache, otherwise one tile of rows after the other by all panels.</summary>
    private void Multiply(GemmTile<float>* tile, float* a, int rows, float* panels, nint panel, float* c, int columns)
    {
        bool isOne = columns <= PanelColumns;
        int whole = !isOne ? columns / PanelColumns : columns == PanelColumns ? RowTiles.Whole(rows, PanelRows) : 1;
        tile->ANext = isOne ? PanelRows * tile->ARow : 0;
        tile->BNext = isOne ? 0 : panel;
        tile->CNext = isOne ? PanelRows * tile->CRow : PanelColumns * tile->CColumn;
        for (int i = 0, height; i < rows; i += height)
        {
            height = RowTiles.Height(rows - i, PanelRows);
            bool isRun = height == PanelRows && whole > 1;
            int tiles = isRun ? whole : 1;
            Run(tile, a + (i * tile->ARow), panels, c + (i * tile->CRow), height, Math.Min(PanelColumns, columns), tiles);
            if (isOne)
            {
                height = tiles > 1 ? tiles * PanelRows : height;
                continue;
            }

            for (int j = tiles * PanelColumns; j < columns; j += PanelColumns)
            {
                Run(tile, a + (i * tile->ARow), panels + (j / PanelColumns * panel), c + (i * tile->CRow) + (j * tile->CColumn), height, Math.Min(PanelColumns, columns - j), 1);
            }
        }
    }

    private static void Clear(float* c, nint cRow, nint cColumn, int rows, int columns)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                c[(i * cRow) + (j * cColumn)] = 0;
            }
        }
    }

    private static void Run(GemmTile<float>* tile, float* a, float* b, float* c, int height, int width, int tiles)
    {
        tile->A = a;
        tile->B = b;
        tile->C = c;
        tile->Tiles = tiles;
        GemmKernels<float, TVec>.Run(tile, height, width);
    }
}
