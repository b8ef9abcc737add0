using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The inner kernels of convolution: out[m, f] = start[m] + Σ_t weights[t·weightStep + m] · input[offsets[t] + f] for a tile of rows m and
/// a run of columns f, all sums in registers; without a start the sums begin with what the output holds. Tiles for 32 vector registers.
/// </summary>
/// <remarks>24 sums, 3 inputs and 1 weight fill 28 registers; 8 chains already hide the latency of a multiply-add.</remarks>
internal static unsafe class Tile8<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>8 rows by 3 vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8x3(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        int lanes = TVec.Count;
        TVec c00, c01, c02;
        TVec c10, c11, c12;
        TVec c20, c21, c22;
        TVec c30, c31, c32;
        TVec c40, c41, c42;
        TVec c50, c51, c52;
        TVec c60, c61, c62;
        TVec c70, c71, c72;
        if (start != null)
        {
            c02 = c01 = c00 = TVec.Broadcast(start);
            c12 = c11 = c10 = TVec.Broadcast(start + 1);
            c22 = c21 = c20 = TVec.Broadcast(start + 2);
            c32 = c31 = c30 = TVec.Broadcast(start + 3);
            c42 = c41 = c40 = TVec.Broadcast(start + 4);
            c52 = c51 = c50 = TVec.Broadcast(start + 5);
            c62 = c61 = c60 = TVec.Broadcast(start + 6);
            c72 = c71 = c70 = TVec.Broadcast(start + 7);
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
            c40 = TVec.Load(output + 4 * outPitch);
            c41 = TVec.Load(output + 4 * outPitch + lanes);
            c42 = TVec.Load(output + 4 * outPitch + 2 * lanes);
            c50 = TVec.Load(output + 5 * outPitch);
            c51 = TVec.Load(output + 5 * outPitch + lanes);
            c52 = TVec.Load(output + 5 * outPitch + 2 * lanes);
            c60 = TVec.Load(output + 6 * outPitch);
            c61 = TVec.Load(output + 6 * outPitch + lanes);
            c62 = TVec.Load(output + 6 * outPitch + 2 * lanes);
            c70 = TVec.Load(output + 7 * outPitch);
            c71 = TVec.Load(output + 7 * outPitch + lanes);
            c72 = TVec.Load(output + 7 * outPitch + 2 * lanes);
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
            w = TVec.Broadcast(weights + 4);
            c40 = TVec.MultiplyAdd(w, x0, c40);
            c41 = TVec.MultiplyAdd(w, x1, c41);
            c42 = TVec.MultiplyAdd(w, x2, c42);
            w = TVec.Broadcast(weights + 5);
            c50 = TVec.MultiplyAdd(w, x0, c50);
            c51 = TVec.MultiplyAdd(w, x1, c51);
            c52 = TVec.MultiplyAdd(w, x2, c52);
            w = TVec.Broadcast(weights + 6);
            c60 = TVec.MultiplyAdd(w, x0, c60);
            c61 = TVec.MultiplyAdd(w, x1, c61);
            c62 = TVec.MultiplyAdd(w, x2, c62);
            w = TVec.Broadcast(weights + 7);
            c70 = TVec.MultiplyAdd(w, x0, c70);
            c71 = TVec.MultiplyAdd(w, x1, c71);
            c72 = TVec.MultiplyAdd(w, x2, c72);
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
        output += outPitch;
        c40.Store(output);
        c41.Store(output + lanes);
        c42.Store(output + 2 * lanes);
        output += outPitch;
        c50.Store(output);
        c51.Store(output + lanes);
        c52.Store(output + 2 * lanes);
        output += outPitch;
        c60.Store(output);
        c61.Store(output + lanes);
        c62.Store(output + 2 * lanes);
        output += outPitch;
        c70.Store(output);
        c71.Store(output + lanes);
        c72.Store(output + 2 * lanes);
    }

    /// <summary>8 rows by 2 vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8x2(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        int lanes = TVec.Count;
        TVec c00, c01;
        TVec c10, c11;
        TVec c20, c21;
        TVec c30, c31;
        TVec c40, c41;
        TVec c50, c51;
        TVec c60, c61;
        TVec c70, c71;
        if (start != null)
        {
            c01 = c00 = TVec.Broadcast(start);
            c11 = c10 = TVec.Broadcast(start + 1);
            c21 = c20 = TVec.Broadcast(start + 2);
            c31 = c30 = TVec.Broadcast(start + 3);
            c41 = c40 = TVec.Broadcast(start + 4);
            c51 = c50 = TVec.Broadcast(start + 5);
            c61 = c60 = TVec.Broadcast(start + 6);
            c71 = c70 = TVec.Broadcast(start + 7);
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
            c40 = TVec.Load(output + 4 * outPitch);
            c41 = TVec.Load(output + 4 * outPitch + lanes);
            c50 = TVec.Load(output + 5 * outPitch);
            c51 = TVec.Load(output + 5 * outPitch + lanes);
            c60 = TVec.Load(output + 6 * outPitch);
            c61 = TVec.Load(output + 6 * outPitch + lanes);
            c70 = TVec.Load(output + 7 * outPitch);
            c71 = TVec.Load(output + 7 * outPitch + lanes);
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
            w = TVec.Broadcast(weights + 4);
            c40 = TVec.MultiplyAdd(w, x0, c40);
            c41 = TVec.MultiplyAdd(w, x1, c41);
            w = TVec.Broadcast(weights + 5);
            c50 = TVec.MultiplyAdd(w, x0, c50);
            c51 = TVec.MultiplyAdd(w, x1, c51);
            w = TVec.Broadcast(weights + 6);
            c60 = TVec.MultiplyAdd(w, x0, c60);
            c61 = TVec.MultiplyAdd(w, x1, c61);
            w = TVec.Broadcast(weights + 7);
            c70 = TVec.MultiplyAdd(w, x0, c70);
            c71 = TVec.MultiplyAdd(w, x1, c71);
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
        output += outPitch;
        c40.Store(output);
        c41.Store(output + lanes);
        output += outPitch;
        c50.Store(output);
        c51.Store(output + lanes);
        output += outPitch;
        c60.Store(output);
        c61.Store(output + lanes);
        output += outPitch;
        c70.Store(output);
        c71.Store(output + lanes);
    }

    /// <summary>8 rows by 1 vector of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8x1(nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        TVec c00, c10, c20, c30, c40, c50, c60, c70;
        if (start != null)
        {
            c00 = TVec.Broadcast(start);
            c10 = TVec.Broadcast(start + 1);
            c20 = TVec.Broadcast(start + 2);
            c30 = TVec.Broadcast(start + 3);
            c40 = TVec.Broadcast(start + 4);
            c50 = TVec.Broadcast(start + 5);
            c60 = TVec.Broadcast(start + 6);
            c70 = TVec.Broadcast(start + 7);
        }
        else
        {
            c00 = TVec.Load(output);
            c10 = TVec.Load(output + outPitch);
            c20 = TVec.Load(output + 2 * outPitch);
            c30 = TVec.Load(output + 3 * outPitch);
            c40 = TVec.Load(output + 4 * outPitch);
            c50 = TVec.Load(output + 5 * outPitch);
            c60 = TVec.Load(output + 6 * outPitch);
            c70 = TVec.Load(output + 7 * outPitch);
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
            w = TVec.Broadcast(weights + 4);
            c40 = TVec.MultiplyAdd(w, x0, c40);
            w = TVec.Broadcast(weights + 5);
            c50 = TVec.MultiplyAdd(w, x0, c50);
            w = TVec.Broadcast(weights + 6);
            c60 = TVec.MultiplyAdd(w, x0, c60);
            w = TVec.Broadcast(weights + 7);
            c70 = TVec.MultiplyAdd(w, x0, c70);
            weights += weightStep;
        }

        c00.Store(output);
        output += outPitch;
        c10.Store(output);
        output += outPitch;
        c20.Store(output);
        output += outPitch;
        c30.Store(output);
        output += outPitch;
        c40.Store(output);
        output += outPitch;
        c50.Store(output);
        output += outPitch;
        c60.Store(output);
        output += outPitch;
        c70.Store(output);
    }
}
