using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Tiles of any size: the register tiles of <see cref="Microkernel{T, TVec}"/>, and the edges of C.</summary>
internal static unsafe class GemmKernels<T, TVec>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>A strip of B within this much memory stays in the first-level cache.</summary>
    private const int FirstLevelBytes = 64 << 10;

    /// <summary>Most rows of C in a tile: 24 accumulators fill the 32 registers of AVX-512; the other instruction sets are taken to have 16.</summary>
    public static int PanelRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TVec.Count * sizeof(T) == 64 ? 8 : 6;
    }

    /// <summary>Most columns of C in a tile: three vectors where there are 32 registers, otherwise two.</summary>
    public static int PanelColumns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (TVec.Count * sizeof(T) == 64 ? 3 : 2) * TVec.Count;
    }

    /// <summary>Columns of the panels that so many columns of B are cut into: where three vectors would leave a single one over, few columns are cut into pairs. A tile of one vector keeps the units waiting.</summary>
    public static int PanelColumnsOf(int columns) => (columns + TVec.Count - 1) / TVec.Count is 4 or 10 ? 2 * TVec.Count : PanelColumns;

    /// <summary>
    /// Computes <paramref name="rows"/> × <paramref name="columns"/> elements of C, 1 to PanelRows and 1 to PanelColumns; or several tiles of
    /// PanelRows rows.
    /// </summary>
    /// <param name="tile">The operands. Its fields A, B, C and the biases may have been changed on return.</param>
    /// <param name="rows">Rows of C.</param>
    /// <param name="columns">Columns of C.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(GemmTile<T>* tile, int rows, int columns)
    {
        bool isWhole = tile->CColumn == 1 && tile->BiasPerRow == null && columns % TVec.Count == 0;
        bool plain = !tile->Relu && tile->BiasPerColumn == null, unscaled = tile->Alpha == T.One && (tile->Beta == T.Zero || tile->Beta == T.One);
        tile->HasEpilogue = !plain || tile->Alpha != T.One || tile->Beta != T.Zero;
        if (tile->PrefetchC)
        {
            tile->FetchC(tile->C, rows, columns);
        }

        if (isWhole && rows == PanelRows && unscaled && (PanelRows == 8 || columns == PanelColumns))
        {
            RunWhole(tile, plain, columns / TVec.Count);
            return;
        }

        while (true)
        {
            tile->FetchAhead();
            if (isWhole)
            {
                RunRows(tile, rows, columns);
            }
            else
            {
                RunEdge(tile, rows, columns);
            }

            if (--tile->Tiles < 1)
            {
                return;
            }

            tile->Advance();
            if (tile->PrefetchC)
            {
                tile->FetchC(tile->C, rows, columns);
            }
        }
    }

    /// <summary>Computes any number of rows of up to PanelColumns columns: whole tiles in one run, ANext and CNext apart, then the rows that are left.</summary>
    public static void RunDown(GemmTile<T>* tile, int rows, int columns)
    {
        int whole = rows / PanelRows;
        T* a = tile->A + (whole * tile->ANext), b = tile->B, c = tile->C + (whole * tile->CNext);
        if (whole > 0)
        {
            tile->Tiles = whole;
            Run(tile, PanelRows, columns);
        }

        if (whole * PanelRows < rows)
        {
            tile->Tiles = 1;
            tile->A = a;
            tile->B = b;
            tile->C = c;
            Run(tile, rows - (whole * PanelRows), columns);
        }
    }

    private static void RunWhole(GemmTile<T>* tile, bool plain, int vectors)
    {
        if (!plain)
        {
            tile->Least = tile->Relu ? T.Zero : -T.One / T.Zero;
            tile->NoBias = tile->Relu ? T.Zero : -T.Zero;
        }

        switch (tile->Beta != T.Zero, plain)
        {
            case (false, true):
                RunWhole<TileFinish.Store>(tile, vectors);
                break;
            case (true, true):
                RunWhole<TileFinish.Add>(tile, vectors);
                break;
            case (false, false):
                RunWhole<TileFinish.Complete>(tile, vectors);
                break;
            default:
                RunWhole<TileFinish.AddComplete>(tile, vectors);
                break;
        }
    }

    private static void RunWhole<TFinish>(GemmTile<T>* tile, int vectors) where TFinish : struct, ITileFinish
    {
        bool isPacked = tile->ARow == 1 && tile->AColumn == PanelRows;
        if (PanelRows == 8)
        {
            switch (vectors)
            {
                case 3:
                    RunEight<TileSize.Three, TFinish>(tile, isPacked);
                    break;
                case 2:
                    RunEight<TileSize.Two, TFinish>(tile, isPacked);
                    break;
                default:
                    RunEight<TileSize.One, TFinish>(tile, isPacked);
                    break;
            }
        }
        else if (isPacked)
        {
            WholeTiles<T, TVec>.Run<TileSize.Six, TileSize.Two, TFinish, TileLayout.Packed>(tile);
        }
        else if (tile->AColumn == 1)
        {
            WholeTiles<T, TVec>.Run<TileSize.Six, TileSize.Two, TFinish, TileLayout.Contiguous>(tile);
        }
        else
        {
            WholeTiles<T, TVec>.Run<TileSize.Six, TileSize.Two, TFinish, TileLayout.Any>(tile);
        }
    }

    private static void RunEight<TVectors, TFinish>(GemmTile<T>* tile, bool isPacked)
        where TVectors : struct, ITileSize
        where TFinish : struct, ITileFinish
    {
        // With a bias two terms at a time are more than the inliner takes: a call would spill all sums.
        bool pairs = Unsafe.SizeOf<TFinish>() < TileFinish.CompleteSize;
        if (tile->BRow > PanelColumns && tile->BRow * tile->K * sizeof(T) > FirstLevelBytes)
        {
            WholeTiles<T, TVec>.Run<TileSize.Eight, TVectors, TFinish, TileLayout.Strips>(tile);
        }
        else if (pairs && isPacked)
        {
            WholeTiles<T, TVec>.Run<TileSize.Eight, TVectors, TFinish, TileLayout.Packed>(tile);
        }
        else if (pairs && tile->AColumn == 1)
        {
            WholeTiles<T, TVec>.Run<TileSize.Eight, TVectors, TFinish, TileLayout.Contiguous>(tile);
        }
        else
        {
            WholeTiles<T, TVec>.Run<TileSize.Eight, TVectors, TFinish, TileLayout.Any>(tile);
        }
    }

    /// <summary>Whole vectors; rows that are no size of a kernel are done in two or more pieces.</summary>
    private static void RunRows(GemmTile<T>* tile, int rows, int columns)
    {
        int vectors = columns / TVec.Count;
        while (true)
        {
            int piece = vectors == 3 ? RunPiece<TileSize.Three>(tile, rows) : vectors == 2 ? RunPiece<TileSize.Two>(tile, rows) : RunPiece<TileSize.One>(tile, rows);
            if ((rows -= piece) == 0)
            {
                return;
            }

            tile->A += piece * tile->ARow;
            tile->C += piece * tile->CRow;
        }
    }

    private static int RunPiece<TVectors>(GemmTile<T>* tile, int rows) where TVectors : struct, ITileSize
    {
        if (PanelRows == 8 && rows >= 8)
        {
            Microkernel<T, TVec>.Run<TileSize.Eight, TVectors>(tile);
            return 8;
        }

        if (PanelRows == 6 && rows >= 6)
        {
            Microkernel<T, TVec>.Run<TileSize.Six, TVectors>(tile);
            return 6;
        }

        if (rows >= 4)
        {
            Microkernel<T, TVec>.Run<TileSize.Four, TVectors>(tile);
            return 4;
        }

        if (rows >= 2)
        {
            Microkernel<T, TVec>.Run<TileSize.Two, TVectors>(tile);
            return 2;
        }

        Microkernel<T, TVec>.Run<TileSize.One, TVectors>(tile);
        return 1;
    }

    /// <summary>A tile that is not made of whole vectors of C: the product goes to the stack first, and from there to C.</summary>
    [SkipLocalsInit]
    private static void RunEdge(GemmTile<T>* tile, int rows, int columns)
    {
        const int Alignment = 64;
        byte* stack = stackalloc byte[8 * 3 * 64 + Alignment];
        T* product = (T*)((nint)(stack + Alignment - 1) & -Alignment);
        int width = (columns + TVec.Count - 1) / TVec.Count * TVec.Count;

        GemmTile<T> plain = default;
        plain.K = tile->K;
        plain.A = tile->A;
        plain.ARow = tile->ARow;
        plain.AColumn = tile->AColumn;
        plain.B = tile->B;
        plain.BRow = tile->BRow;
        plain.C = product;
        plain.CRow = width;
        RunRows(&plain, rows, width);

        for (int i = 0; i < rows; i++, product += width)
        {
            T* c = tile->C + i * tile->CRow;
            T bias = tile->BiasPerRow == null ? T.Zero : tile->BiasPerRow[i * tile->BiasPerRowStride];
            if (tile->CColumn == 1)
            {
                for (int j = 0; j < columns; j += TVec.Count)
                {
                    FinishVector(tile, product + j, c + j, j, bias, columns - j);
                }
            }
            else
            {
                for (int j = 0; j < columns; j++)
                {
                    FinishElement(tile, product[j], c + (j * tile->CColumn), j, bias);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FinishVector(GemmTile<T>* tile, T* product, T* c, int column, T bias, int columns)
    {
        TVec v = TVec.Broadcast(&tile->Alpha) * TVec.Load(product);
        if (tile->Beta != T.Zero)
        {
            v = TVec.MultiplyAdd(TVec.Broadcast(&tile->Beta), Tail.Load<TVec>(c, columns), v);
        }

        if (tile->BiasPerRow != null)
        {
            v += TVec.Broadcast(&bias);
        }

        if (tile->BiasPerColumn != null)
        {
            v += Tail.Load<TVec>(tile->BiasPerColumn + column, columns);
        }

        Tail.Store(tile->Relu ? Microkernel<T, TVec>.Relu(v) : v, c, columns);
    }

    private static void FinishElement(GemmTile<T>* tile, T product, T* c, int column, T bias)
    {
        T v = tile->Alpha * product;
        if (tile->Beta != T.Zero)
        {
            v = T.MultiplyAddEstimate(tile->Beta, *c, v);
        }

        if (tile->BiasPerRow != null)
        {
            v += bias;
        }

        if (tile->BiasPerColumn != null)
        {
            v += tile->BiasPerColumn[column];
        }

        *c = tile->Relu ? GemmEpilogue.Relu(v) : v;
    }
}
