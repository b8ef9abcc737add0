namespace Engine.Cpu;

/// <summary>How rows are cut into register tiles: as high as a panel, one after the other, but 8 and 9 rows at the end where panels have 6 are 4 + 4 and 4 + 5.</summary>
/// <remarks>
/// The processor starts two multiply-adds a cycle and finishes each after four. So a tile of two rows and two vectors, with its four chains of sums, takes a term as long as a tile of four rows:
/// 32 rows as 5 · 6 + 2 cost 34 rows, as 4 · 6 + 2 · 4 they cost 32.
/// </remarks>
internal static class RowTiles
{
    private const int LowPanel = 6, Half = 4, Fewest = 8, Most = 9;

    /// <summary>The height of the tile that begins where so many rows are left.</summary>
    public static int Height(int left, int panelRows) => panelRows == LowPanel && left is (Fewest or Most) ? Half : Math.Min(panelRows, left);

    /// <summary>Tiles as high as a panel that so many rows begin with.</summary>
    public static int Whole(int rows, int panelRows) => (rows / panelRows) - (IsShifted(rows, panelRows) ? 1 : 0);

    /// <summary>Where the tile begins that would begin at <paramref name="row"/>, a multiple of the panel's height or the end, if all but the last were as high as panels.</summary>
    public static int Start(int row, int rows, int panelRows)
        => row < rows && row == rows / panelRows * panelRows && IsShifted(rows, panelRows) ? row - (LowPanel - Half) : row;

    private static bool IsShifted(int rows, int panelRows) => panelRows == LowPanel && rows > LowPanel && rows % LowPanel is (Fewest - LowPanel) or (Most - LowPanel);
}
