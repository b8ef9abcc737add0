using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Number of rows of a tile, as a type argument.</summary>
internal interface ITileRows
{
    /// <summary>The number.</summary>
    static abstract int Count { get; }
}

/// <summary>Number of vectors in a row of a tile, as a type argument.</summary>
internal interface ITileVectors
{
    /// <summary>The number.</summary>
    static abstract int Count { get; }
}

/// <summary>
/// The inner loop of the matrix product: a tile of up to 12 rows × 2 vectors of C stays in registers while k runs.
/// </summary>
/// <remarks>
/// One source for all tiles: the conditions on <c>TRows</c> and <c>TVectors</c> are constants to the JIT, which drops the rest. A step of
/// 12 × 2 is 2 loads, 12 broadcasts and 24 multiply-adds, with 24 + 2 + 1 of 32 registers in use; on 16 registers the tile is 6 × 2.
/// Compiled optimised at once: the first calls of a training run already count, and the body reads no static field.
/// </remarks>
internal static unsafe class Microkernel<TVector, T, TLanes>
    where TVector : struct
    where T : unmanaged, INumberBase<T>
    where TLanes : struct, ILanes<TVector, T>
{
    /// <summary>Computes a whole tile of C, whose columns must have unit stride.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TRows, TVectors>(GemmTile<T>* tile)
        where TRows : struct, ITileRows
        where TVectors : struct, ITileVectors
    {
        TVector c00 = TLanes.Zero, c01 = TLanes.Zero;
        TVector c10 = TLanes.Zero, c11 = TLanes.Zero;
        TVector c20 = TLanes.Zero, c21 = TLanes.Zero;
        TVector c30 = TLanes.Zero, c31 = TLanes.Zero;
        TVector c40 = TLanes.Zero, c41 = TLanes.Zero;
        TVector c50 = TLanes.Zero, c51 = TLanes.Zero;
        TVector c60 = TLanes.Zero, c61 = TLanes.Zero;
        TVector c70 = TLanes.Zero, c71 = TLanes.Zero;
        TVector c80 = TLanes.Zero, c81 = TLanes.Zero;
        TVector c90 = TLanes.Zero, c91 = TLanes.Zero;
        TVector ca0 = TLanes.Zero, ca1 = TLanes.Zero;
        TVector cb0 = TLanes.Zero, cb1 = TLanes.Zero;
        nint k = tile->K;
        nint row = tile->ARow, row2 = 2 * row, aColumn = tile->AColumn;
        T* a0 = tile->A, a3 = a0 + 3 * row, a6 = a3 + 3 * row, a9 = a6 + 3 * row;
        T* b = tile->B;
        nint bRow = tile->BRow;
        do
        {
            TVector b0 = TLanes.Load(b), b1 = TVectors.Count > 1 ? TLanes.Load(b + TLanes.Count) : TLanes.Zero;
            TVector a = TLanes.Broadcast(*a0);
            c00 = TLanes.MultiplyAdd(a, b0, c00);
            if (TVectors.Count > 1) c01 = TLanes.MultiplyAdd(a, b1, c01);
            if (TRows.Count > 1)
            {
                a = TLanes.Broadcast(*(a0 + row));
                c10 = TLanes.MultiplyAdd(a, b0, c10);
                if (TVectors.Count > 1) c11 = TLanes.MultiplyAdd(a, b1, c11);
            }

            if (TRows.Count > 2)
            {
                a = TLanes.Broadcast(*(a0 + row2));
                c20 = TLanes.MultiplyAdd(a, b0, c20);
                if (TVectors.Count > 1) c21 = TLanes.MultiplyAdd(a, b1, c21);
            }

            if (TRows.Count > 3)
            {
                a = TLanes.Broadcast(*a3);
                c30 = TLanes.MultiplyAdd(a, b0, c30);
                if (TVectors.Count > 1) c31 = TLanes.MultiplyAdd(a, b1, c31);
            }

            if (TRows.Count > 4)
            {
                a = TLanes.Broadcast(*(a3 + row));
                c40 = TLanes.MultiplyAdd(a, b0, c40);
                if (TVectors.Count > 1) c41 = TLanes.MultiplyAdd(a, b1, c41);
            }

            if (TRows.Count > 5)
            {
                a = TLanes.Broadcast(*(a3 + row2));
                c50 = TLanes.MultiplyAdd(a, b0, c50);
                if (TVectors.Count > 1) c51 = TLanes.MultiplyAdd(a, b1, c51);
            }

            if (TRows.Count > 6)
            {
                a = TLanes.Broadcast(*a6);
                c60 = TLanes.MultiplyAdd(a, b0, c60);
                if (TVectors.Count > 1) c61 = TLanes.MultiplyAdd(a, b1, c61);
            }

            if (TRows.Count > 7)
            {
                a = TLanes.Broadcast(*(a6 + row));
                c70 = TLanes.MultiplyAdd(a, b0, c70);
                if (TVectors.Count > 1) c71 = TLanes.MultiplyAdd(a, b1, c71);
            }

            if (TRows.Count > 8)
            {
                a = TLanes.Broadcast(*(a6 + row2));
                c80 = TLanes.MultiplyAdd(a, b0, c80);
                if (TVectors.Count > 1) c81 = TLanes.MultiplyAdd(a, b1, c81);
            }

            if (TRows.Count > 9)
            {
                a = TLanes.Broadcast(*a9);
                c90 = TLanes.MultiplyAdd(a, b0, c90);
                if (TVectors.Count > 1) c91 = TLanes.MultiplyAdd(a, b1, c91);
            }

            if (TRows.Count > 10)
            {
                a = TLanes.Broadcast(*(a9 + row));
                ca0 = TLanes.MultiplyAdd(a, b0, ca0);
                if (TVectors.Count > 1) ca1 = TLanes.MultiplyAdd(a, b1, ca1);
            }

            if (TRows.Count > 11)
            {
                a = TLanes.Broadcast(*(a9 + row2));
                cb0 = TLanes.MultiplyAdd(a, b0, cb0);
                if (TVectors.Count > 1) cb1 = TLanes.MultiplyAdd(a, b1, cb1);
            }

            a0 += aColumn;
            if (TRows.Count > 3) a3 += aColumn;
            if (TRows.Count > 6) a6 += aColumn;
            if (TRows.Count > 9) a9 += aColumn;
            b += bRow;
        }
        while (--k != 0);

        Finish<TVectors>(tile, 0, c00, c01);
        if (TRows.Count > 1) Finish<TVectors>(tile, 1, c10, c11);
        if (TRows.Count > 2) Finish<TVectors>(tile, 2, c20, c21);
        if (TRows.Count > 3) Finish<TVectors>(tile, 3, c30, c31);
        if (TRows.Count > 4) Finish<TVectors>(tile, 4, c40, c41);
        if (TRows.Count > 5) Finish<TVectors>(tile, 5, c50, c51);
        if (TRows.Count > 6) Finish<TVectors>(tile, 6, c60, c61);
        if (TRows.Count > 7) Finish<TVectors>(tile, 7, c70, c71);
        if (TRows.Count > 8) Finish<TVectors>(tile, 8, c80, c81);
        if (TRows.Count > 9) Finish<TVectors>(tile, 9, c90, c91);
        if (TRows.Count > 10) Finish<TVectors>(tile, 10, ca0, ca1);
        if (TRows.Count > 11) Finish<TVectors>(tile, 11, cb0, cb1);
    }

    /// <summary>Scales, adds what is to be added, and stores one row of the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TVectors>(GemmTile<T>* tile, int row, TVector v0, TVector v1) where TVectors : struct, ITileVectors
    {
        T* c = tile->C + row * tile->CRow;
        if (tile->HasEpilogue)
        {
            TVector alpha = TLanes.Broadcast(tile->Alpha);
            v0 = TLanes.Multiply(alpha, v0);
            if (TVectors.Count > 1) v1 = TLanes.Multiply(alpha, v1);
            if (tile->Beta != T.Zero)
            {
                TVector beta = TLanes.Broadcast(tile->Beta);
                v0 = TLanes.MultiplyAdd(beta, TLanes.Load(c), v0);
                if (TVectors.Count > 1) v1 = TLanes.MultiplyAdd(beta, TLanes.Load(c + TLanes.Count), v1);
            }

            if (tile->BiasPerRow != null)
            {
                TVector bias = TLanes.Broadcast(tile->BiasPerRow[row * tile->BiasPerRowStride]);
                v0 = TLanes.Add(v0, bias);
                if (TVectors.Count > 1) v1 = TLanes.Add(v1, bias);
            }

            if (tile->BiasPerColumn != null)
            {
                v0 = TLanes.Add(v0, TLanes.Load(tile->BiasPerColumn));
                if (TVectors.Count > 1) v1 = TLanes.Add(v1, TLanes.Load(tile->BiasPerColumn + TLanes.Count));
            }

            if (tile->Relu)
            {
                v0 = TLanes.Relu(v0);
                if (TVectors.Count > 1) v1 = TLanes.Relu(v1);
            }
        }

        TLanes.Store(c, v0);
        if (TVectors.Count > 1) TLanes.Store(c + TLanes.Count, v1);
    }
}
