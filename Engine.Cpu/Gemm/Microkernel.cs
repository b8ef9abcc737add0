using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The inner loop of the matrix product: a tile of up to 8 rows × 3 vectors of C stays in registers while k runs.
/// </summary>
/// <remarks>
/// <para>One source for all tiles: the conditions on <c>TRows</c> and <c>TVectors</c> are constants to the JIT, which drops the rest. A step of
/// 8 × 3 is 3 loads, 8 broadcasts and 24 multiply-adds, with 24 + 3 + 1 of 32 registers in use; on 16 registers the tile is 6 × 2.
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
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero;
        TVec c10 = TVec.Zero, c11 = TVec.Zero, c12 = TVec.Zero;
        TVec c20 = TVec.Zero, c21 = TVec.Zero, c22 = TVec.Zero;
        TVec c30 = TVec.Zero, c31 = TVec.Zero, c32 = TVec.Zero;
        TVec c40 = TVec.Zero, c41 = TVec.Zero, c42 = TVec.Zero;
        TVec c50 = TVec.Zero, c51 = TVec.Zero, c52 = TVec.Zero;
        TVec c60 = TVec.Zero, c61 = TVec.Zero, c62 = TVec.Zero;
        TVec c70 = TVec.Zero, c71 = TVec.Zero, c72 = TVec.Zero;
        nint k = tile->K;
        nint row = tile->ARow * sizeof(T), row2 = 2 * row, aColumn = tile->AColumn * sizeof(T), bRow = tile->BRow * sizeof(T);
        byte* a0 = (byte*)tile->A, a3 = a0 + (3 * row), a6 = a3 + (3 * row);
        byte* b = (byte*)tile->B;
        for (; k != 0; k--)
        {
            TVec b0 = TVec.Load(b), b1 = Unsafe.SizeOf<TVectors>() > 1 ? TVec.Load(b + (TVec.Count * sizeof(T))) : TVec.Zero;
            TVec b2 = Unsafe.SizeOf<TVectors>() > 2 ? TVec.Load(b + (2 * TVec.Count * sizeof(T))) : TVec.Zero;
            Multiply<TRows, TVectors>(0, a0, b0, b1, b2, ref c00, ref c01, ref c02);
            Multiply<TRows, TVectors>(1, a0 + row, b0, b1, b2, ref c10, ref c11, ref c12);
            Multiply<TRows, TVectors>(2, a0 + row2, b0, b1, b2, ref c20, ref c21, ref c22);
            Multiply<TRows, TVectors>(3, a3, b0, b1, b2, ref c30, ref c31, ref c32);
            Multiply<TRows, TVectors>(4, a3 + row, b0, b1, b2, ref c40, ref c41, ref c42);
            Multiply<TRows, TVectors>(5, a3 + row2, b0, b1, b2, ref c50, ref c51, ref c52);
            Multiply<TRows, TVectors>(6, a6, b0, b1, b2, ref c60, ref c61, ref c62);
            Multiply<TRows, TVectors>(7, a6 + row, b0, b1, b2, ref c70, ref c71, ref c72);
            a0 += aColumn;
            a3 += Unsafe.SizeOf<TRows>() > 3 ? aColumn : 0;
            a6 += Unsafe.SizeOf<TRows>() > 6 ? aColumn : 0;
            b += bRow;
        }

        Store<TRows, TVectors>(tile, 0, c00, c01, c02);
        Store<TRows, TVectors>(tile, 1, c10, c11, c12);
        Store<TRows, TVectors>(tile, 2, c20, c21, c22);
        Store<TRows, TVectors>(tile, 3, c30, c31, c32);
        Store<TRows, TVectors>(tile, 4, c40, c41, c42);
        Store<TRows, TVectors>(tile, 5, c50, c51, c52);
        Store<TRows, TVectors>(tile, 6, c60, c61, c62);
        Store<TRows, TVectors>(tile, 7, c70, c71, c72);
    }

    /// <summary>Adds an element of A times a row of B to the sums of a row of C; nothing if the tile does not have the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply<TRows, TVectors>(int row, byte* a, TVec b0, TVec b1, TVec b2, ref TVec c0, ref TVec c1, ref TVec c2)
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

        if (Unsafe.SizeOf<TVectors>() > 2)
        {
            TVec.Accumulate(ref c2, value, b2);
        }
    }

    /// <summary>Scales the sums of a row, adds the old C and the bias per column, and stores the row; nothing if the tile does not have it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TRows, TVectors>(GemmTile<T>* tile, int row, TVec v0, TVec v1, TVec v2)
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
            v2 = Unsafe.SizeOf<TVectors>() > 2 ? alpha * v2 : v2;
            if (tile->Beta != T.Zero)
            {
                TVec beta = TVec.Broadcast(&tile->Beta);
                TVec.Accumulate(ref v0, beta, TVec.Load(c));
                if (Unsafe.SizeOf<TVectors>() > 1)
                {
                    TVec.Accumulate(ref v1, beta, TVec.Load(c + TVec.Count));
                }

                if (Unsafe.SizeOf<TVectors>() > 2)
                {
                    TVec.Accumulate(ref v2, beta, TVec.Load(c + (2 * TVec.Count)));
                }
            }

            if (tile->BiasPerColumn != null)
            {
                v0 += TVec.Load(tile->BiasPerColumn);
                v1 = Unsafe.SizeOf<TVectors>() > 1 ? v1 + TVec.Load(tile->BiasPerColumn + TVec.Count) : v1;
                v2 = Unsafe.SizeOf<TVectors>() > 2 ? v2 + TVec.Load(tile->BiasPerColumn + (2 * TVec.Count)) : v2;
            }

            if (tile->Relu)
            {
                v0 = Relu(v0);
                v1 = Unsafe.SizeOf<TVectors>() > 1 ? Relu(v1) : v1;
                v2 = Unsafe.SizeOf<TVectors>() > 2 ? Relu(v2) : v2;
            }
        }

        v0.Store(c);
        if (Unsafe.SizeOf<TVectors>() > 1)
        {
            v1.Store(c + TVec.Count);
        }

        if (Unsafe.SizeOf<TVectors>() > 2)
        {
            v2.Store(c + (2 * TVec.Count));
        }
    }

    /// <summary>max(x, 0); NaN stays NaN and -0 becomes 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Relu(TVec x) => TVec.MaxNative(TVec.Zero, x) + TVec.Zero;
}
