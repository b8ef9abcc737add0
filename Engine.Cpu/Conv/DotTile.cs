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
/// <remarks>A step of 8 × 3 is 11 loads for 24 multiply-adds; nothing is packed.</remarks>
internal static unsafe class DotTile<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Rows of the tile that begins <paramref name="remaining"/> rows before the last.</summary>
    public static int Height(int remaining) => remaining == 1 ? 1 : remaining <= 4 ? 4 : ConvTile<T, TVec>.TallestTile;

    /// <summary>8 rows of dy by 3 taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot8x3(in DotRuns<T> runs, T* sums)
    {
        T* d0 = runs.Gradients[0], d1 = runs.Gradients[1], d2 = runs.Gradients[2], d3 = runs.Gradients[3], d4 = runs.Gradients[4], d5 = runs.Gradients[5], d6 = runs.Gradients[6], d7 = runs.Gradients[7];
        T* x0 = runs.Inputs[0], x1 = runs.Inputs[1], x2 = runs.Inputs[2];
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero;
        TVec c10 = TVec.Zero, c11 = TVec.Zero, c12 = TVec.Zero;
        TVec c20 = TVec.Zero, c21 = TVec.Zero, c22 = TVec.Zero;
        TVec c30 = TVec.Zero, c31 = TVec.Zero, c32 = TVec.Zero;
        TVec c40 = TVec.Zero, c41 = TVec.Zero, c42 = TVec.Zero;
        TVec c50 = TVec.Zero, c51 = TVec.Zero, c52 = TVec.Zero;
        TVec c60 = TVec.Zero, c61 = TVec.Zero, c62 = TVec.Zero;
        TVec c70 = TVec.Zero, c71 = TVec.Zero, c72 = TVec.Zero;
        nint run = runs.Length, whole = run - run % TVec.Count;
        for (int image = runs.Images; image > 0; image--)
        {
            for (nint f = 0; f < whole; f += TVec.Count)
            {
                TVec v0 = TVec.Load(x0 + f);
                TVec v1 = TVec.Load(x1 + f);
                TVec v2 = TVec.Load(x2 + f);
                TVec d = TVec.Load(d0 + f);
                c00 = TVec.MultiplyAdd(d, v0, c00);
                c01 = TVec.MultiplyAdd(d, v1, c01);
                c02 = TVec.MultiplyAdd(d, v2, c02);
                d = TVec.Load(d1 + f);
                c10 = TVec.MultiplyAdd(d, v0, c10);
                c11 = TVec.MultiplyAdd(d, v1, c11);
                c12 = TVec.MultiplyAdd(d, v2, c12);
                d = TVec.Load(d2 + f);
                c20 = TVec.MultiplyAdd(d, v0, c20);
                c21 = TVec.MultiplyAdd(d, v1, c21);
                c22 = TVec.MultiplyAdd(d, v2, c22);
                d = TVec.Load(d3 + f);
                c30 = TVec.MultiplyAdd(d, v0, c30);
                c31 = TVec.MultiplyAdd(d, v1, c31);
                c32 = TVec.MultiplyAdd(d, v2, c32);
                d = TVec.Load(d4 + f);
                c40 = TVec.MultiplyAdd(d, v0, c40);
                c41 = TVec.MultiplyAdd(d, v1, c41);
                c42 = TVec.MultiplyAdd(d, v2, c42);
                d = TVec.Load(d5 + f);
                c50 = TVec.MultiplyAdd(d, v0, c50);
                c51 = TVec.MultiplyAdd(d, v1, c51);
                c52 = TVec.MultiplyAdd(d, v2, c52);
                d = TVec.Load(d6 + f);
                c60 = TVec.MultiplyAdd(d, v0, c60);
                c61 = TVec.MultiplyAdd(d, v1, c61);
                c62 = TVec.MultiplyAdd(d, v2, c62);
                d = TVec.Load(d7 + f);
                c70 = TVec.MultiplyAdd(d, v0, c70);
                c71 = TVec.MultiplyAdd(d, v1, c71);
                c72 = TVec.MultiplyAdd(d, v2, c72);
            }

            if (whole < run)
            {
                nint lanes = run - whole;
                TVec v0 = TVec.LoadFirst(x0 + whole, lanes);
                TVec v1 = TVec.LoadFirst(x1 + whole, lanes);
                TVec v2 = TVec.LoadFirst(x2 + whole, lanes);
                TVec d = TVec.LoadFirst(d0 + whole, lanes);
                c00 = TVec.MultiplyAdd(d, v0, c00);
                c01 = TVec.MultiplyAdd(d, v1, c01);
                c02 = TVec.MultiplyAdd(d, v2, c02);
                d = TVec.LoadFirst(d1 + whole, lanes);
                c10 = TVec.MultiplyAdd(d, v0, c10);
                c11 = TVec.MultiplyAdd(d, v1, c11);
                c12 = TVec.MultiplyAdd(d, v2, c12);
                d = TVec.LoadFirst(d2 + whole, lanes);
                c20 = TVec.MultiplyAdd(d, v0, c20);
                c21 = TVec.MultiplyAdd(d, v1, c21);
                c22 = TVec.MultiplyAdd(d, v2, c22);
                d = TVec.LoadFirst(d3 + whole, lanes);
                c30 = TVec.MultiplyAdd(d, v0, c30);
                c31 = TVec.MultiplyAdd(d, v1, c31);
                c32 = TVec.MultiplyAdd(d, v2, c32);
                d = TVec.LoadFirst(d4 + whole, lanes);
                c40 = TVec.MultiplyAdd(d, v0, c40);
                c41 = TVec.MultiplyAdd(d, v1, c41);
                c42 = TVec.MultiplyAdd(d, v2, c42);
                d = TVec.LoadFirst(d5 + whole, lanes);
                c50 = TVec.MultiplyAdd(d, v0, c50);
                c51 = TVec.MultiplyAdd(d, v1, c51);
                c52 = TVec.MultiplyAdd(d, v2, c52);
                d = TVec.LoadFirst(d6 + whole, lanes);
                c60 = TVec.MultiplyAdd(d, v0, c60);
                c61 = TVec.MultiplyAdd(d, v1, c61);
                c62 = TVec.MultiplyAdd(d, v2, c62);
                d = TVec.LoadFirst(d7 + whole, lanes);
                c70 = TVec.MultiplyAdd(d, v0, c70);
                c71 = TVec.MultiplyAdd(d, v1, c71);
                c72 = TVec.MultiplyAdd(d, v2, c72);
            }

            d0 += runs.GradientStep;
            d1 += runs.GradientStep;
            d2 += runs.GradientStep;
            d3 += runs.GradientStep;
            d4 += runs.GradientStep;
            d5 += runs.GradientStep;
            d6 += runs.GradientStep;
            d7 += runs.GradientStep;
            x0 += runs.InputStep;
            x1 += runs.InputStep;
            x2 += runs.InputStep;
        }

        Put(sums, c00);
        Put(sums + 1, c01);
        Put(sums + 2, c02);
        Put(sums + 3, c10);
        Put(sums + 4, c11);
        Put(sums + 5, c12);
        Put(sums + 6, c20);
        Put(sums + 7, c21);
        Put(sums + 8, c22);
        Put(sums + 9, c30);
        Put(sums + 10, c31);
        Put(sums + 11, c32);
        Put(sums + 12, c40);
        Put(sums + 13, c41);
        Put(sums + 14, c42);
        Put(sums + 15, c50);
        Put(sums + 16, c51);
        Put(sums + 17, c52);
        Put(sums + 18, c60);
        Put(sums + 19, c61);
        Put(sums + 20, c62);
        Put(sums + 21, c70);
        Put(sums + 22, c71);
        Put(sums + 23, c72);
    }

    /// <summary>4 rows of dy by 3 taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot4x3(in DotRuns<T> runs, T* sums)
    {
        T* d0 = runs.Gradients[0], d1 = runs.Gradients[1], d2 = runs.Gradients[2], d3 = runs.Gradients[3];
        T* x0 = runs.Inputs[0], x1 = runs.Inputs[1], x2 = runs.Inputs[2];
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero;
        TVec c10 = TVec.Zero, c11 = TVec.Zero, c12 = TVec.Zero;
        TVec c20 = TVec.Zero, c21 = TVec.Zero, c22 = TVec.Zero;
        TVec c30 = TVec.Zero, c31 = TVec.Zero, c32 = TVec.Zero;
        nint run = runs.Length, whole = run - run % TVec.Count;
        for (int image = runs.Images; image > 0; image--)
        {
            for (nint f = 0; f < whole; f += TVec.Count)
            {
                TVec v0 = TVec.Load(x0 + f);
                TVec v1 = TVec.Load(x1 + f);
                TVec v2 = TVec.Load(x2 + f);
                TVec d = TVec.Load(d0 + f);
                c00 = TVec.MultiplyAdd(d, v0, c00);
                c01 = TVec.MultiplyAdd(d, v1, c01);
                c02 = TVec.MultiplyAdd(d, v2, c02);
                d = TVec.Load(d1 + f);
                c10 = TVec.MultiplyAdd(d, v0, c10);
                c11 = TVec.MultiplyAdd(d, v1, c11);
                c12 = TVec.MultiplyAdd(d, v2, c12);
                d = TVec.Load(d2 + f);
                c20 = TVec.MultiplyAdd(d, v0, c20);
                c21 = TVec.MultiplyAdd(d, v1, c21);
                c22 = TVec.MultiplyAdd(d, v2, c22);
                d = TVec.Load(d3 + f);
                c30 = TVec.MultiplyAdd(d, v0, c30);
                c31 = TVec.MultiplyAdd(d, v1, c31);
                c32 = TVec.MultiplyAdd(d, v2, c32);
            }

            if (whole < run)
            {
                nint lanes = run - whole;
                TVec v0 = TVec.LoadFirst(x0 + whole, lanes);
                TVec v1 = TVec.LoadFirst(x1 + whole, lanes);
                TVec v2 = TVec.LoadFirst(x2 + whole, lanes);
                TVec d = TVec.LoadFirst(d0 + whole, lanes);
                c00 = TVec.MultiplyAdd(d, v0, c00);
                c01 = TVec.MultiplyAdd(d, v1, c01);
                c02 = TVec.MultiplyAdd(d, v2, c02);
                d = TVec.LoadFirst(d1 + whole, lanes);
                c10 = TVec.MultiplyAdd(d, v0, c10);
                c11 = TVec.MultiplyAdd(d, v1, c11);
                c12 = TVec.MultiplyAdd(d, v2, c12);
                d = TVec.LoadFirst(d2 + whole, lanes);
                c20 = TVec.MultiplyAdd(d, v0, c20);
                c21 = TVec.MultiplyAdd(d, v1, c21);
                c22 = TVec.MultiplyAdd(d, v2, c22);
                d = TVec.LoadFirst(d3 + whole, lanes);
                c30 = TVec.MultiplyAdd(d, v0, c30);
                c31 = TVec.MultiplyAdd(d, v1, c31);
                c32 = TVec.MultiplyAdd(d, v2, c32);
            }

            d0 += runs.GradientStep;
            d1 += runs.GradientStep;
            d2 += runs.GradientStep;
            d3 += runs.GradientStep;
            x0 += runs.InputStep;
            x1 += runs.InputStep;
            x2 += runs.InputStep;
        }

        Put(sums, c00);
        Put(sums + 1, c01);
        Put(sums + 2, c02);
        Put(sums + 3, c10);
        Put(sums + 4, c11);
        Put(sums + 5, c12);
        Put(sums + 6, c20);
        Put(sums + 7, c21);
        Put(sums + 8, c22);
        Put(sums + 9, c30);
        Put(sums + 10, c31);
        Put(sums + 11, c32);
    }

    /// <summary>1 row of dy by 5 taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot1x5(in DotRuns<T> runs, T* sums)
    {
        T* d0 = runs.Gradients[0];
        T* x0 = runs.Inputs[0], x1 = runs.Inputs[1], x2 = runs.Inputs[2], x3 = runs.Inputs[3], x4 = runs.Inputs[4];
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c02 = TVec.Zero, c03 = TVec.Zero, c04 = TVec.Zero;
        nint run = runs.Length, whole = run - run % TVec.Count;
        for (int image = runs.Images; image > 0; image--)
        {
            for (nint f = 0; f < whole; f += TVec.Count)
            {
                TVec v0 = TVec.Load(x0 + f);
                TVec v1 = TVec.Load(x1 + f);
                TVec v2 = TVec.Load(x2 + f);
                TVec v3 = TVec.Load(x3 + f);
                TVec v4 = TVec.Load(x4 + f);
                TVec d = TVec.Load(d0 + f);
                c00 = TVec.MultiplyAdd(d, v0, c00);
                c01 = TVec.MultiplyAdd(d, v1, c01);
                c02 = TVec.MultiplyAdd(d, v2, c02);
                c03 = TVec.MultiplyAdd(d, v3, c03);
                c04 = TVec.MultiplyAdd(d, v4, c04);
            }

            if (whole < run)
            {
                nint lanes = run - whole;
                TVec v0 = TVec.LoadFirst(x0 + whole, lanes);
                TVec v1 = TVec.LoadFirst(x1 + whole, lanes);
                TVec v2 = TVec.LoadFirst(x2 + whole, lanes);
                TVec v3 = TVec.LoadFirst(x3 + whole, lanes);
                TVec v4 = TVec.LoadFirst(x4 + whole, lanes);
                TVec d = TVec.LoadFirst(d0 + whole, lanes);
                c00 = TVec.MultiplyAdd(d, v0, c00);
                c01 = TVec.MultiplyAdd(d, v1, c01);
                c02 = TVec.MultiplyAdd(d, v2, c02);
                c03 = TVec.MultiplyAdd(d, v3, c03);
                c04 = TVec.MultiplyAdd(d, v4, c04);
            }

            d0 += runs.GradientStep;
            x0 += runs.InputStep;
            x1 += runs.InputStep;
            x2 += runs.InputStep;
            x3 += runs.InputStep;
            x4 += runs.InputStep;
        }

        Put(sums, c00);
        Put(sums + 1, c01);
        Put(sums + 2, c02);
        Put(sums + 3, c03);
        Put(sums + 4, c04);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* sum, TVec lanes)
    {
        if (sizeof(T) == sizeof(float)) *(float*)sum = (float)TVec.Sum(lanes);
        else *(double*)sum = TVec.Sum(lanes);
    }
}
