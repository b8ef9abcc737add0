using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Whole register tiles one after the other, whose sums are only stored or added: most tiles of most products.</summary>
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
    public static void Run<TRows, TFinish>(GemmTile<T>* tile)
        where TRows : struct, ITileSize
        where TFinish : struct, ITileFinish
    {
        nint row = tile->ARow * sizeof(T), row2 = 2 * row, aColumn = tile->AColumn * sizeof(T), bRow = tile->BRow * sizeof(T);
        nint tiles = tile->Tiles;
        while (true)
        {
            byte* a0 = (byte*)tile->A, a3 = a0 + (3 * row), a6 = a3 + (3 * row), a9 = a6 + (3 * row);
            byte* b = (byte*)tile->B;
            if (tile->PrefetchC)
            {
                tile->FetchC(tile->C + tile->CNext, Unsafe.SizeOf<TRows>(), 2 * TVec.Count);
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
            for (nint k = tile->K; k != 0; k--)
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

            T* c = tile->C;
            nint cRow = tile->CRow;
            Finish<TRows, TFinish>(c, 0, cRow, c00, c01);
            Finish<TRows, TFinish>(c, 1, cRow, c10, c11);
            Finish<TRows, TFinish>(c, 2, cRow, c20, c21);
            Finish<TRows, TFinish>(c, 3, cRow, c30, c31);
            Finish<TRows, TFinish>(c, 4, cRow, c40, c41);
            Finish<TRows, TFinish>(c, 5, cRow, c50, c51);
            Finish<TRows, TFinish>(c, 6, cRow, c60, c61);
            Finish<TRows, TFinish>(c, 7, cRow, c70, c71);
            Finish<TRows, TFinish>(c, 8, cRow, c80, c81);
            Finish<TRows, TFinish>(c, 9, cRow, c90, c91);
            Finish<TRows, TFinish>(c, 10, cRow, ca0, ca1);
            Finish<TRows, TFinish>(c, 11, cRow, cb0, cb1);
            if (--tiles < 1)
            {
                return;
            }

            tile->Advance();
        }
    }

    /// <summary>Stores two vectors of a row as <typeparamref name="TFinish"/> says; nothing if the tile does not have the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TRows, TFinish>(T* c, int row, nint cRow, TVec v0, TVec v1)
        where TRows : struct, ITileSize
        where TFinish : struct, ITileFinish
    {
        if (row >= Unsafe.SizeOf<TRows>())
        {
            return;
        }

        c += row * cRow;
        if (Unsafe.SizeOf<TFinish>() == TileFinish.AddSize)
        {
            v0 += TVec.Load(c);
            v1 += TVec.Load(c + TVec.Count);
        }

        v0.Store(c);
        v1.Store(c + TVec.Count);
    }
}
