using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

internal sealed class GemmGridTests
{
    [Test]
    public void Cell_OfAllNumbers_CoversEachElementOnce(
        [Values(1, 5, 6, 97)] int m, [Values(1, 16, 33, 130)] int n, [Values(1, 2, 3, 6)] int cells, [Values(1, 2, 4)] int rowPieces, [Values(1, 3)] int columnPieces)
    {
        GemmGrid grid = GemmGrid.For(m, n, 6, 16, cells) with { RowPieces = rowPieces, ColumnPieces = columnPieces };
        Assert.That(grid.Cells, Is.EqualTo(cells * rowPieces * columnPieces));
        int[,] covered = new int[m, n];
        for (int number = 0; number < grid.Cells; number++)
        {
            (int row, int rows, int column, int columns) = grid.Cell(number);
            Assert.That(rows == 0 || row % 6 == 0, "cut within a tile of rows");
            Assert.That(columns == 0 || column % 16 == 0, "cut within a panel");
            for (int i = row; i < row + rows; i++)
            {
                for (int j = column; j < column + columns; j++)
                {
                    covered[i, j]++;
                }
            }
        }

        Assert.That(covered, Is.All.EqualTo(1));
    }

    /// <summary>A thread's share of the numbers is one rectangle: what it has packed stays in its cache.</summary>
    [Test]
    public void Cell_OfOneThreadsNumbers_LieInItsRectangle([Values(2, 3, 4)] int threads)
    {
        GemmGrid whole = GemmGrid.For(200, 320, 6, 16, threads), cut = whole with { RowPieces = 2, ColumnPieces = 3 };
        for (int number = 0; number < cut.Cells; number++)
        {
            (int row, int rows, int column, int columns) = cut.Cell(number);
            (int ownRow, int ownRows, int ownColumn, int ownColumns) = whole.Cell(number / 6);
            Assert.That(row >= ownRow && row + rows <= ownRow + ownRows && column >= ownColumn && column + columns <= ownColumn + ownColumns);
        }
    }
}
