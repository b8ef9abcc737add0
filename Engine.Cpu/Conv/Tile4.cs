using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The inner kernels of convolution: out[m, f] = start[m] + Σ_t weights[t·weightStep + m] · input[offsets[t] + f] for a tile of rows m and
/// a run of columns f, all sums in registers; without a start the sums begin with what the output holds. Tiles for few channels, and for 16 vector registers.
/// </summary>
/// <remarks>12 sums, 3 inputs and 1 weight fill 16 registers.</remarks>
internal static unsafe class Tile4<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>4 rows by 3 vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile4x3(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        int lanes = TVec.Count;
        TVec c00, c01, c02;
        TVec c10, c11, c12;
        TVec c20, c21, c22;
        TVec c30, c31, c32;
        if (start != null)
        {
            c02 = c01 = c00 = TVec.Broadcast(start);
            c12 = c11 = c10 = TVec.Broadcast(start + 1);
            c22 = c21 = c20 = TVec.Broadcast(start + 2);
            c32 = c31 = c30 = TVec.Broadcast(start + 3);
        }
        else
        {
            c00 = TVec.Load(output);
            c01 = TVec.Load(output + lanes);
            c02 = TVec.Load(output + 2 * lanes);
            c10 = TVec.Load(output + outPitch);
            c11 = TVec.Load(output + outPitch + lanes);
            c12 = TVec.Load(output + outPitch + 2 * lanes);
            c20 = TVec.Load(output + 2 * outPitch);
            c21 = TVec.Load(output + 2 * outPitch + lanes);
            c22 = TVec.Load(output + 2 * outPitch + 2 * lanes);
            c30 = TVec.Load(output + 3 * outPitch);
            c31 = TVec.Load(output + 3 * outPitch + lanes);
            c32 = TVec.Load(output + 3 * outPitch + 2 * lanes);
        }

        for (; taps > 0; taps--)
        {
            T* run = input + *offsets++;
            TVec w = TVec.Broadcast(weights), x0 = TVec.Load(run), x1 = TVec.Load(run + lanes), x2 = TVec.Load(run + 2 * lanes);
            c00 = TVec.MultiplyAdd(w, x0, c00);
            c01 = TVec.MultiplyAdd(w, x1, c01);
            c02 = TVec.MultiplyAdd(w, x2, c02);
            w = TVec.Broadcast(weights + 1);
            c10 = TVec.MultiplyAdd(w, x0, c10);
            c11 = TVec.MultiplyAdd(w, x1, c11);
            c12 = TVec.MultiplyAdd(w, x2, c12);
            w = TVec.Broadcast(weights + 2);
            c20 = TVec.MultiplyAdd(w, x0, c20);
            c21 = TVec.MultiplyAdd(w, x1, c21);
            c22 = TVec.MultiplyAdd(w, x2, c22);
            w = TVec.Broadcast(weights + 3);
            c30 = TVec.MultiplyAdd(w, x0, c30);
            c31 = TVec.MultiplyAdd(w, x1, c31);
            c32 = TVec.MultiplyAdd(w, x2, c32);
            weights += weightStep;
        }

        c00.Store(output);
        c01.Store(output + lanes);
        c02.Store(output + 2 * lanes);
        output += outPitch;
        c10.Store(output);
        c11.Store(output + lanes);
        c12.Store(output + 2 * lanes);
        output += outPitch;
        c20.Store(output);
        c21.Store(output + lanes);
        c22.Store(output + 2 * lanes);
        output += outPitch;
        c30.Store(output);
        c31.Store(output + lanes);
        c32.Store(output + 2 * lanes);
    }

    /// <summary>4 rows by 2 vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile4x2(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        int lanes = TVec.Count;
        TVec c00, c01, c10, c11, c20, c21, c30, c31;
        if (start != null)
        {
            c01 = c00 = TVec.Broadcast(start);
            c11 = c10 = TVec.Broadcast(start + 1);
            c21 = c20 = TVec.Broadcast(start + 2);
            c31 = c30 = TVec.Broadcast(start + 3);
        }
        else
        {
            c00 = TVec.Load(output);
            c01 = TVec.Load(output + lanes);
            c10 = TVec.Load(output + outPitch);
            c11 = TVec.Load(output + outPitch + lanes);
            c20 = TVec.Load(output + 2 * outPitch);
            c21 = TVec.Load(output + 2 * outPitch + lanes);
            c30 = TVec.Load(output + 3 * outPitch);
            c31 = TVec.Load(output + 3 * outPitch + lanes);
        }

        for (; taps > 0; taps--)
        {
            T* run = input + *offsets++;
            TVec w = TVec.Broadcast(weights), x0 = TVec.Load(run), x1 = TVec.Load(run + lanes);
            c00 = TVec.MultiplyAdd(w, x0, c00);
            c01 = TVec.MultiplyAdd(w, x1, c01);
            w = TVec.Broadcast(weights + 1);
            c10 = TVec.MultiplyAdd(w, x0, c10);
            c11 = TVec.MultiplyAdd(w, x1, c11);
            w = TVec.Broadcast(weights + 2);
            c20 = TVec.MultiplyAdd(w, x0, c20);
            c21 = TVec.MultiplyAdd(w, x1, c21);
            w = TVec.Broadcast(weights + 3);
            c30 = TVec.MultiplyAdd(w, x0, c30);
            c31 = TVec.MultiplyAdd(w, x1, c31);
            weights += weightStep;
        }

        c00.Store(output);
        c01.Store(output + lanes);
        output += outPitch;
        c10.Store(output);
        c11.Store(output + lanes);
        output += outPitch;
        c20.Store(output);
        c21.Store(output + lanes);
        output += outPitch;
        c30.Store(output);
        c31.Store(output + lanes);
    }

    /// <summary>4 rows by 1 vector of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile4x1(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        TVec c00, c10, c20, c30;
        if (start != null)
        {
            c00 = TVec.Broadcast(start);
            c10 = TVec.Broadcast(start + 1);
            c20 = TVec.Broadcast(start + 2);
            c30 = TVec.Broadcast(start + 3);
        }
        else
        {
            c00 = TVec.Load(output);
            c10 = TVec.Load(output + outPitch);
            c20 = TVec.Load(output + 2 * outPitch);
            c30 = TVec.Load(output + 3 * outPitch);
        }

        for (; taps > 0; taps--)
        {
            T* run = input + *offsets++;
            TVec w = TVec.Broadcast(weights), x0 = TVec.Load(run);
            c00 = TVec.MultiplyAdd(w, x0, c00);
            w = TVec.Broadcast(weights + 1);
            c10 = TVec.MultiplyAdd(w, x0, c10);
            w = TVec.Broadcast(weights + 2);
            c20 = TVec.MultiplyAdd(w, x0, c20);
            w = TVec.Broadcast(weights + 3);
            c30 = TVec.MultiplyAdd(w, x0, c30);
            weights += weightStep;
        }

        c00.Store(output);
        output += outPitch;
        c10.Store(output);
        output += outPitch;
        c20.Store(output);
        output += outPitch;
        c30.Store(output);
    }

    /// <summary>1 row by 8 vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile1x8(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        int lanes = TVec.Count;
        TVec c00, c01, c02, c03, c04, c05, c06, c07;
        if (start != null)
        {
            c07 = c06 = c05 = c04 = c03 = c02 = c01 = c00 = TVec.Broadcast(start);
        }
        else
        {
            c00 = TVec.Load(output);
            c01 = TVec.Load(output + lanes);
            c02 = TVec.Load(output + 2 * lanes);
            c03 = TVec.Load(output + 3 * lanes);
            c04 = TVec.Load(output + 4 * lanes);
            c05 = TVec.Load(output + 5 * lanes);
            c06 = TVec.Load(output + 6 * lanes);
            c07 = TVec.Load(output + 7 * lanes);
        }

        for (; taps > 0; taps--)
        {
            T* run = input + *offsets++;
            TVec w = TVec.Broadcast(weights), x0 = TVec.Load(run), x1 = TVec.Load(run + lanes), x2 = TVec.Load(run + 2 * lanes), x3 = TVec.Load(run + 3 * lanes), x4 = TVec.Load(run + 4 * lanes), x5 = TVec.Load(run + 5 * lanes), x6 = TVec.Load(run + 6 * lanes), x7 = TVec.Load(run + 7 * lanes);
            c00 = TVec.MultiplyAdd(w, x0, c00);
            c01 = TVec.MultiplyAdd(w, x1, c01);
            c02 = TVec.MultiplyAdd(w, x2, c02);
            c03 = TVec.MultiplyAdd(w, x3, c03);
            c04 = TVec.MultiplyAdd(w, x4, c04);
            c05 = TVec.MultiplyAdd(w, x5, c05);
            c06 = TVec.MultiplyAdd(w, x6, c06);
            c07 = TVec.MultiplyAdd(w, x7, c07);
            weights += weightStep;
        }

        c00.Store(output);
        c01.Store(output + lanes);
        c02.Store(output + 2 * lanes);
        c03.Store(output + 3 * lanes);
        c04.Store(output + 4 * lanes);
        c05.Store(output + 5 * lanes);
        c06.Store(output + 6 * lanes);
        c07.Store(output + 7 * lanes);
    }

    /// <summary>1 row by 1 vector of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile1x1(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        TVec c00;
        if (start != null)
        {
            c00 = TVec.Broadcast(start);
        }
        else
        {
            c00 = TVec.Load(output);
        }

        for (; taps > 0; taps--)
        {
            T* run = input + *offsets++;
            TVec w = TVec.Broadcast(weights), x0 = TVec.Load(run);
            c00 = TVec.MultiplyAdd(w, x0, c00);
            weights += weightStep;
        }

        c00.Store(output);
    }
}
