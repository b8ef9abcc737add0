using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The matrix product for few rows or columns where both operands run along k: rows of A times columns of B as dot products,
/// 4 × 4 at a time, with nothing packed.
/// </summary>
/// <remarks>Vectors run along k, so that every element needs a horizontal sum in the end; with many rows packing B is cheaper.</remarks>
internal static unsafe class DotGemm<TVector, T, TLanes>
    where TVector : struct
    where T : unmanaged, INumberBase<T>
    where TLanes : struct, ILanes<TVector, T>
{
    private const int Block = 4;

    /// <summary>Computes <paramref name="p"/>, in which AColumn = BRow = 1 and K is at least 1.</summary>
    public static void Run(in GemmProblem<T> p)
    {
        // All rows for four columns, then the next four: of the two operands the larger one, B, is read once.
        T* sums = stackalloc T[Block * Block];
        for (int j = 0; j < p.N; j += Block)
        {
            int columns = Math.Min(Block, p.N - j);
            for (int i = 0; i < p.M; i += Block)
            {
                int rows = Math.Min(Block, p.M - i);
                T* a = p.A + i * p.ARow, b = p.B + j * p.BColumn;
                if (rows == Block && columns == Block) Dots<Four>(a, p.ARow, b, p.BColumn, p.K, sums);
                else Edge(a, p.ARow, rows, b, p.BColumn, columns, p.K, sums);
                for (int r = 0; r < rows; r++)
                {
                    for (int c = 0; c < columns; c++) GemmEpilogue.Store(p, i + r, j + c, sums[r * Block + c]);
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
                Dots<One>(a, 0, b, bColumn, k, sums);
                continue;
            }

            for (int c = 0; c < columns; c++) sums[c] = Dot(a, b + c * bColumn, k);
        }
    }

    /// <summary>Rows × 4 dot products. Each is summed in the order of one vector chain, then across the lanes, then the last terms.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots<TRows>(T* a, nint aRow, T* b, nint bColumn, int k, T* sums) where TRows : struct, ITileRows
    {
        TVector c00 = TLanes.Zero, c01 = TLanes.Zero, c02 = TLanes.Zero, c03 = TLanes.Zero;
        TVector c10 = TLanes.Zero, c11 = TLanes.Zero, c12 = TLanes.Zero, c13 = TLanes.Zero;
        TVector c20 = TLanes.Zero, c21 = TLanes.Zero, c22 = TLanes.Zero, c23 = TLanes.Zero;
        TVector c30 = TLanes.Zero, c31 = TLanes.Zero, c32 = TLanes.Zero, c33 = TLanes.Zero;
        T* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        T* b1 = b + bColumn, b2 = b1 + bColumn, b3 = b2 + bColumn;
        nint p = 0;
        for (; p <= k - TLanes.Count; p += TLanes.Count)
        {
            TVector y0 = TLanes.Load(b + p), y1 = TLanes.Load(b1 + p), y2 = TLanes.Load(b2 + p), y3 = TLanes.Load(b3 + p);
            TVector x = TLanes.Load(a + p);
            c00 = TLanes.MultiplyAdd(x, y0, c00);
            c01 = TLanes.MultiplyAdd(x, y1, c01);
            c02 = TLanes.MultiplyAdd(x, y2, c02);
            c03 = TLanes.MultiplyAdd(x, y3, c03);
            if (TRows.Count > 1)
            {
                x = TLanes.Load(a1 + p);
                c10 = TLanes.MultiplyAdd(x, y0, c10);
                c11 = TLanes.MultiplyAdd(x, y1, c11);
                c12 = TLanes.MultiplyAdd(x, y2, c12);
                c13 = TLanes.MultiplyAdd(x, y3, c13);
                x = TLanes.Load(a2 + p);
                c20 = TLanes.MultiplyAdd(x, y0, c20);
                c21 = TLanes.MultiplyAdd(x, y1, c21);
                c22 = TLanes.MultiplyAdd(x, y2, c22);
                c23 = TLanes.MultiplyAdd(x, y3, c23);
                x = TLanes.Load(a3 + p);
                c30 = TLanes.MultiplyAdd(x, y0, c30);
                c31 = TLanes.MultiplyAdd(x, y1, c31);
                c32 = TLanes.MultiplyAdd(x, y2, c32);
                c33 = TLanes.MultiplyAdd(x, y3, c33);
            }
        }

        TLanes.StoreSums(sums, c00, c01, c02, c03);
        if (TRows.Count > 1)
        {
            TLanes.StoreSums(sums + Block, c10, c11, c12, c13);
            TLanes.StoreSums(sums + 2 * Block, c20, c21, c22, c23);
            TLanes.StoreSums(sums + 3 * Block, c30, c31, c32, c33);
        }

        for (; p < k; p++)
        {
            for (int r = 0; r < TRows.Count; r++)
            {
                for (int c = 0; c < Block; c++) sums[r * Block + c] = T.MultiplyAddEstimate(a[r * aRow + p], b[c * bColumn + p], sums[r * Block + c]);
            }
        }
    }

    /// <summary>One dot product, in the order of the others: where an element lies in C must not show in its bits.</summary>
    private static T Dot(T* a, T* b, int k)
    {
        TVector sum = TLanes.Zero;
        nint p = 0;
        for (; p <= k - TLanes.Count; p += TLanes.Count) sum = TLanes.MultiplyAdd(TLanes.Load(a + p), TLanes.Load(b + p), sum);
        T* sums = stackalloc T[Block];
        TLanes.StoreSums(sums, sum, TLanes.Zero, TLanes.Zero, TLanes.Zero);
        T total = sums[0];
        for (; p < k; p++) total = T.MultiplyAddEstimate(a[p], b[p], total);
        return total;
    }

    private readonly struct One : ITileRows
    {
        public static int Count => 1;
    }

    private readonly struct Four : ITileRows
    {
        public static int Count => 4;
    }
}
