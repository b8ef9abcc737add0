using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The inner kernels of convolution: out[m, f] = start[m] + Σ_t weights[t·weightStep + m] · input[offsets[t] + f] for a tile of rows m and
/// a run of columns f, all sums in registers; without a start the sums begin with what the output holds.
/// </summary>
/// <remarks>
/// One source for all tiles: the conditions on <c>TRows</c> and <c>TVectors</c> are constants to the JIT, which drops the rest. 8 × 3 or
/// 6 × 4 sums, their inputs and 1 weight fill 28 of 32 registers, 4 × 3 fill 16; 8 chains already hide the latency of a multiply-add.
/// Compiled optimised at once: the first calls of a training run already count, and the body reads no static field.
/// </remarks>
internal static unsafe class ConvTile<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>The tallest tile: more would not leave its sums in registers.</summary>
    public static int TallestTile => sizeof(T) * TVec.Count == 64 ? 8 : 4;

    /// <summary>Rows of the tile that begins <paramref name="remaining"/> rows before the last.</summary>
    public static int TileHeight(int remaining) => remaining switch
    {
        1 => 1,
        <= 4 => 4,
        <= 6 when TallestTile == 8 => 6,
        _ => TallestTile,
    };

    /// <summary>Width in vectors of the next tile where <paramref name="left"/> are to be done: wide ones, and no needless narrow one at the end.</summary>
    public static int VectorsOf(int height, int left)
    {
        int widest = height is 6 or 1 ? 4 : 3;
        return left == widest + 1 ? 2 : Math.Min(left, widest);
    }

    /// <summary>Runs the kernel of <paramref name="height"/> rows and <paramref name="vectors"/> vectors.</summary>
    public static void Run(int height, int vectors, nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        switch (height)
        {
            case 8: Run<Eight>(vectors, offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case 6: Run<Six>(vectors, offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case 4: Run<Four>(vectors, offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            default: Run<One>(vectors, offsets, taps, input, weights, weightStep, start, output, outPitch); break;
        }
    }

    private static void Run<TRows>(int vectors, nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
        where TRows : struct, ITileRows
    {
        switch (vectors)
        {
            case 4: Run<TRows, Four>(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case 3: Run<TRows, Three>(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case 2: Run<TRows, Two>(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            default: Run<TRows, One>(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TVectors>(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
        where TRows : struct, ITileRows
        where TVectors : struct, ITileVectors
    {
        int lanes = TVec.Count;
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero, c03 = TVec.Zero;
        TVec c10 = TVec.Zero, c11 = TVec.Zero, c12 = TVec.Zero, c13 = TVec.Zero;
        TVec c20 = TVec.Zero, c21 = TVec.Zero, c22 = TVec.Zero, c23 = TVec.Zero;
        TVec c30 = TVec.Zero, c31 = TVec.Zero, c32 = TVec.Zero, c33 = TVec.Zero;
        TVec c40 = TVec.Zero, c41 = TVec.Zero, c42 = TVec.Zero, c43 = TVec.Zero;
        TVec c50 = TVec.Zero, c51 = TVec.Zero, c52 = TVec.Zero, c53 = TVec.Zero;
        TVec c60 = TVec.Zero, c61 = TVec.Zero, c62 = TVec.Zero, c63 = TVec.Zero;
        TVec c70 = TVec.Zero, c71 = TVec.Zero, c72 = TVec.Zero, c73 = TVec.Zero;
        Begin<TVectors>(start == null ? null : start, output, out c00, out c01, out c02, out c03);
        if (TRows.Count > 1) Begin<TVectors>(start == null ? null : start + 1, output + outPitch, out c10, out c11, out c12, out c13);
        if (TRows.Count > 2) Begin<TVectors>(start == null ? null : start + 2, output + 2 * outPitch, out c20, out c21, out c22, out c23);
        if (TRows.Count > 3) Begin<TVectors>(start == null ? null : start + 3, output + 3 * outPitch, out c30, out c31, out c32, out c33);
        if (TRows.Count > 4) Begin<TVectors>(start == null ? null : start + 4, output + 4 * outPitch, out c40, out c41, out c42, out c43);
        if (TRows.Count > 5) Begin<TVectors>(start == null ? null : start + 5, output + 5 * outPitch, out c50, out c51, out c52, out c53);
        if (TRows.Count > 6) Begin<TVectors>(start == null ? null : start + 6, output + 6 * outPitch, out c60, out c61, out c62, out c63);
        if (TRows.Count > 7) Begin<TVectors>(start == null ? null : start + 7, output + 7 * outPitch, out c70, out c71, out c72, out c73);
        for (; taps > 0; taps--)
        {
            T* run = input + *offsets++;
            TVec x0 = TVec.Load(run);
            TVec x1 = TVectors.Count > 1 ? TVec.Load(run + lanes) : TVec.Zero;
            TVec x2 = TVectors.Count > 2 ? TVec.Load(run + 2 * lanes) : TVec.Zero;
            TVec x3 = TVectors.Count > 3 ? TVec.Load(run + 3 * lanes) : TVec.Zero;
            TVec w = TVec.Broadcast(weights);
            c00 = TVec.MultiplyAdd(w, x0, c00);
            if (TVectors.Count > 1) c01 = TVec.MultiplyAdd(w, x1, c01);
            if (TVectors.Count > 2) c02 = TVec.MultiplyAdd(w, x2, c02);
            if (TVectors.Count > 3) c03 = TVec.MultiplyAdd(w, x3, c03);
            if (TRows.Count > 1)
            {
                w = TVec.Broadcast(weights + 1);
                c10 = TVec.MultiplyAdd(w, x0, c10);
                if (TVectors.Count > 1) c11 = TVec.MultiplyAdd(w, x1, c11);
                if (TVectors.Count > 2) c12 = TVec.MultiplyAdd(w, x2, c12);
                if (TVectors.Count > 3) c13 = TVec.MultiplyAdd(w, x3, c13);
            }

            if (TRows.Count > 2)
            {
                w = TVec.Broadcast(weights + 2);
                c20 = TVec.MultiplyAdd(w, x0, c20);
                if (TVectors.Count > 1) c21 = TVec.MultiplyAdd(w, x1, c21);
                if (TVectors.Count > 2) c22 = TVec.MultiplyAdd(w, x2, c22);
                if (TVectors.Count > 3) c23 = TVec.MultiplyAdd(w, x3, c23);
            }

            if (TRows.Count > 3)
            {
                w = TVec.Broadcast(weights + 3);
                c30 = TVec.MultiplyAdd(w, x0, c30);
                if (TVectors.Count > 1) c31 = TVec.MultiplyAdd(w, x1, c31);
                if (TVectors.Count > 2) c32 = TVec.MultiplyAdd(w, x2, c32);
                if (TVectors.Count > 3) c33 = TVec.MultiplyAdd(w, x3, c33);
            }

            if (TRows.Count > 4)
            {
                w = TVec.Broadcast(weights + 4);
                c40 = TVec.MultiplyAdd(w, x0, c40);
                if (TVectors.Count > 1) c41 = TVec.MultiplyAdd(w, x1, c41);
                if (TVectors.Count > 2) c42 = TVec.MultiplyAdd(w, x2, c42);
                if (TVectors.Count > 3) c43 = TVec.MultiplyAdd(w, x3, c43);
            }

            if (TRows.Count > 5)
            {
                w = TVec.Broadcast(weights + 5);
                c50 = TVec.MultiplyAdd(w, x0, c50);
                if (TVectors.Count > 1) c51 = TVec.MultiplyAdd(w, x1, c51);
                if (TVectors.Count > 2) c52 = TVec.MultiplyAdd(w, x2, c52);
                if (TVectors.Count > 3) c53 = TVec.MultiplyAdd(w, x3, c53);
            }

            if (TRows.Count > 6)
            {
                w = TVec.Broadcast(weights + 6);
                c60 = TVec.MultiplyAdd(w, x0, c60);
                if (TVectors.Count > 1) c61 = TVec.MultiplyAdd(w, x1, c61);
                if (TVectors.Count > 2) c62 = TVec.MultiplyAdd(w, x2, c62);
                if (TVectors.Count > 3) c63 = TVec.MultiplyAdd(w, x3, c63);
            }

            if (TRows.Count > 7)
            {
                w = TVec.Broadcast(weights + 7);
                c70 = TVec.MultiplyAdd(w, x0, c70);
                if (TVectors.Count > 1) c71 = TVec.MultiplyAdd(w, x1, c71);
                if (TVectors.Count > 2) c72 = TVec.MultiplyAdd(w, x2, c72);
                if (TVectors.Count > 3) c73 = TVec.MultiplyAdd(w, x3, c73);
            }

            weights += weightStep;
        }

        End<TVectors>(output, c00, c01, c02, c03);
        if (TRows.Count > 1) End<TVectors>(output + outPitch, c10, c11, c12, c13);
        if (TRows.Count > 2) End<TVectors>(output + 2 * outPitch, c20, c21, c22, c23);
        if (TRows.Count > 3) End<TVectors>(output + 3 * outPitch, c30, c31, c32, c33);
        if (TRows.Count > 4) End<TVectors>(output + 4 * outPitch, c40, c41, c42, c43);
        if (TRows.Count > 5) End<TVectors>(output + 5 * outPitch, c50, c51, c52, c53);
        if (TRows.Count > 6) End<TVectors>(output + 6 * outPitch, c60, c61, c62, c63);
        if (TRows.Count > 7) End<TVectors>(output + 7 * outPitch, c70, c71, c72, c73);
    }

    /// <summary>The first values of a row's sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin<TVectors>(T* start, T* output, out TVec c0, out TVec c1, out TVec c2, out TVec c3) where TVectors : struct, ITileVectors
    {
        c0 = start != null ? TVec.Broadcast(start) : TVec.Load(output);
        c1 = c2 = c3 = c0;
        if (start != null) return;
        if (TVectors.Count > 1) c1 = TVec.Load(output + TVec.Count);
        if (TVectors.Count > 2) c2 = TVec.Load(output + 2 * TVec.Count);
        if (TVectors.Count > 3) c3 = TVec.Load(output + 3 * TVec.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End<TVectors>(T* output, TVec c0, TVec c1, TVec c2, TVec c3) where TVectors : struct, ITileVectors
    {
        c0.Store(output);
        if (TVectors.Count > 1) c1.Store(output + TVec.Count);
        if (TVectors.Count > 2) c2.Store(output + 2 * TVec.Count);
        if (TVectors.Count > 3) c3.Store(output + 3 * TVec.Count);
    }

    private readonly struct One : ITileRows, ITileVectors
    {
        public static int Count => 1;
    }

    private readonly struct Two : ITileVectors
    {
        public static int Count => 2;
    }

    private readonly struct Three : ITileVectors
    {
        public static int Count => 3;
    }

    private readonly struct Four : ITileRows, ITileVectors
    {
        public static int Count => 4;
    }

    private readonly struct Six : ITileRows
    {
        public static int Count => 6;
    }

    private readonly struct Eight : ITileRows
    {
        public static int Count => 8;
    }
}
