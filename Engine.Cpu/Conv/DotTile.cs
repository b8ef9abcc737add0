using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The runs that one tile of <see cref="DotTile{T,TVec}"/> multiplies.</summary>
internal unsafe struct DotRuns<T> where T : unmanaged
{
    /// <summary>Where each row of dy begins.</summary>
    public T** Gradients;

    /// <summary>Where each tap of the lowered input begins.</summary>
    public T** Inputs;

    /// <summary>Elements of a run.</summary>
    public nint Length;

    /// <summary>Number of runs.</summary>
    public int Images;

    /// <summary>From a run of dy to the next.</summary>
    public nint GradientStep;

    /// <summary>From a run of the input to the next.</summary>
    public nint InputStep;
}

/// <summary>
/// The inner kernels of the gradient to the weights: sums[m, t] = Σ_f dy[m, f] · input[t, f] for a tile of channels m and taps t. Lanes
/// hold neighbouring f and are added up at the end, in an order that depends on their number only.
/// </summary>
/// <remarks>
/// One source for tiles of 8 × 3, 4 × 3 and 1 × 5, see <see cref="ConvTile{T, TVec}"/>. A step of 8 × 3 is 11 loads for 24 multiply-adds; nothing is packed.
/// </remarks>
internal static unsafe class DotTile<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Most taps of a tile.</summary>
    public const int MostTaps = 5;

    /// <summary>Rows of the tile that begins <paramref name="remaining"/> rows before the last.</summary>
    public static int Height(int remaining) => remaining == 1 ? 1 : remaining <= 4 ? 4 : ConvTile<T, TVec>.TallestTile;

    /// <summary>Taps of a tile of that height.</summary>
    public static int Width(int height) => height == 1 ? MostTaps : 3;

    /// <summary>Writes the sums of a tile of <paramref name="height"/> rows, row after row.</summary>
    public static void Run(int height, in DotRuns<T> runs, T* sums)
    {
        switch (height)
        {
            case 8: Run<TileSize.Eight, TileSize.Three>(runs, sums); break;
            case 4: Run<TileSize.Four, TileSize.Three>(runs, sums); break;
            default: Run<TileSize.One, TileSize.Five>(runs, sums); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TTaps>(in DotRuns<T> runs, T* sums)
        where TRows : struct, ITileSize
        where TTaps : struct, ITileSize
    {
        T* d0 = runs.Gradients[0], d1 = runs.Gradients[1], d2 = runs.Gradients[2], d3 = runs.Gradients[3];
        T* d4 = runs.Gradients[4], d5 = runs.Gradients[5], d6 = runs.Gradients[6], d7 = runs.Gradients[7];
        T* x0 = runs.Inputs[0], x1 = runs.Inputs[1], x2 = runs.Inputs[2], x3 = runs.Inputs[3], x4 = runs.Inputs[4];
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero, c03 = TVec.Zero, c04 = TVec.Zero;
        TVec c10 = TVec.Zero, c11 = TVec.Zero, c12 = TVec.Zero;
        TVec c20 = TVec.Zero, c21 = TVec.Zero, c22 = TVec.Zero;
        TVec c30 = TVec.Zero, c31 = TVec.Zero, c32 = TVec.Zero;
        TVec c40 = TVec.Zero, c41 = TVec.Zero, c42 = TVec.Zero;
        TVec c50 = TVec.Zero, c51 = TVec.Zero, c52 = TVec.Zero;
        TVec c60 = TVec.Zero, c61 = TVec.Zero, c62 = TVec.Zero;
        TVec c70 = TVec.Zero, c71 = TVec.Zero, c72 = TVec.Zero;
        nint run = runs.Length, lanes = run % TVec.Count, whole = run - lanes;
        for (int image = runs.Images; image > 0; image--)
        {
            for (nint f = 0; f < whole; f += TVec.Count)
            {
                TVec v0 = Load(x0 + f, lanes, isWhole: true), v1 = Load(x1 + f, lanes, isWhole: true), v2 = Load(x2 + f, lanes, isWhole: true);
                Multiply<TRows>(0, d0 + f, lanes, isWhole: true, v0, v1, v2, ref c00, ref c01, ref c02);
                Multiply<TRows>(1, d1 + f, lanes, isWhole: true, v0, v1, v2, ref c10, ref c11, ref c12);
                Multiply<TRows>(2, d2 + f, lanes, isWhole: true, v0, v1, v2, ref c20, ref c21, ref c22);
                Multiply<TRows>(3, d3 + f, lanes, isWhole: true, v0, v1, v2, ref c30, ref c31, ref c32);
                Multiply<TRows>(4, d4 + f, lanes, isWhole: true, v0, v1, v2, ref c40, ref c41, ref c42);
                Multiply<TRows>(5, d5 + f, lanes, isWhole: true, v0, v1, v2, ref c50, ref c51, ref c52);
                Multiply<TRows>(6, d6 + f, lanes, isWhole: true, v0, v1, v2, ref c60, ref c61, ref c62);
                Multiply<TRows>(7, d7 + f, lanes, isWhole: true, v0, v1, v2, ref c70, ref c71, ref c72);
                if (Unsafe.SizeOf<TTaps>() > 3)
                {
                    TVec d = Load(d0 + f, lanes, isWhole: true);
                    TVec.Accumulate(ref c03, d, Load(x3 + f, lanes, isWhole: true));
                    TVec.Accumulate(ref c04, d, Load(x4 + f, lanes, isWhole: true));
                }
            }

            if (lanes > 0)
            {
                TVec v0 = Load(x0 + whole, lanes, isWhole: false), v1 = Load(x1 + whole, lanes, isWhole: false), v2 = Load(x2 + whole, lanes, isWhole: false);
                Multiply<TRows>(0, d0 + whole, lanes, isWhole: false, v0, v1, v2, ref c00, ref c01, ref c02);
                Multiply<TRows>(1, d1 + whole, lanes, isWhole: false, v0, v1, v2, ref c10, ref c11, ref c12);
                Multiply<TRows>(2, d2 + whole, lanes, isWhole: false, v0, v1, v2, ref c20, ref c21, ref c22);
                Multiply<TRows>(3, d3 + whole, lanes, isWhole: false, v0, v1, v2, ref c30, ref c31, ref c32);
                Multiply<TRows>(4, d4 + whole, lanes, isWhole: false, v0, v1, v2, ref c40, ref c41, ref c42);
                Multiply<TRows>(5, d5 + whole, lanes, isWhole: false, v0, v1, v2, ref c50, ref c51, ref c52);
                Multiply<TRows>(6, d6 + whole, lanes, isWhole: false, v0, v1, v2, ref c60, ref c61, ref c62);
                Multiply<TRows>(7, d7 + whole, lanes, isWhole: false, v0, v1, v2, ref c70, ref c71, ref c72);
                if (Unsafe.SizeOf<TTaps>() > 3)
                {
                    TVec d = Load(d0 + whole, lanes, isWhole: false);
                    TVec.Accumulate(ref c03, d, Load(x3 + whole, lanes, isWhole: false));
                    TVec.Accumulate(ref c04, d, Load(x4 + whole, lanes, isWhole: false));
                }
            }

            d0 += Unsafe.SizeOf<TRows>() > 0 ? runs.GradientStep : 0;
            d1 += Unsafe.SizeOf<TRows>() > 1 ? runs.GradientStep : 0;
            d2 += Unsafe.SizeOf<TRows>() > 2 ? runs.GradientStep : 0;
            d3 += Unsafe.SizeOf<TRows>() > 3 ? runs.GradientStep : 0;
            d4 += Unsafe.SizeOf<TRows>() > 4 ? runs.GradientStep : 0;
            d5 += Unsafe.SizeOf<TRows>() > 5 ? runs.GradientStep : 0;
            d6 += Unsafe.SizeOf<TRows>() > 6 ? runs.GradientStep : 0;
            d7 += Unsafe.SizeOf<TRows>() > 7 ? runs.GradientStep : 0;
            x0 += runs.InputStep;
            x1 += runs.InputStep;
            x2 += runs.InputStep;
            x3 += Unsafe.SizeOf<TTaps>() > 3 ? runs.InputStep : 0;
            x4 += Unsafe.SizeOf<TTaps>() > 4 ? runs.InputStep : 0;
        }

        Put<TRows>(0, sums, c00, c01, c02);
        Put<TRows>(1, sums + 3, c10, c11, c12);
        Put<TRows>(2, sums + 6, c20, c21, c22);
        Put<TRows>(3, sums + 9, c30, c31, c32);
        Put<TRows>(4, sums + 12, c40, c41, c42);
        Put<TRows>(5, sums + 15, c50, c51, c52);
        Put<TRows>(6, sums + 18, c60, c61, c62);
        Put<TRows>(7, sums + 21, c70, c71, c72);
        if (Unsafe.SizeOf<TTaps>() > 3)
        {
            Put(sums + 3, c03);
            Put(sums + 4, c04);
        }
    }

    /// <summary>A vector, or its first lanes where the run ends in it. The callers' <paramref name="isWhole"/> is a constant, which leaves one of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Load(T* source, nint lanes, bool isWhole) => isWhole ? TVec.Load(source) : TVec.LoadFirst(source, lanes);

    /// <summary>Adds a part of a row of dy times three taps to their sums; nothing if the tile does not have the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows>(int row, T* gradient, nint lanes, bool isWhole, TVec v0, TVec v1, TVec v2, ref TVec c0, ref TVec c1, ref TVec c2)
        where TRows : struct, ITileSize
    {
        if (row >= Unsafe.SizeOf<TRows>())
        {
            return;
        }

        TVec d = Load(gradient, lanes, isWhole);
        TVec.Accumulate(ref c0, d, v0);
        TVec.Accumulate(ref c1, d, v1);
        TVec.Accumulate(ref c2, d, v2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TRows>(int row, T* sums, TVec c0, TVec c1, TVec c2) where TRows : struct, ITileSize
    {
        if (row >= Unsafe.SizeOf<TRows>())
        {
            return;
        }

        Put(sums, c0);
        Put(sums + 1, c1);
        Put(sums + 2, c2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* sum, TVec lanes)
    {
        if (sizeof(T) == sizeof(float))
        {
            *(float*)sum = (float)TVec.Sum(lanes);
        }
        else
        {
            *(double*)sum = TVec.Sum(lanes);
        }
    }
}
