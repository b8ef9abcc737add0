namespace Engine.Cpu;

/// <summary>A matrix C cut into rectangles of about equal work, in rows and columns of whole units.</summary>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="RowUnit">Rows are cut at multiples of this.</param>
/// <param name="ColumnUnit">Columns are cut at multiples of this.</param>
/// <param name="RowParts">Rectangles above each other.</param>
/// <param name="ColumnParts">Rectangles beside each other.</param>
internal readonly record struct GemmGrid(int M, int N, int RowUnit, int ColumnUnit, int RowParts, int ColumnParts)
{
    /// <summary>
    /// Of all ways to cut C into <paramref name="cells"/> rectangles: the one whose largest is smallest, then the one whose rectangles read least. Where each rectangle prepares what it reads,
    /// a row and a column cost as much as so many elements of C.
    /// </summary>
    public static GemmGrid For(int m, int n, int rowUnit, int columnUnit, int cells, int rowCost = 0, int columnCost = 0)
    {
        GemmGrid best = default;
        (long Work, long Reads) least = (long.MaxValue, long.MaxValue);
        for (int rowParts = 1; rowParts <= cells; rowParts++)
        {
            if (cells % rowParts != 0)
            {
                continue;
            }

            var grid = new GemmGrid(m, n, rowUnit, columnUnit, rowParts, cells / rowParts);
            long rows = Largest(m, rowUnit, rowParts), columns = Largest(n, columnUnit, grid.ColumnParts);
            (long Work, long Reads) cost = ((rows * columns) + (rowCost * rows) + (columnCost * columns), ((long)rowParts * n) + ((long)grid.ColumnParts * m));
            if (cost.CompareTo(least) < 0)
            {
                (best, least) = (grid, cost);
            }
        }

        return best;
    }

    /// <summary>Whether parts of whole units differ by no more than an eighth of their share.</summary>
    public static bool IsEven(int size, int unit, int parts) => parts == 1 || Largest(size, unit, parts) * parts <= size + (size / 8);

    /// <summary>Pieces above each other that a rectangle is cut into; they have numbers one after the other, so that one thread begins with all of them.</summary>
    public int RowPieces { get; init; } = 1;

    /// <summary>Pieces beside each other that a rectangle is cut into.</summary>
    public int ColumnPieces { get; init; } = 1;

    /// <summary>How many pieces there are.</summary>
    public int Cells => RowParts * ColumnParts * RowPieces * ColumnPieces;

    /// <summary>The piece of a number; it may be empty.</summary>
    public (int Row, int Rows, int Column, int Columns) Cell(int number)
    {
        (int cell, int piece) = Math.DivRem(number, RowPieces * ColumnPieces);
        (int rowPart, int columnPart) = Math.DivRem(cell, ColumnParts);
        (int rowPiece, int columnPiece) = Math.DivRem(piece, ColumnPieces);
        (int row, int rows) = Slice(M, RowUnit, rowPart, RowParts, rowPiece, RowPieces);
        (int column, int columns) = Slice(N, ColumnUnit, columnPart, ColumnParts, columnPiece, ColumnPieces);
        return (row, rows, column, columns);
    }

    /// <summary>Part <paramref name="part"/> of <paramref name="parts"/> of a size in whole units.</summary>
    public static (int First, int Count) Slice(int size, int unit, int part, int parts)
    {
        long units = (size - 1) / unit + 1;
        int first = (int)Math.Min(size, units * part / parts * unit), end = (int)Math.Min(size, units * (part + 1) / parts * unit);
        return (first, end - first);
    }

    private static (int First, int Count) Slice(int size, int unit, int part, int parts, int piece, int pieces)
    {
        (int first, int count) = Slice(size, unit, part, parts);
        if (pieces == 1 || count == 0)
        {
            return (first, count);
        }
        (int offset, int own) = Slice(count, unit, piece, pieces);
        return (first + offset, own);
    }

    private static long Largest(int size, int unit, int parts)
    {
        long units = (size - 1) / unit + 1;
        return Math.Min(size, ((units - 1) / parts + 1) * unit);
    }
}
