using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The inner kernels of convolution: out[m, f] = start[m] + Σ_t weights[t·weightStep + m] · input[offsets[t] + f] for a tile of rows m and
/// a run of columns f, all sums in registers; without a start the sums begin with what the output holds.
/// </summary>
/// <remarks>
/// One source for all tiles: the conditions on <c>TRows</c> and <c>TVectors</c> are constants to the JIT, which drops the rest. 8 × 3 or
/// 6 × 4 sums, their inputs and 1 weight fill 28 of 32 registers, 4 × 3 fill 16 and 6 × 2 all but one; 8 chains already hide the latency of a multiply-add.
/// Compiled optimised at once: the first calls of a training run already count, and the body reads no static field. What keeps the sums in
/// registers is told at <see cref="Microkernel{T, TVec}"/>.
/// </remarks>
internal static unsafe class ConvTile<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>The tallest tile: more would not leave its sums in registers.</summary>
    public static int TallestTile
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(T) * TVec.Count == 64 ? 8 : 4;
    }

    /// <summary>Rows of the tile that begins <paramref name="remaining"/> rows before the last.</summary>
    public static int TileHeight(int remaining) => remaining switch
    {
        1 => 1,
        <= 4 => 4,
        5 when TallestTile == 8 => 6,
        6 => 6,
        _ => TallestTile,
    };

    /// <summary>Into how many pieces <paramref name="rows"/> may be cut: tallest tiles, of which the last takes two rows more if these would be alone.</summary>
    public static int Pieces(int rows) => rows > 4 && TallestTile == 4 && rows % 4 == 2 ? rows / 4 : (rows + TallestTile - 1) / TallestTile;

    /// <summary>First row of a piece; that of the piece after the last is the number of rows.</summary>
    public static int FirstRow(int piece, int pieces, int rows) => piece == pieces ? rows : piece * TallestTile;

    /// <summary>Width in vectors of the next tile where <paramref name="left"/> are to be done: wide ones, and no needless narrow one at the end.</summary>
    public static int VectorsOf(int height, int left)
    {
        int widest = height == 6 ? (TallestTile == 8 ? 4 : 2) : height == 1 ? 4 : 3;
        return left == widest + 1 ? 2 : Math.Min(left, widest);
    }

    /// <summary>Runs the kernel of <paramref name="height"/> rows and <paramref name="vectors"/> vectors.</summary>
    public static void Run(int height, int vectors, nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        switch (height)
        {
            case 8: Run<TileSize.Eight>(vectors, offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case 6: Run<TileSize.Six>(vectors, offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case 4: Run<TileSize.Four>(vectors, offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            default: Run<TileSize.One>(vectors, offsets, taps, input, weights, weightStep, start, output, outPitch); break;
        }
    }

    private static void Run<TRows>(int vectors, nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
        where TRows : struct, ITileSize
    {
        switch (vectors)
        {
            case 4: Run<TRows, TileSize.Four>(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case 3: Run<TRows, TileSize.Three>(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case 2: Run<TRows, TileSize.Two>(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            default: Run<TRows, TileSize.One>(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TVectors>(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
    {
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero, c03 = TVec.Zero;
        TVec c10 = TVec.Zero, c11 = TVec.Zero, c12 = TVec.Zero, c13 = TVec.Zero;
        TVec c20 = TVec.Zero, c21 = TVec.Zero, c22 = TVec.Zero, c23 = TVec.Zero;
        TVec c30 = TVec.Zero, c31 = TVec.Zero, c32 = TVec.Zero, c33 = TVec.Zero;
        TVec c40 = TVec.Zero, c41 = TVec.Zero, c42 = TVec.Zero, c43 = TVec.Zero;
        TVec c50 = TVec.Zero, c51 = TVec.Zero, c52 = TVec.Zero, c53 = TVec.Zero;
        TVec c60 = TVec.Zero, c61 = TVec.Zero, c62 = TVec.Zero, c63 = TVec.Zero;
        TVec c70 = TVec.Zero, c71 = TVec.Zero, c72 = TVec.Zero, c73 = TVec.Zero;
        Begin<TRows, TVectors>(0, start, output, ref c00, ref c01, ref c02, ref c03);
        Begin<TRows, TVectors>(1, start, output + outPitch, ref c10, ref c11, ref c12, ref c13);
        Begin<TRows, TVectors>(2, start, output + (2 * outPitch), ref c20, ref c21, ref c22, ref c23);
        Begin<TRows, TVectors>(3, start, output + (3 * outPitch), ref c30, ref c31, ref c32, ref c33);
        Begin<TRows, TVectors>(4, start, output + (4 * outPitch), ref c40, ref c41, ref c42, ref c43);
        Begin<TRows, TVectors>(5, start, output + (5 * outPitch), ref c50, ref c51, ref c52, ref c53);
        Begin<TRows, TVectors>(6, start, output + (6 * outPitch), ref c60, ref c61, ref c62, ref c63);
        Begin<TRows, TVectors>(7, start, output + (7 * outPitch), ref c70, ref c71, ref c72, ref c73);
        for (; taps > 0; taps--)
        {
            T* run = input + *offsets++;
            TVec x0 = TVec.Load(run);
            TVec x1 = Unsafe.SizeOf<TVectors>() > 1 ? TVec.Load(run + TVec.Count) : TVec.Zero;
            TVec x2 = Unsafe.SizeOf<TVectors>() > 2 ? TVec.Load(run + (2 * TVec.Count)) : TVec.Zero;
            TVec x3 = Unsafe.SizeOf<TVectors>() > 3 ? TVec.Load(run + (3 * TVec.Count)) : TVec.Zero;
            Multiply<TRows, TVectors>(0, weights, x0, x1, x2, x3, ref c00, ref c01, ref c02, ref c03);
            Multiply<TRows, TVectors>(1, weights, x0, x1, x2, x3, ref c10, ref c11, ref c12, ref c13);
            Multiply<TRows, TVectors>(2, weights, x0, x1, x2, x3, ref c20, ref c21, ref c22, ref c23);
            Multiply<TRows, TVectors>(3, weights, x0, x1, x2, x3, ref c30, ref c31, ref c32, ref c33);
            Multiply<TRows, TVectors>(4, weights, x0, x1, x2, x3, ref c40, ref c41, ref c42, ref c43);
            Multiply<TRows, TVectors>(5, weights, x0, x1, x2, x3, ref c50, ref c51, ref c52, ref c53);
            Multiply<TRows, TVectors>(6, weights, x0, x1, x2, x3, ref c60, ref c61, ref c62, ref c63);
            Multiply<TRows, TVectors>(7, weights, x0, x1, x2, x3, ref c70, ref c71, ref c72, ref c73);
            weights += weightStep;
        }

        End<TRows, TVectors>(0, output, c00, c01, c02, c03);
        End<TRows, TVectors>(1, output + outPitch, c10, c11, c12, c13);
        End<TRows, TVectors>(2, output + (2 * outPitch), c20, c21, c22, c23);
        End<TRows, TVectors>(3, output + (3 * outPitch), c30, c31, c32, c33);
        End<TRows, TVectors>(4, output + (4 * outPitch), c40, c41, c42, c43);
        End<TRows, TVectors>(5, output + (5 * outPitch), c50, c51, c52, c53);
        End<TRows, TVectors>(6, output + (6 * outPitch), c60, c61, c62, c63);
        End<TRows, TVectors>(7, output + (7 * outPitch), c70, c71, c72, c73);
    }

    /// <summary>The first values of a row's sums. This and the next two do nothing if the tile does not have the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin<TRows, TVectors>(int row, T* start, T* output, ref TVec c0, ref TVec c1, ref TVec c2, ref TVec c3)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
    {
        if (row >= Unsafe.SizeOf<TRows>())
        {
            return;
        }

        if (start != null)
        {
            c0 = c1 = c2 = c3 = TVec.Broadcast(start + row);
            return;
        }

        c0 = TVec.Load(output);
        c1 = Unsafe.SizeOf<TVectors>() > 1 ? TVec.Load(output + TVec.Count) : c1;
        c2 = Unsafe.SizeOf<TVectors>() > 2 ? TVec.Load(output + (2 * TVec.Count)) : c2;
        c3 = Unsafe.SizeOf<TVectors>() > 3 ? TVec.Load(output + (3 * TVec.Count)) : c3;
    }

    /// <summary>Adds a weight times a run of the input to the sums of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows, TVectors>(int row, T* weights, TVec x0, TVec x1, TVec x2, TVec x3, ref TVec c0, ref TVec c1, ref TVec c2, ref TVec c3)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
    {
        if (row >= Unsafe.SizeOf<TRows>())
        {
            return;
        }

        TVec w = TVec.Broadcast(weights + row);
        TVec.Accumulate(ref c0, w, x0);
        if (Unsafe.SizeOf<TVectors>() > 1)
        {
            TVec.Accumulate(ref c1, w, x1);
        }

        if (Unsafe.SizeOf<TVectors>() > 2)
        {
            TVec.Accumulate(ref c2, w, x2);
        }

        if (Unsafe.SizeOf<TVectors>() > 3)
        {
            TVec.Accumulate(ref c3, w, x3);
        }
    }

    /// <summary>Stores the sums of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End<TRows, TVectors>(int row, T* output, TVec c0, TVec c1, TVec c2, TVec c3)
        where TRows : struct, ITileSize
        where TVectors : struct, ITileSize
    {
        if (row >= Unsafe.SizeOf<TRows>())
        {
            return;
        }

        c0.Store(output);
        if (Unsafe.SizeOf<TVectors>() > 1)
        {
            c1.Store(output + TVec.Count);
        }

        if (Unsafe.SizeOf<TVectors>() > 2)
        {
            c2.Store(output + (2 * TVec.Count));
        }

        if (Unsafe.SizeOf<TVectors>() > 3)
        {
            c3.Store(output + (3 * TVec.Count));
        }
    }
}
