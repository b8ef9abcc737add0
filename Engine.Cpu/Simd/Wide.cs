using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>
/// The AVX-512 instructions that <see cref="Vector512"/> does not offer, and their meaning in plain code where the processor lacks them.
/// </summary>
/// <remarks>The plain code is for tests: with it all kernels of 512 bits run, slowly, on any machine. No device chooses them there.</remarks>
internal static unsafe class Wide
{
    /// <summary>The lanes whose mask is set; the others are 0 and not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MaskLoad(float* source, Vector512<float> mask)
        => Avx512F.IsSupported ? Avx512F.MaskLoad(source, mask, Vector512<float>.Zero) : LoadLanes(source, mask);

    /// <inheritdoc cref="MaskLoad(float*, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> MaskLoad(double* source, Vector512<double> mask)
        => Avx512F.IsSupported ? Avx512F.MaskLoad(source, mask, Vector512<double>.Zero) : LoadLanes(source, mask);

    /// <summary>Writes the lanes whose mask is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MaskStore(float* destination, Vector512<float> mask, Vector512<float> value)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(destination, mask, value);
        }
        else
        {
            StoreLanes(destination, mask, value);
        }
    }

    /// <inheritdoc cref="MaskStore(float*, Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MaskStore(double* destination, Vector512<double> mask, Vector512<double> value)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(destination, mask, value);
        }
        else
        {
            StoreLanes(destination, mask, value);
        }
    }

    /// <summary>a·2^⌊n⌋, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(Vector512<float> a, Vector512<float> n)
        => Avx512F.IsSupported ? Avx512F.Scale(a, n) : ScaleLanes(a, n);

    /// <inheritdoc cref="Scale(Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Scale(Vector512<double> a, Vector512<double> n)
        => Avx512F.IsSupported ? Avx512F.Scale(a, n) : ScaleLanes(a, n);

    /// <summary>Of the 32 lanes of a and then b, those whose numbers stand in <paramref name="lanes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Permute(Vector512<float> a, Vector512<int> lanes, Vector512<float> b)
        => Avx512F.IsSupported ? Avx512F.PermuteVar16x32x2(a, lanes, b) : PickLanes(a, lanes, b);

    /// <inheritdoc cref="Permute(Vector512{float}, Vector512{int}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Permute(Vector512<double> a, Vector512<long> lanes, Vector512<double> b)
        => Avx512F.IsSupported ? Avx512F.PermuteVar8x64x2(a, lanes, b) : PickLanes(a, lanes, b);

    /// <summary>In each quarter lanes 0 and 1 of both, in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> UnpackLow(Vector512<float> a, Vector512<float> b)
        => Avx512F.IsSupported ? Avx512F.UnpackLow(a, b)
            : PickLanes(a, Vector512.Create(0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29), b);

    /// <summary>In each quarter lanes 2 and 3 of both, in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> UnpackHigh(Vector512<float> a, Vector512<float> b)
        => Avx512F.IsSupported ? Avx512F.UnpackHigh(a, b)
            : PickLanes(a, Vector512.Create(2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31), b);

    /// <summary>In each quarter lane 0 of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> UnpackLow(Vector512<double> a, Vector512<double> b)
        => Avx512F.IsSupported ? Avx512F.UnpackLow(a, b) : PickLanes(a, Vector512.Create(0L, 8, 2, 10, 4, 12, 6, 14), b);

    /// <summary>In each quarter lane 1 of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> UnpackHigh(Vector512<double> a, Vector512<double> b)
        => Avx512F.IsSupported ? Avx512F.UnpackHigh(a, b) : PickLanes(a, Vector512.Create(1L, 9, 3, 11, 5, 13, 7, 15), b);

    /// <summary>Two quarters of a, then two of b: bits 0 to 1, 2 to 3, 4 to 5 and 6 to 7 of <paramref name="quarters"/> say which.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ShuffleQuarters(Vector512<float> a, Vector512<float> b, [ConstantExpected] byte quarters)
        => Avx512F.IsSupported ? Avx512F.Shuffle4x128(a, b, quarters) : PickQuarters(a, b, quarters);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector512<T> LoadLanes<T>(T* source, Vector512<T> mask) where T : unmanaged
    {
        Vector512<T> result = Vector512<T>.Zero;
        for (int lane = 0; lane < Vector512<T>.Count; lane++)
        {
            if (IsSet(mask, lane))
            {
                result = result.WithElement(lane, source[lane]);
            }
        }
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreLanes<T>(T* destination, Vector512<T> mask, Vector512<T> value) where T : unmanaged
    {
        for (int lane = 0; lane < Vector512<T>.Count; lane++)
        {
            if (IsSet(mask, lane))
            {
                destination[lane] = value[lane];
            }
        }
    }

    private static bool IsSet<T>(Vector512<T> mask, int lane) => (mask.ExtractMostSignificantBits() >> lane & 1) != 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector512<T> ScaleLanes<T>(Vector512<T> a, Vector512<T> n) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Vector512<T> result = a;
        for (int lane = 0; lane < Vector512<T>.Count; lane++)
        {
            // Exponents outside of an int's range are outside of the format's, too.
            T exponent = T.Clamp(T.Floor(n[lane]), T.CreateChecked(-100_000), T.CreateChecked(100_000));
            result = result.WithElement(lane, T.IsNaN(exponent) ? exponent : T.ScaleB(a[lane], int.CreateChecked(exponent)));
        }
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector512<T> PickLanes<T, TIndex>(Vector512<T> a, Vector512<TIndex> lanes, Vector512<T> b) where TIndex : IBinaryInteger<TIndex>
    {
        Vector512<T> result = Vector512<T>.Zero;
        int count = Vector512<T>.Count;
        for (int lane = 0; lane < count; lane++)
        {
            int from = int.CreateChecked(lanes[lane]);
            result = result.WithElement(lane, from < count ? a[from] : b[from - count]);
        }
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector512<float> PickQuarters(Vector512<float> a, Vector512<float> b, byte quarters)
    {
        Vector512<float> result = Vector512<float>.Zero;
        for (int lane = 0; lane < 16; lane++)
        {
            int quarter = lane / 4, from = (quarters >> (2 * quarter) & 3) * 4 + lane % 4;
            result = result.WithElement(lane, quarter < 2 ? a[from] : b[from]);
        }
        return result;
    }
}
