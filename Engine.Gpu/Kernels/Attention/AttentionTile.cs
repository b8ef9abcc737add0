namespace Engine.Gpu;

/// <summary>How a group of work-items shares a tile of scores.</summary>
/// <param name="Math">The units that multiply.</param>
/// <param name="Items">Work-items of the group.</param>
/// <param name="Across">Work-items that share a row of the tile.</param>
/// <param name="RowsOfItem">Rows that a work-item has of the tile; with tensor cores two for each 16 rows of a warp.</param>
/// <param name="Columns">Rows of the other side that are in shared memory at a time.</param>
/// <param name="KeepsOwn">With tensor cores: whether a warp's own rows stay in registers.</param>
internal readonly record struct AttentionTile(TileMath Math, int Items, int Across, int RowsOfItem, int Columns, bool KeepsOwn)
{
    // Two groups fit on a multiprocessor of a large card, one on that of a small one.
    private const int MostSharedBytes = 100 * 1024;

    // Of the 255 that an instruction can name; the rest is for addresses and fragments.
    private const int MostRegisters = 152;

    // Sums of 4 × 8 read three vectors of shared memory for 32 multiply-adds; more of them would leave too few work-items for a multiprocessor.
    private static readonly (int Items, int Across, int Rows, int Columns)[] s_fma =
        [(128, 8, 4, 64), (128, 8, 4, 32), (128, 16, 4, 32), (128, 16, 2, 32), (128, 16, 2, 16), (64, 16, 4, 32), (64, 16, 2, 32), (64, 16, 2, 16), (64, 16, 1, 16)];

    private static readonly (int Blocks, int Columns)[] s_mma = [(2, 64), (2, 32), (1, 64), (1, 32), (1, 16)];

    /// <summary>Own rows.</summary>
    public int Rows => Items / Across * RowsOfItem;

    /// <summary>Scores of a row that a work-item has.</summary>
    public int ColumnsOfItem => Columns / Across;

    /// <summary>Results of a row that a work-item has, of so many.</summary>
    public int ResultsOfItem(int columns) => Padded(columns) / Across;

    /// <summary>Columns of a tile in shared memory.</summary>
    public static int Padded(int columns) => (columns + 15) & ~15;

    /// <summary>The largest tile that fits, of tensor cores if they may multiply; null where none does.</summary>
    /// <param name="target">The device.</param>
    /// <param name="pass">Which kernel.</param>
    /// <param name="math">The units that may multiply.</param>
    /// <param name="depth">Columns of Q and K.</param>
    /// <param name="width">Columns of V.</param>
    /// <param name="spare">Registers that masks need.</param>
    public static AttentionTile? Choose(GpuTarget target, AttentionPass pass, TileMath math, int depth, int width, int spare)
    {
        int limit = System.Math.Min(target.SharedBytes, MostSharedBytes);
        if (math != TileMath.Fma && target.GroupSize >= 128)
        {
            foreach ((int blocks, int columns) in s_mma)
            {
                foreach (bool keeps in (ReadOnlySpan<bool>)[true, false])
                {
                    AttentionTile tile = new(math, 128, 4, 2 * blocks, columns, keeps);
                    if (tile.Registers(pass, depth, width) + spare <= MostRegisters && new AttentionLayout(tile, pass, depth, width, isStaged: true).Bytes <= limit)
                    {
                        return tile;
                    }
                }
            }
        }

        foreach ((int items, int across, int rows, int columns) in s_fma)
        {
            // Without shuffles the largest scores of rows are found through shared memory; a driver behind OpenCL may refuse them later.
            AttentionTile tile = new(TileMath.Fma, items, across, rows, columns, false);
            int reduction = pass == AttentionPass.Forward && (target.SubGroupSize == 0 || target.Api == GpuApi.OpenCl) ? items * rows * sizeof(float) : 0;
            if (items <= target.GroupSize && new AttentionLayout(tile, pass, depth, width, isStaged: false).Bytes + reduction <= limit)
            {
                return tile;
            }
        }

        return null;
    }

    /// <summary>Registers of sums, scores and own rows.</summary>
    public int Registers(AttentionPass pass, int depth, int width)
    {
        int sums = pass == AttentionPass.Forward ? ResultsOfItem(width) : ResultsOfItem(depth) + (pass == AttentionPass.GradKeyValue ? ResultsOfItem(width) : 0);
        int scores = ColumnsOfItem * (pass == AttentionPass.Forward ? 1 : 2);
        int own = Padded(depth) + (pass == AttentionPass.Forward ? 0 : Padded(width));
        int perBlock = Math.IsHalf ? own / 4 : own / 2;
        return (RowsOfItem * (sums + scores)) + (Math == TileMath.Fma ? 0 : KeepsOwn ? RowsOfItem / 2 * perBlock : 8);
    }
}
