namespace Engine.Gpu;

/// <summary>Where the four registers of a matrix instruction's results lie among a work-item's sums.</summary>
internal static class MmaBlock
{
    /// <summary>Adds A·B to two neighbouring blocks of a tile.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="sums">The sums of the work-item, row by row.</param>
    /// <param name="i">The row of blocks.</param>
    /// <param name="j">The first one's column.</param>
    /// <param name="a">Registers of A.</param>
    /// <param name="b">Registers of B for the one block, then for the other.</param>
    public static void AddPair(KernelBuilder k, GemmTile tile, Variable[] sums, int i, int j, Value[] a, Value[] b)
    {
        for (int side = 0; side < 2; side++)
        {
            int at = (2 * i * tile.TN) + (2 * (j + side));
            k.AddMma(tile.Math.Shape, a, b[(2 * side)..((2 * side) + 2)], [sums[at], sums[at + 1], sums[at + tile.TN], sums[at + tile.TN + 1]]);
        }
    }
}
