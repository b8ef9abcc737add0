using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The matrix product for few rows or columns where both operands run along k: rows of A times columns of B as dot products,
/// 4 × 4 at a time, with nothing packed.
/// </summary>
/// <remarks>Vectors run along k, so that every element needs a horizontal sum in the end; with many rows packing B is cheaper.</remarks>
internal static unsafe class DotGemm<T, TVec>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    private const int Block = 4;

    /// <summary>Columns of a single row: as many streams of memory, and sums enough that one need not wait for the other.</summary>
    private const int Wide = 8;

    /// <summary>Computes <paramref name="p"/>, in which AColumn = BRow = 1 and K is at least 1.</summary>
    public static void Run(in GemmProblem<T> p)
    {
        // All rows for four columns, then the next four: of the two operands the larger one, B, is read once.
        T* sums = stackalloc T[Block * Block];
        int first = 0;
        for (; p.M == 1 && first <= p.N - Wide; first += Wide)
        {
            RowDots(p.A, p.B + (first * p.BColumn), p.BColumn, p.K, sums);
            GemmEpilogue.StoreRow(p, 0, first, sums, Wide);
        }

        for (int j = first; j < p.N; j += Block)
        {
            int columns = Math.Min(Block, p.N - j);
            for (int i = 0; i < p.M; i += Block)
            {
                int rows = Math.Min(Block, p.M - i);
                T* a = p.A + (i * p.ARow), b = p.B + (j * p.BColumn);
                if (rows == Block && columns == Block)
                {
                    Dots<TileSize.Four>(a, p.ARow, b, p.BColumn, p.K, sums);
                }
                else
                {
                    Edge(a, p.ARow, rows, b, p.BColumn, columns, p.K, sums);
                }

                for (int r = 0; r < rows; r++)
                {
                    GemmEpilogue.StoreRow(p, i + r, j, sums + (r * Block), columns);
                }
            }
        }
    }

    private static void Edge(T* a, nint aRow, int rows, T* b, nint bColumn, int columns, int k, T* sums)
    {
        for (int r = 0; r < rows; r++, a += aRow, sums += Block)
        {
            if (columns == Block)
            {
                Dots<TileSize.One>(a, 0, b, bColumn, k, sums);
                continue;
            }

            for (int c = 0; c < columns; c++)
            {
                sums[c] = Dot(a, b + (c * bColumn), k);
            }
        }
    }

    /// <summary>Rows × 4 dot products. Each is summed in the order of one vector chain, then across the lanes, then the last terms.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots<TRows>(T* a, nint aRow, T* b, nint bColumn, int k, T* sums) where TRows : struct, ITileSize
    {
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero, c03 = TVec.Zero;
        TVec c10 = TVec.Zero, c11 = TVec.Zero, c12 = TVec.Zero, c13 = TVec.Zero;
        TVec c20 = TVec.Zero, c21 = TVec.Zero, c22 = TVec.Zero, c23 = TVec.Zero;
        TVec c30 = TVec.Zero, c31 = TVec.Zero, c32 = TVec.Zero, c33 = TVec.Zero;
        T* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        T* b1 = b + bColumn, b2 = b1 + bColumn, b3 = b2 + bColumn;
        nint p = 0;
        for (; p <= k - TVec.Count; p += TVec.Count)
        {
            TVec y0 = TVec.Load(b + p), y1 = TVec.Load(b1 + p), y2 = TVec.Load(b2 + p), y3 = TVec.Load(b3 + p);
            Multiply(TVec.Load(a + p), y0, y1, y2, y3, ref c00, ref c01, ref c02, ref c03);
            if (TRows.Count > 1)
            {
                Multiply(TVec.Load(a1 + p), y0, y1, y2, y3, ref c10, ref c11, ref c12, ref c13);
                Multiply(TVec.Load(a2 + p), y0, y1, y2, y3, ref c20, ref c21, ref c22, ref c23);
                Multiply(TVec.Load(a3 + p), y0, y1, y2, y3, ref c30, ref c31, ref c32, ref c33);
            }
        }

        TVec.StoreSums(sums, c00, c01, c02, c03);
        if (TRows.Count > 1)
        {
            TVec.StoreSums(sums + Block, c10, c11, c12, c13);
            TVec.StoreSums(sums + (2 * Block), c20, c21, c22, c23);
            TVec.StoreSums(sums + (3 * Block), c30, c31, c32, c33);
        }

        for (; p < k; p++)
        {
            for (int r = 0; r < TRows.Count; r++)
            {
                for (int c = 0; c < Block; c++)
                {
                    sums[(r * Block) + c] = T.MultiplyAddEstimate(a[(r * aRow) + p], b[(c * bColumn) + p], sums[(r * Block) + c]);
                }
            }
        }
    }

    /// <summary>Eight dot products with one row, each in the order of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowDots(T* a, T* b, nint bColumn, int k, T* sums)
    {
        TVec c0 = TVec.Zero, c1 = TVec.Zero, c2 = TVec.Zero, c3 = TVec.Zero, c4 = TVec.Zero, c5 = TVec.Zero, c6 = TVec.Zero, c7 = TVec.Zero;
        T* b1 = b + bColumn, b2 = b1 + bColumn, b3 = b2 + bColumn, b4 = b3 + bColumn, b5 = b4 + bColumn, b6 = b5 + bColumn, b7 = b6 + bColumn;
        nint p = 0;
        for (; p <= k - TVec.Count; p += TVec.Count)
        {
            TVec x = TVec.Load(a + p);
            Multiply(x, TVec.Load(b + p), TVec.Load(b1 + p), TVec.Load(b2 + p), TVec.Load(b3 + p), ref c0, ref c1, ref c2, ref c3);
            Multiply(x, TVec.Load(b4 + p), TVec.Load(b5 + p), TVec.Load(b6 + p), TVec.Load(b7 + p), ref c4, ref c5, ref c6, ref c7);
        }

        TVec.StoreSums(sums, c0, c1, c2, c3);
        TVec.StoreSums(sums + Block, c4, c5, c6, c7);
        for (; p < k; p++)
        {
            for (int c = 0; c < Wide; c++)
            {
                sums[c] = T.MultiplyAddEstimate(a[p], b[(c * bColumn) + p], sums[c]);
            }
        }
    }

    /// <summary>Adds the products of a row of A and four columns of B to their sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(TVec x, TVec y0, TVec y1, TVec y2, TVec y3, ref TVec c0, ref TVec c1, ref TVec c2, ref TVec c3)
    {
        TVec.Accumulate(ref c0, x, y0);
        TVec.Accumulate(ref c1, x, y1);
        TVec.Accumulate(ref c2, x, y2);
        TVec.Accumulate(ref c3, x, y3);
    }

    /// <summary>One dot product, in the order of the others: where an element lies in C must not show in its bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Dot(T* a, T* b, int k)
    {
        TVec sum = TVec.Zero;
        nint p = 0;
        for (; p <= k - TVec.Count; p += TVec.Count)
        {
            TVec.Accumulate(ref sum, TVec.Load(a + p), TVec.Load(b + p));
        }

        T* sums = stackalloc T[Block];
        TVec.StoreSums(sums, sum, TVec.Zero, TVec.Zero, TVec.Zero);
        T total = sums[0];
        for (; p < k; p++)
        {
            total = T.MultiplyAddEstimate(a[p], b[p], total);
        }

        return total;
    }
}
