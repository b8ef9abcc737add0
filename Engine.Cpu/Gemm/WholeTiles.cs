using System.Numerics;
using System.Runtime.CompilerServices;

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
    /// <summary>Computes <see cref="GemmTile{T}.Tiles"/> tiles of <typeparamref name="TRows"/> rows and two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TRows, TFinish, TLayout>(GemmTile<T>* tile)
        where TRows : struct, ITileSize
        where TFinish : struct, ITileFinish
        where TLayout : struct, ITileLayout
    {
        nint row = Unsafe.SizeOf<TLayout>() == TileLayout.PackedSize ? sizeof(T) : tile->ARow * sizeof(T), row2 = 2 * row, bRow = tile->BRow * sizeof(T);
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
            byte* a0 = a, a3 = a0 + (3 * row), a6 = a3 + (3 * row), a9 = a6 + (3 * row), b = panel;
            if (tile->PrefetchC)
            {
                tile->FetchC((T*)(c0 + cNext), Unsafe.SizeOf<TRows>(), 2 * TVec.Count);
            }

            tile->FetchAhead();
            TVec c00 = TVec.Zero, c01 = TVec.Zero;
            TVec c10 = TVec.Zero, c11 = TVec.Zero;
            TVec c20 = TVec.Zero, c21 = TVec.Zero;
            TVec c30 = TVec.Zero, c31 = TVec.Zero;
            TVec c40 = TVec.Zero, c41 = TVec.Zero;
            TVec c50 = TVec.Zero, c51 = TVec.Zero;
            TVec c60 = TVec.Zero, c61 = TVec.Zero;
            TVec c70 = TVec.Zero, c71 = TVec.Zero;
            TVec c80 = TVec.Zero, c81 = TVec.Zero;
            TVec c90 = TVec.Zero, c91 = TVec.Zero;
            TVec ca0 = TVec.Zero, ca1 = TVec.Zero;
            TVec cb0 = TVec.Zero, cb1 = TVec.Zero;
            nint k = tile->K;
            if (Unsafe.SizeOf<TLayout>() == TileLayout.PackedSize && Unsafe.SizeOf<TRows>() == 6)
            {
                for (nint fours = k >> 2; fours != 0; fours--)
                {
                    byte* b2 = b + (2 * bRow);
                    TVec b0 = TVec.Load(b), b1 = TVec.Load(b + (TVec.Count * sizeof(T)));
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(0, a0, b0, b1, ref c00, ref c01);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(1, At<TRows>(a0, 0, 1), b0, b1, ref c10, ref c11);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(2, At<TRows>(a0, 0, 2), b0, b1, ref c20, ref c21);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(3, At<TRows>(a0, 0, 3), b0, b1, ref c30, ref c31);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(4, At<TRows>(a0, 0, 4), b0, b1, ref c40, ref c41);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(5, At<TRows>(a0, 0, 5), b0, b1, ref c50, ref c51);
                    b0 = TVec.Load(b + bRow);
                    b1 = TVec.Load(b + bRow + (TVec.Count * sizeof(T)));
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(0, At<TRows>(a0, 1, 0), b0, b1, ref c00, ref c01);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(1, At<TRows>(a0, 1, 1), b0, b1, ref c10, ref c11);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(2, At<TRows>(a0, 1, 2), b0, b1, ref c20, ref c21);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(3, At<TRows>(a0, 1, 3), b0, b1, ref c30, ref c31);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(4, At<TRows>(a0, 1, 4), b0, b1, ref c40, ref c41);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(5, At<TRows>(a0, 1, 5), b0, b1, ref c50, ref c51);
                    b0 = TVec.Load(b2);
                    b1 = TVec.Load(b2 + (TVec.Count * sizeof(T)));
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(0, At<TRows>(a0, 2, 0), b0, b1, ref c00, ref c01);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(1, At<TRows>(a0, 2, 1), b0, b1, ref c10, ref c11);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(2, At<TRows>(a0, 2, 2), b0, b1, ref c20, ref c21);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(3, At<TRows>(a0, 2, 3), b0, b1, ref c30, ref c31);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(4, At<TRows>(a0, 2, 4), b0, b1, ref c40, ref c41);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(5, At<TRows>(a0, 2, 5), b0, b1, ref c50, ref c51);
                    b0 = TVec.Load(b2 + bRow);
                    b1 = TVec.Load(b2 + bRow + (TVec.Count * sizeof(T)));
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(0, At<TRows>(a0, 3, 0), b0, b1, ref c00, ref c01);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(1, At<TRows>(a0, 3, 1), b0, b1, ref c10, ref c11);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(2, At<TRows>(a0, 3, 2), b0, b1, ref c20, ref c21);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(3, At<TRows>(a0, 3, 3), b0, b1, ref c30, ref c31);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(4, At<TRows>(a0, 3, 4), b0, b1, ref c40, ref c41);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(5, At<TRows>(a0, 3, 5), b0, b1, ref c50, ref c51);
                    a0 = At<TRows>(a0, 4, 0);
                    b += 4 * bRow;
                }

                a3 = a0 + (3 * row);
                k &= 3;
            }
            else if (Unsafe.SizeOf<TLayout>() != TileLayout.AnySize)
            {
                for (nint pairs = k >> 1; pairs != 0; pairs--)
                {
                    TVec b0 = TVec.Load(b), b1 = TVec.Load(b + (TVec.Count * sizeof(T)));
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(0, a0, b0, b1, ref c00, ref c01);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(1, a0 + row, b0, b1, ref c10, ref c11);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(2, a0 + row2, b0, b1, ref c20, ref c21);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(3, a3, b0, b1, ref c30, ref c31);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(4, a3 + row, b0, b1, ref c40, ref c41);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(5, a3 + row2, b0, b1, ref c50, ref c51);
                    b0 = TVec.Load(b + bRow);
                    b1 = TVec.Load(b + bRow + (TVec.Count * sizeof(T)));
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(0, a0 + aColumn, b0, b1, ref c00, ref c01);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(1, a0 + row + aColumn, b0, b1, ref c10, ref c11);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(2, a0 + row2 + aColumn, b0, b1, ref c20, ref c21);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(3, a3 + aColumn, b0, b1, ref c30, ref c31);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(4, a3 + row + aColumn, b0, b1, ref c40, ref c41);
                    Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(5, a3 + row2 + aColumn, b0, b1, ref c50, ref c51);
                    a0 += 2 * aColumn;
                    a3 += 2 * aColumn;
                    b += 2 * bRow;
                }

                k &= 1;
            }

            for (; k != 0; k--)
            {
                TVec b0 = TVec.Load(b), b1 = TVec.Load(b + (TVec.Count * sizeof(T)));
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(0, a0, b0, b1, ref c00, ref c01);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(1, a0 + row, b0, b1, ref c10, ref c11);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(2, a0 + row2, b0, b1, ref c20, ref c21);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(3, a3, b0, b1, ref c30, ref c31);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(4, a3 + row, b0, b1, ref c40, ref c41);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(5, a3 + row2, b0, b1, ref c50, ref c51);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(6, a6, b0, b1, ref c60, ref c61);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(7, a6 + row, b0, b1, ref c70, ref c71);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(8, a6 + row2, b0, b1, ref c80, ref c81);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(9, a9, b0, b1, ref c90, ref c91);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(10, a9 + row, b0, b1, ref ca0, ref ca1);
                Microkernel<T, TVec>.Multiply<TRows, TileSize.Two>(11, a9 + row2, b0, b1, ref cb0, ref cb1);
                a0 += aColumn;
                a3 += aColumn;
                a6 += Unsafe.SizeOf<TRows>() > 6 ? aColumn : 0;
                a9 += Unsafe.SizeOf<TRows>() > 9 ? aColumn : 0;
                b += bRow;
            }

            byte* c3 = c0 + (3 * cRow), c6 = c3 + (3 * cRow), c9 = c6 + (3 * cRow);
            TVec bias0 = TVec.Zero, bias1 = TVec.Zero, least = TVec.Zero;
            if (Unsafe.SizeOf<TFinish>() >= TileFinish.CompleteSize)
            {
                least = TVec.Broadcast(&tile->Least);
                bias0 = bias1 = TVec.Broadcast(&tile->NoBias);
                if (bias != null)
                {
                    bias0 += TVec.Load(bias);
                    bias1 += TVec.Load(bias + (TVec.Count * sizeof(T)));
                    bias += tile->ColumnsNext * sizeof(T);
                }
            }

            Finish<TRows, TFinish>(c0, 0, c00, c01, bias0, bias1, least);
            Finish<TRows, TFinish>(c0 + cRow, 1, c10, c11, bias0, bias1, least);
            Finish<TRows, TFinish>(c0 + (2 * cRow), 2, c20, c21, bias0, bias1, least);
            Finish<TRows, TFinish>(c3, 3, c30, c31, bias0, bias1, least);
            Finish<TRows, TFinish>(c3 + cRow, 4, c40, c41, bias0, bias1, least);
            Finish<TRows, TFinish>(c3 + (2 * cRow), 5, c50, c51, bias0, bias1, least);
            Finish<TRows, TFinish>(c6, 6, c60, c61, bias0, bias1, least);
            Finish<TRows, TFinish>(c6 + cRow, 7, c70, c71, bias0, bias1, least);
            Finish<TRows, TFinish>(c6 + (2 * cRow), 8, c80, c81, bias0, bias1, least);
            Finish<TRows, TFinish>(c9, 9, c90, c91, bias0, bias1, least);
            Finish<TRows, TFinish>(c9 + cRow, 10, ca0, ca1, bias0, bias1, least);
            Finish<TRows, TFinish>(c9 + (2 * cRow), 11, cb0, cb1, bias0, bias1, least);
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
    private static void Finish<TRows, TFinish>(byte* c, int row, TVec v0, TVec v1, TVec bias0, TVec bias1, TVec least)
        where TRows : struct, ITileSize
        where TFinish : struct, ITileFinish
    {
        if (row < Unsafe.SizeOf<TRows>())
        {
            Finished<TFinish>(v0, c, bias0, least).Store(c);
            Finished<TFinish>(v1, c + (TVec.Count * sizeof(T)), bias1, least).Store(c + (TVec.Count * sizeof(T)));
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
