using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Whole register tiles one after the other, whose sums are stored or added, with a bias per column and a ReLU at most: most tiles of most products.</summary>
/// <remarks>
/// Some 170 instructions lay between the sums of two tiles when each was a call of <see cref="Microkernel{T, TVec}"/>: 60 cycles, which the processor cannot hide behind the
/// multiply-adds that are still under way; 30 it can. The loop over tiles is here and not there because that method is at the limit of what the inliner takes.
/// </remarks>
internal static unsafe class WholeTiles<T, TVec>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>How many terms ahead B is fetched: the latency of a second-level cache, some 15 cycles, and as much again where that is busy.</summary>
    private const int TermsAhead = 8;

    /// <summary>Computes <see cref="GemmTile{T}.Tiles"/> tiles of <typeparamref name="TRows"/> rows and <typeparamref name="TVectors"/> vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TRows, TVectors, TFinish, TLayout>(GemmTile<T>* tile)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
        where TFinish : struct, ITileFinish
        where TLayout : struct, ITileLayout
    {
        nint row = Unsafe.SizeOf<TLayout>() == TileLayout.PackedSize ? sizeof(T) : tile->ARow * sizeof(T), row2 = 2 * row, bRow = tile->BRow * sizeof(T), ahead = TermsAhead * bRow;
        nint aColumn = Unsafe.SizeOf<TLayout>() switch
        {
            TileLayout.ContiguousSize => sizeof(T),
            TileLayout.PackedSize => Unsafe.SizeOf<TRows>() * sizeof(T),
            _ => tile->AColumn * sizeof(T),
        };
        nint cRow = tile->CRow * sizeof(T), aNext = tile->ANext * sizeof(T), bNext = tile->BNext * sizeof(T), cNext = tile->CNext * sizeof(T);
        byte* a = (byte*)tile->A, panel = (byte*)tile->B, c0 = (byte*)tile->C, bias = (byte*)tile->BiasPerColumn;
        for (nint tiles = tile->Tiles; ; tiles--)
        {
            byte* a0 = a, a3 = a0 + (3 * row), a6 = a3 + (3 * row), b = panel;
            if (tile->PrefetchC)
            {
                tile->FetchC((T*)(c0 + cNext), Unsafe.SizeOf<TRows>(), Unsafe.SizeOf<TVectors>() * TVec.Count);
            }

            tile->FetchAhead();
            TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero;
            TVec c10 = TVec.Zero, c11 = TVec.Zero, c12 = TVec.Zero;
            TVec c20 = TVec.Zero, c21 = TVec.Zero, c22 = TVec.Zero;
            TVec c30 = TVec.Zero, c31 = TVec.Zero, c32 = TVec.Zero;
            TVec c40 = TVec.Zero, c41 = TVec.Zero, c42 = TVec.Zero;
            TVec c50 = TVec.Zero, c51 = TVec.Zero, c52 = TVec.Zero;
            TVec c60 = TVec.Zero, c61 = TVec.Zero, c62 = TVec.Zero;
            TVec c70 = TVec.Zero, c71 = TVec.Zero, c72 = TVec.Zero;
            nint k = tile->K;
            if (Unsafe.SizeOf<TLayout>() == TileLayout.PackedSize && Unsafe.SizeOf<TRows>() == 6)
            {
                for (nint fours = k >> 2; fours != 0; fours--)
                {
                    byte* second = b + (2 * bRow);
                    TVec b0 = TVec.Load(b), b1 = Second<TVectors>(b), b2 = Third<TVectors>(b);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, a0, b0, b1, b2, ref c00, ref c01, ref c02);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, At<TRows>(a0, 0, 1), b0, b1, b2, ref c10, ref c11, ref c12);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, At<TRows>(a0, 0, 2), b0, b1, b2, ref c20, ref c21, ref c22);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, At<TRows>(a0, 0, 3), b0, b1, b2, ref c30, ref c31, ref c32);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, At<TRows>(a0, 0, 4), b0, b1, b2, ref c40, ref c41, ref c42);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, At<TRows>(a0, 0, 5), b0, b1, b2, ref c50, ref c51, ref c52);
                    b0 = TVec.Load(b + bRow);
                    b1 = Second<TVectors>(b + bRow);
                    b2 = Third<TVectors>(b + bRow);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, At<TRows>(a0, 1, 0), b0, b1, b2, ref c00, ref c01, ref c02);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, At<TRows>(a0, 1, 1), b0, b1, b2, ref c10, ref c11, ref c12);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, At<TRows>(a0, 1, 2), b0, b1, b2, ref c20, ref c21, ref c22);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, At<TRows>(a0, 1, 3), b0, b1, b2, ref c30, ref c31, ref c32);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, At<TRows>(a0, 1, 4), b0, b1, b2, ref c40, ref c41, ref c42);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, At<TRows>(a0, 1, 5), b0, b1, b2, ref c50, ref c51, ref c52);
                    b0 = TVec.Load(second);
                    b1 = Second<TVectors>(second);
                    b2 = Third<TVectors>(second);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, At<TRows>(a0, 2, 0), b0, b1, b2, ref c00, ref c01, ref c02);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, At<TRows>(a0, 2, 1), b0, b1, b2, ref c10, ref c11, ref c12);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, At<TRows>(a0, 2, 2), b0, b1, b2, ref c20, ref c21, ref c22);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, At<TRows>(a0, 2, 3), b0, b1, b2, ref c30, ref c31, ref c32);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, At<TRows>(a0, 2, 4), b0, b1, b2, ref c40, ref c41, ref c42);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, At<TRows>(a0, 2, 5), b0, b1, b2, ref c50, ref c51, ref c52);
                    b0 = TVec.Load(second + bRow);
                    b1 = Second<TVectors>(second + bRow);
                    b2 = Third<TVectors>(second + bRow);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, At<TRows>(a0, 3, 0), b0, b1, b2, ref c00, ref c01, ref c02);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, At<TRows>(a0, 3, 1), b0, b1, b2, ref c10, ref c11, ref c12);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, At<TRows>(a0, 3, 2), b0, b1, b2, ref c20, ref c21, ref c22);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, At<TRows>(a0, 3, 3), b0, b1, b2, ref c30, ref c31, ref c32);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, At<TRows>(a0, 3, 4), b0, b1, b2, ref c40, ref c41, ref c42);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, At<TRows>(a0, 3, 5), b0, b1, b2, ref c50, ref c51, ref c52);
                    a0 = At<TRows>(a0, 4, 0);
                    b += 4 * bRow;
                }

                a3 = a0 + (3 * row);
                k &= 3;
            }
            else if (Unsafe.SizeOf<TLayout>() == TileLayout.PackedSize)
            {
                // Eight rows: elements are named by their number, as each call of At costs the inliner what the last results need.
                for (nint pairs = k >> 1; pairs != 0; pairs--)
                {
                    TVec b0 = TVec.Load(b), b1 = Second<TVectors>(b), b2 = Third<TVectors>(b);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, a0, b0, b1, b2, ref c00, ref c01, ref c02);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, a0 + (1 * sizeof(T)), b0, b1, b2, ref c10, ref c11, ref c12);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, a0 + (2 * sizeof(T)), b0, b1, b2, ref c20, ref c21, ref c22);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, a0 + (3 * sizeof(T)), b0, b1, b2, ref c30, ref c31, ref c32);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, a0 + (4 * sizeof(T)), b0, b1, b2, ref c40, ref c41, ref c42);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, a0 + (5 * sizeof(T)), b0, b1, b2, ref c50, ref c51, ref c52);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(6, a0 + (6 * sizeof(T)), b0, b1, b2, ref c60, ref c61, ref c62);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(7, a0 + (7 * sizeof(T)), b0, b1, b2, ref c70, ref c71, ref c72);
                    b0 = TVec.Load(b + bRow);
                    b1 = Second<TVectors>(b + bRow);
                    b2 = Third<TVectors>(b + bRow);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, a0 + (8 * sizeof(T)), b0, b1, b2, ref c00, ref c01, ref c02);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, a0 + (9 * sizeof(T)), b0, b1, b2, ref c10, ref c11, ref c12);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, a0 + (10 * sizeof(T)), b0, b1, b2, ref c20, ref c21, ref c22);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, a0 + (11 * sizeof(T)), b0, b1, b2, ref c30, ref c31, ref c32);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, a0 + (12 * sizeof(T)), b0, b1, b2, ref c40, ref c41, ref c42);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, a0 + (13 * sizeof(T)), b0, b1, b2, ref c50, ref c51, ref c52);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(6, a0 + (14 * sizeof(T)), b0, b1, b2, ref c60, ref c61, ref c62);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(7, a0 + (15 * sizeof(T)), b0, b1, b2, ref c70, ref c71, ref c72);
                    a0 += 16 * sizeof(T);
                    b += 2 * bRow;
                }

                a3 = a0 + (3 * row);
                a6 = a3 + (3 * row);
                k &= 1;
            }
            else if (Unsafe.SizeOf<TLayout>() == TileLayout.ContiguousSize)
            {
                for (nint pairs = k >> 1; pairs != 0; pairs--)
                {
                    TVec b0 = TVec.Load(b), b1 = Second<TVectors>(b), b2 = Third<TVectors>(b);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, a0, b0, b1, b2, ref c00, ref c01, ref c02);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, a0 + row, b0, b1, b2, ref c10, ref c11, ref c12);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, a0 + row2, b0, b1, b2, ref c20, ref c21, ref c22);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, a3, b0, b1, b2, ref c30, ref c31, ref c32);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, a3 + row, b0, b1, b2, ref c40, ref c41, ref c42);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, a3 + row2, b0, b1, b2, ref c50, ref c51, ref c52);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(6, a6, b0, b1, b2, ref c60, ref c61, ref c62);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(7, a6 + row, b0, b1, b2, ref c70, ref c71, ref c72);
                    b0 = TVec.Load(b + bRow);
                    b1 = Second<TVectors>(b + bRow);
                    b2 = Third<TVectors>(b + bRow);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, a0 + aColumn, b0, b1, b2, ref c00, ref c01, ref c02);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, a0 + row + aColumn, b0, b1, b2, ref c10, ref c11, ref c12);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, a0 + row2 + aColumn, b0, b1, b2, ref c20, ref c21, ref c22);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, a3 + aColumn, b0, b1, b2, ref c30, ref c31, ref c32);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, a3 + row + aColumn, b0, b1, b2, ref c40, ref c41, ref c42);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, a3 + row2 + aColumn, b0, b1, b2, ref c50, ref c51, ref c52);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(6, a6 + aColumn, b0, b1, b2, ref c60, ref c61, ref c62);
                    Microkernel<T, TVec>.Multiply<TRows, TVectors>(7, a6 + row + aColumn, b0, b1, b2, ref c70, ref c71, ref c72);
                    a0 += 2 * aColumn;
                    a3 += 2 * aColumn;
                    a6 += Unsafe.SizeOf<TRows>() > 6 ? 2 * aColumn : 0;
                    b += 2 * bRow;
                }

                k &= 1;
            }

            for (; k != 0; k--)
            {
                TVec b0 = TVec.Load(b), b1 = Second<TVectors>(b), b2 = Third<TVectors>(b);
                FetchB<TVectors, TLayout>(b + ahead);
                Microkernel<T, TVec>.Multiply<TRows, TVectors>(0, a0, b0, b1, b2, ref c00, ref c01, ref c02);
                Microkernel<T, TVec>.Multiply<TRows, TVectors>(1, a0 + row, b0, b1, b2, ref c10, ref c11, ref c12);
                Microkernel<T, TVec>.Multiply<TRows, TVectors>(2, a0 + row2, b0, b1, b2, ref c20, ref c21, ref c22);
                Microkernel<T, TVec>.Multiply<TRows, TVectors>(3, a3, b0, b1, b2, ref c30, ref c31, ref c32);
                Microkernel<T, TVec>.Multiply<TRows, TVectors>(4, a3 + row, b0, b1, b2, ref c40, ref c41, ref c42);
                Microkernel<T, TVec>.Multiply<TRows, TVectors>(5, a3 + row2, b0, b1, b2, ref c50, ref c51, ref c52);
                Microkernel<T, TVec>.Multiply<TRows, TVectors>(6, a6, b0, b1, b2, ref c60, ref c61, ref c62);
                Microkernel<T, TVec>.Multiply<TRows, TVectors>(7, a6 + row, b0, b1, b2, ref c70, ref c71, ref c72);
                a0 += aColumn;
                a3 += aColumn;
                a6 += Unsafe.SizeOf<TRows>() > 6 ? aColumn : 0;
                b += bRow;
            }

            byte* c3 = c0 + (3 * cRow), c6 = c3 + (3 * cRow);
            TVec bias0 = TVec.Zero, bias1 = TVec.Zero, bias2 = TVec.Zero, least = TVec.Zero;
            if (Unsafe.SizeOf<TFinish>() >= TileFinish.CompleteSize)
            {
                least = TVec.Broadcast(&tile->Least);
                bias0 = bias1 = bias2 = TVec.Broadcast(&tile->NoBias);
                if (bias != null)
                {
                    bias0 += TVec.Load(bias);
                    bias1 += Second<TVectors>(bias);
                    bias2 += Third<TVectors>(bias);
                    bias += tile->ColumnsNext * sizeof(T);
                }
            }

            Finish<TRows, TVectors, TFinish>(c0, 0, c00, c01, c02, bias0, bias1, bias2, least);
            Finish<TRows, TVectors, TFinish>(c0 + cRow, 1, c10, c11, c12, bias0, bias1, bias2, least);
            Finish<TRows, TVectors, TFinish>(c0 + (2 * cRow), 2, c20, c21, c22, bias0, bias1, bias2, least);
            Finish<TRows, TVectors, TFinish>(c3, 3, c30, c31, c32, bias0, bias1, bias2, least);
            Finish<TRows, TVectors, TFinish>(c3 + cRow, 4, c40, c41, c42, bias0, bias1, bias2, least);
            Finish<TRows, TVectors, TFinish>(c3 + (2 * cRow), 5, c50, c51, c52, bias0, bias1, bias2, least);
            Finish<TRows, TVectors, TFinish>(c6, 6, c60, c61, c62, bias0, bias1, bias2, least);
            Finish<TRows, TVectors, TFinish>(c6 + cRow, 7, c70, c71, c72, bias0, bias1, bias2, least);
            if (tiles <= 1)
            {
                return;
            }

            a += aNext;
            panel += bNext;
            c0 += cNext;
        }
    }

    /// <summary>An element of a packed panel. Sums of constants only: of a sum with a variable the compiler makes an instruction for each address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* At<TRows>(byte* panel, int term, int row) where TRows : struct, ITileSize => panel + (((term * Unsafe.SizeOf<TRows>()) + row) * sizeof(T));

    /// <summary>Stores two vectors of a row as <typeparamref name="TFinish"/> says; nothing if the tile does not have the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TRows, TVectors, TFinish>(byte* c, int row, TVec v0, TVec v1, TVec v2, TVec bias0, TVec bias1, TVec bias2, TVec least)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
        where TFinish : struct, ITileFinish
    {
        if (row < Unsafe.SizeOf<TRows>())
        {
            Finished<TFinish>(v0, c, bias0, least).Store(c);
            if (Unsafe.SizeOf<TVectors>() > 1)
            {
                Finished<TFinish>(v1, c + (TVec.Count * sizeof(T)), bias1, least).Store(c + (TVec.Count * sizeof(T)));
            }

            if (Unsafe.SizeOf<TVectors>() > 2)
            {
                Finished<TFinish>(v2, c + (2 * TVec.Count * sizeof(T)), bias2, least).Store(c + (2 * TVec.Count * sizeof(T)));
            }
        }
    }

    /// <summary>The second vector of a row; zero where the tile has one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Second<TVectors>(byte* row) where TVectors : struct, ITileSize
        => Unsafe.SizeOf<TVectors>() > 1 ? TVec.Load(row + (TVec.Count * sizeof(T))) : TVec.Zero;

    /// <summary>The third vector of a row; zero where the tile has fewer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Third<TVectors>(byte* row) where TVectors : struct, ITileSize
        => Unsafe.SizeOf<TVectors>() > 2 ? TVec.Load(row + (2 * TVec.Count * sizeof(T))) : TVec.Zero;

    /// <summary>Fetches a row of B that is needed some terms later, where B is read in place: the processor follows panels by itself, but not rows that lie apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchB<TVectors, TLayout>(byte* row)
        where TVectors : struct, ITileSize
        where TLayout : struct, ITileLayout
    {
        if (Unsafe.SizeOf<TLayout>() != TileLayout.StripsSize || !Sse.IsSupported)
        {
            return;
        }

        Sse.Prefetch0(row);
        if (Unsafe.SizeOf<TVectors>() > 1)
        {
            Sse.Prefetch0(row + CacheSizes.Line);
        }

        if (Unsafe.SizeOf<TVectors>() > 2)
        {
            Sse.Prefetch0(row + (2 * CacheSizes.Line));
        }
    }

    /// <remarks>Nothing is assigned to an argument: the JIT would copy each sum before it is stored.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Finished<TFinish>(TVec v, byte* c, TVec bias, TVec least) where TFinish : struct, ITileFinish => Unsafe.SizeOf<TFinish>() switch
    {
        TileFinish.StoreSize => v,
        TileFinish.AddSize => v + TVec.Load(c),
        TileFinish.CompleteSize => TVec.MaxNative(least, v + bias),
        _ => TVec.MaxNative(least, v + TVec.Load(c) + bias),
    };
}
