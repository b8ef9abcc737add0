using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The inner loop of the matrix product: a tile of up to 12 rows × 2 vectors of C stays in registers while k runs.
/// </summary>
/// <remarks>
/// <para>One source for all tiles: the conditions on <c>TRows</c> and <c>TVectors</c> are constants to the JIT, which drops the rest. A step of
/// 12 × 2 is 2 loads, 12 broadcasts and 24 multiply-adds, with 24 + 2 + 1 of 32 registers in use; on 16 registers the tile is 6 × 2.
/// Compiled optimised at once: the first calls of a training run already count, and the body reads no static field.</para>
/// <para>Three things keep the sums in their registers. The loop tests its condition first; after a do-while the JIT would read a second copy of
/// each sum. <see cref="ISimd{TSelf}.Accumulate"/> updates a sum in place. And all that <c>Run</c> calls fits the inliner's budget: the call
/// that did not would spill every sum. A bias per row is rare and therefore not done here, but by <see cref="GemmKernels{T, TVec}"/>.</para>
/// </remarks>
internal static unsafe class Microkernel<T, TVec>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Computes a whole tile of C, whose columns must have unit stride.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TRows, TVectors>(GemmTile<T>* tile)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
    {
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
        nint row = tile->ARow * sizeof(T), row2 = 2 * row, aColumn = tile->AColumn * sizeof(T), bRow = tile->BRow * sizeof(T);
        byte* a0 = (byte*)tile->A, a3 = a0 + (3 * row), a6 = a3 + (3 * row), a9 = a6 + (3 * row);
        byte* b = (byte*)tile->B;
        for (; k != 0; k--)
        {
            TVec b0 = TVec.Load(b), b1 = Unsafe.SizeOf<TVectors>() > 1 ? TVec.Load(b + (TVec.Count * sizeof(T))) : TVec.Zero;
            Multiply<TRows, TVectors>(0, a0, b0, b1, ref c00, ref c01);
            Multiply<TRows, TVectors>(1, a0 + row, b0, b1, ref c10, ref c11);
            Multiply<TRows, TVectors>(2, a0 + row2, b0, b1, ref c20, ref c21);
            Multiply<TRows, TVectors>(3, a3, b0, b1, ref c30, ref c31);
            Multiply<TRows, TVectors>(4, a3 + row, b0, b1, ref c40, ref c41);
            Multiply<TRows, TVectors>(5, a3 + row2, b0, b1, ref c50, ref c51);
            Multiply<TRows, TVectors>(6, a6, b0, b1, ref c60, ref c61);
            Multiply<TRows, TVectors>(7, a6 + row, b0, b1, ref c70, ref c71);
            Multiply<TRows, TVectors>(8, a6 + row2, b0, b1, ref c80, ref c81);
            Multiply<TRows, TVectors>(9, a9, b0, b1, ref c90, ref c91);
            Multiply<TRows, TVectors>(10, a9 + row, b0, b1, ref ca0, ref ca1);
            Multiply<TRows, TVectors>(11, a9 + row2, b0, b1, ref cb0, ref cb1);
            a0 += aColumn;
            a3 += Unsafe.SizeOf<TRows>() > 3 ? aColumn : 0;
            a6 += Unsafe.SizeOf<TRows>() > 6 ? aColumn : 0;
            a9 += Unsafe.SizeOf<TRows>() > 9 ? aColumn : 0;
            b += bRow;
        }

        Store<TRows, TVectors>(tile, 0, c00, c01);
        Store<TRows, TVectors>(tile, 1, c10, c11);
        Store<TRows, TVectors>(tile, 2, c20, c21);
        Store<TRows, TVectors>(tile, 3, c30, c31);
        Store<TRows, TVectors>(tile, 4, c40, c41);
        Store<TRows, TVectors>(tile, 5, c50, c51);
        Store<TRows, TVectors>(tile, 6, c60, c61);
        Store<TRows, TVectors>(tile, 7, c70, c71);
        Store<TRows, TVectors>(tile, 8, c80, c81);
        Store<TRows, TVectors>(tile, 9, c90, c91);
        Store<TRows, TVectors>(tile, 10, ca0, ca1);
        Store<TRows, TVectors>(tile, 11, cb0, cb1);
    }

    /// <summary>Adds an element of A times a row of B to the sums of a row of C; nothing if the tile does not have the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply<TRows, TVectors>(int row, byte* a, TVec b0, TVec b1, ref TVec c0, ref TVec c1)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
    {
        if (row >= Unsafe.SizeOf<TRows>())
        {
            return;
        }

        TVec value = TVec.Broadcast(a);
        TVec.Accumulate(ref c0, value, b0);
        if (Unsafe.SizeOf<TVectors>() > 1)
        {
            TVec.Accumulate(ref c1, value, b1);
        }
    }

    /// <summary>Scales the sums of a row, adds the old C and the bias per column, and stores the row; nothing if the tile does not have it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TRows, TVectors>(GemmTile<T>* tile, int row, TVec v0, TVec v1)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
    {
        if (row >= Unsafe.SizeOf<TRows>())
        {
            return;
        }

        T* c = tile->C + (row * tile->CRow);
        if (tile->HasEpilogue)
        {
            TVec alpha = TVec.Broadcast(&tile->Alpha);
            v0 = alpha * v0;
            v1 = Unsafe.SizeOf<TVectors>() > 1 ? alpha * v1 : v1;
            if (tile->Beta != T.Zero)
            {
                TVec beta = TVec.Broadcast(&tile->Beta);
                TVec.Accumulate(ref v0, beta, TVec.Load(c));
                if (Unsafe.SizeOf<TVectors>() > 1)
                {
                    TVec.Accumulate(ref v1, beta, TVec.Load(c + TVec.Count));
                }
            }

            if (tile->BiasPerColumn != null)
            {
                v0 += TVec.Load(tile->BiasPerColumn);
                v1 = Unsafe.SizeOf<TVectors>() > 1 ? v1 + TVec.Load(tile->BiasPerColumn + TVec.Count) : v1;
            }

            if (tile->Relu)
            {
                v0 = Relu(v0);
                v1 = Unsafe.SizeOf<TVectors>() > 1 ? Relu(v1) : v1;
            }
        }

        v0.Store(c);
        if (Unsafe.SizeOf<TVectors>() > 1)
        {
            v1.Store(c + TVec.Count);
        }
    }

    /// <summary>max(x, 0); NaN stays NaN and -0 becomes 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Relu(TVec x) => TVec.MaxNative(TVec.Zero, x) + TVec.Zero;
}
