using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Copies slices of a matrix into panels, the formats that the register tiles read fastest.</summary>
/// <remarks>
/// <code>
/// panel of A, PanelRows × k:      element (i, k) at [k·PanelRows + i]     one column after the other
/// panel of B, k × PanelColumns:   element (k, j) at [k·PanelColumns + j]  one row after the other, 64-byte aligned, zeros as padding
/// </code>
/// <para>A panel of B that has no more columns than a vector has lanes may have rows of that length.</para>
/// </remarks>
internal static unsafe class GemmPacking
{
    /// <summary>Panels that are packed side by side: 512 bytes of a row at 256 bits.</summary>
    private const int PanelsAtATime = 8;

    /// <summary>Rows this far apart lie in pages of their own, where the processor's prefetchers stop.</summary>
    private const int PageBytes = 4096;

    /// <summary>How many rows of such a matrix are fetched ahead: sgemm/32x4096x4096 takes 10 % less time.</summary>
    private const int RowsAhead = 8;

    /// <summary>
    /// <c>panel[k·width + j] = source[j·across + k·along]</c> for k &lt; kSize, j &lt; count, and 0 for count ≤ j &lt; width.
    /// </summary>
    /// <remarks>
    /// Serves both operands: a panel of A has its rows across (width = PanelRows), a panel of B its columns (width = PanelColumns). If
    /// <paramref name="another"/> panel lies beside this one, its first bytes are fetched meanwhile: each row of it is a stream of its own.
    /// </remarks>
    public static void Pack<T>(T* panel, int width, T* source, nint across, nint along, int count, nint kSize, bool another = false) where T : unmanaged
    {
        if (across == 1)
        {
            CopyRows(panel, width, source, along, count, kSize);
        }
        else if (along == 1)
        {
            Transpose(panel, width, source, across, count, kSize, another);
        }
        else
        {
            Gather(panel, width, source, across, along, 0, count, kSize);
        }
        if (count == width)
        {
            return;
        }

        for (nint k = 0; k < kSize; k++)
        {
            new Span<T>(panel + k * width + count, width - count).Clear();
        }
    }

    /// <summary>Packs <paramref name="panels"/> panels that lie side by side, each of <paramref name="width"/> × kSize values.</summary>
    /// <remarks>Where the rows of the source are contiguous, each is read on over several panels: a prefetcher follows that, and not one cache line of every row.</remarks>
    public static void PackPanels<T>(T* panel, int width, int panels, T* source, nint across, nint along, nint kSize) where T : unmanaged
    {
        nint step = width * kSize;
        nint line = CacheSizes.Line / sizeof(T);
        bool fetches = Sse.IsSupported && Math.Abs(along) * sizeof(T) >= PageBytes;
        for (int first = 0; first < panels; first += PanelsAtATime)
        {
            int count = Math.Min(PanelsAtATime, panels - first);
            T* from = source + (first * width * across), to = panel + (first * step);
            if (across != 1 || count == 1 || width * sizeof(T) % 32 != 0)
            {
                for (int p = 0; p < count; p++)
                {
                    Pack(to + (p * step), width, from + (p * width * across), across, along, width, kSize, first + p + 1 < panels);
                }

                continue;
            }

            for (nint k = 0; k < kSize; k++, from += along, to += width)
            {
                if (fetches)
                {
                    Fetch(from + (RowsAhead * along), line, (int)(count * width / line));
                }
                CopyRow((byte*)to, (byte*)from, count, width * sizeof(T), step * sizeof(T));
            }
        }
    }

    /// <summary>Packs <paramref name="columns"/> columns: whole panels, and the rest into one whose rows have <paramref name="restWidth"/> values.</summary>
    public static void PackColumns<T>(T* panel, int width, int restWidth, int columns, T* source, nint across, nint along, nint kSize) where T : unmanaged
    {
        (int whole, int rest) = Math.DivRem(columns, width);
        PackPanels(panel, width, whole, source, across, along, kSize);
        if (rest > 0)
        {
            nint done = (nint)whole * width;
            Pack(panel + (done * kSize), restWidth, source + (done * across), across, along, rest, kSize);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRow(byte* to, byte* from, int panels, nint bytes, nint step)
    {
        for (int p = 0; p < panels; p++, to += step)
        {
            for (nint at = 0; at < bytes; at += 32, from += 32)
            {
                Vector256.Store(Vector256.Load(from), to + at);
            }
        }
    }

    private static void Gather<T>(T* panel, int width, T* source, nint across, nint along, int first, int end, nint kSize) where T : unmanaged
    {
        for (int j = first; j < end; j++)
        {
            T* from = source + j * across;
            for (nint k = 0; k < kSize; k++)
            {
                panel[k * width + j] = from[k * along];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows<T>(T* panel, int width, T* source, nint along, int count, nint kSize) where T : unmanaged
    {
        nint bytes = count * sizeof(T);
        for (nint k = 0; k < kSize; k++, source += along, panel += width)
        {
            byte* from = (byte*)source, to = (byte*)panel;
            nint at = 0;
            for (; at <= bytes - 64; at += 64)
            {
                Vector512.Store(Vector512.Load(from + at), to + at);
            }
            for (; at <= bytes - 16; at += 16)
            {
                Vector128.Store(Vector128.Load(from + at), to + at);
            }
            for (; at <= bytes - sizeof(long); at += sizeof(long))
            {
                *(long*)(to + at) = *(long*)(from + at);
            }
            for (; at < bytes; at += sizeof(T))
            {
                *(T*)(to + at) = *(T*)(from + at);
            }
        }
    }

    /// <summary>The source runs along k: blocks of 8 × 8 or 4 × 4 values are turned in registers.</summary>
    private static void Transpose<T>(T* panel, int width, T* source, nint across, int count, nint kSize, bool another) where T : unmanaged
    {
        int j = 0;
        nint ahead = another ? width * across : 0;
        if (sizeof(T) == 4 && Avx.IsSupported && width == 6 && count == 6)
        {
            Transpose6((float*)panel, (float*)source, across, kSize, ahead);
            return;
        }

        if (sizeof(T) == 8 && Avx.IsSupported && width == 6 && count == 6)
        {
            Transpose6((double*)panel, (double*)source, across, kSize, ahead);
            return;
        }

        if (sizeof(T) == 4 && Avx.IsSupported)
        {
            for (; j <= count - 8; j += 8)
            {
                Transpose8((float*)panel + j, width, (float*)source + j * across, across, kSize, ahead);
            }
        }

        if (sizeof(T) == 4 && Sse.IsSupported)
        {
            for (; j <= count - 4; j += 4)
            {
                Transpose4((float*)panel + j, width, (float*)source + j * across, across, kSize);
            }
        }

        if (sizeof(T) == 8 && Avx.IsSupported)
        {
            for (; j <= count - 4; j += 4)
            {
                Transpose4((double*)panel + j, width, (double*)source + j * across, across, kSize);
            }
        }

        Gather(panel, width, source, across, 1, j, count, kSize);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose8(float* panel, nint width, float* source, nint across, nint kSize, nint ahead)
    {
        nint across3 = 3 * across;
        nint k = 0;
        for (; k <= kSize - 8; k += 8, source += 8)
        {
            if (ahead != 0 && k % 16 == 0)
            {
                Fetch(source + ahead, across, 8);
            }

            float* high = source + 4 * across;
            // Rows j and j + 4 share a register, so that the last step of the transposition is done by the loads.
            Vector256<float> r0 = Pair(source, high), r1 = Pair(source + across, high + across);
            Vector256<float> r2 = Pair(source + 2 * across, high + 2 * across), r3 = Pair(source + across3, high + across3);
            Store4(panel, width, r0, r1, r2, r3);
            panel += 4 * width;
            r0 = Pair(source + 4, high + 4);
            r1 = Pair(source + across + 4, high + across + 4);
            r2 = Pair(source + 2 * across + 4, high + 2 * across + 4);
            r3 = Pair(source + across3 + 4, high + across3 + 4);
            Store4(panel, width, r0, r1, r2, r3);
            panel += 4 * width;
        }

        for (; k < kSize; k++, source++, panel += width)
        {
            for (int j = 0; j < 8; j++)
            {
                panel[j] = source[j * across];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch<T>(T* source, nint across, int rows) where T : unmanaged
    {
        for (int i = 0; i < rows; i++, source += across)
        {
            Sse.Prefetch0(source);
        }
    }

    /// <summary>Six rows as if they were eight: what a store writes too much the next one overwrites, and the last terms are copied one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose6(float* panel, float* source, nint across, nint kSize, nint ahead)
    {
        const int Width = 6;
        nint across2 = 2 * across, across3 = 3 * across;
        nint k = 0;
        for (; k < kSize - 4; k += 4, source += 4, panel += 4 * Width)
        {
            if (ahead != 0 && k % 16 == 0)
            {
                Fetch(source + ahead, across, Width);
            }

            Vector256<float> r0 = Pair(source, source + (2 * across2)), r1 = Pair(source + across, source + across2 + across3);
            Store4(panel, Width, r0, r1, Vector256.Create(Vector128.Load(source + across2)), Vector256.Create(Vector128.Load(source + across3)));
        }

        for (; k < kSize; k++, source++, panel += Width)
        {
            for (int j = 0; j < Width; j++)
            {
                panel[j] = source[j * across];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* low, float* high)
        => Vector256.Create(Vector128.Load(low), Vector128.Load(high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4(float* panel, nint width, Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3)
    {
        Vector256<double> a = Avx.UnpackLow(r0, r1).AsDouble(), b = Avx.UnpackLow(r2, r3).AsDouble();
        Vector256<double> c = Avx.UnpackHigh(r0, r1).AsDouble(), d = Avx.UnpackHigh(r2, r3).AsDouble();
        Avx.UnpackLow(a, b).AsSingle().Store(panel);
        Avx.UnpackHigh(a, b).AsSingle().Store(panel + width);
        Avx.UnpackLow(c, d).AsSingle().Store(panel + 2 * width);
        Avx.UnpackHigh(c, d).AsSingle().Store(panel + 3 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose4(float* panel, nint width, float* source, nint across, nint kSize)
    {
        nint k = 0;
        for (; k <= kSize - 4; k += 4, source += 4, panel += 4 * width)
        {
            Vector128<float> r0 = Vector128.Load(source), r1 = Vector128.Load(source + across);
            Vector128<float> r2 = Vector128.Load(source + 2 * across), r3 = Vector128.Load(source + 3 * across);
            Vector128<float> a = Sse.UnpackLow(r0, r1), b = Sse.UnpackLow(r2, r3);
            Vector128<float> c = Sse.UnpackHigh(r0, r1), d = Sse.UnpackHigh(r2, r3);
            Sse.MoveLowToHigh(a, b).Store(panel);
            Sse.MoveHighToLow(b, a).Store(panel + width);
            Sse.MoveLowToHigh(c, d).Store(panel + 2 * width);
            Sse.MoveHighToLow(d, c).Store(panel + 3 * width);
        }

        for (; k < kSize; k++, source++, panel += width)
        {
            for (int j = 0; j < 4; j++)
            {
                panel[j] = source[j * across];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose4(double* panel, nint width, double* source, nint across, nint kSize)
    {
        nint k = 0;
        for (; k <= kSize - 4; k += 4, source += 4, panel += 4 * width)
        {
            for (nint half = 0; half < 4; half += 2)
            {
                double* from = source + half;
                Vector256<double> r0 = Pair(from, from + 2 * across), r1 = Pair(from + across, from + 3 * across);
                Avx.UnpackLow(r0, r1).Store(panel + half * width);
                Avx.UnpackHigh(r0, r1).Store(panel + (half + 1) * width);
            }
        }

        for (; k < kSize; k++, source++, panel += width)
        {
            for (int j = 0; j < 4; j++)
            {
                panel[j] = source[j * across];
            }
        }
    }

    /// <summary>Six rows: four in whole vectors, and the last two as halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose6(double* panel, double* source, nint across, nint kSize, nint ahead)
    {
        const int Width = 6;
        nint across2 = 2 * across, across3 = 3 * across;
        nint k = 0;
        for (; k <= kSize - 4; k += 4, source += 4, panel += 4 * Width)
        {
            if (ahead != 0 && k % 8 == 0)
            {
                Fetch(source + ahead, across, Width);
            }

            for (nint half = 0; half < 4; half += 2)
            {
                double* from = source + half, to = panel + (half * Width);
                Vector256<double> r0 = Pair(from, from + across2), r1 = Pair(from + across, from + across3);
                Vector128<double> r4 = Vector128.Load(from + (2 * across2)), r5 = Vector128.Load(from + across2 + across3);
                Avx.UnpackLow(r0, r1).Store(to);
                Sse2.UnpackLow(r4, r5).Store(to + 4);
                Avx.UnpackHigh(r0, r1).Store(to + Width);
                Sse2.UnpackHigh(r4, r5).Store(to + Width + 4);
            }
        }

        for (; k < kSize; k++, source++, panel += Width)
        {
            for (int j = 0; j < Width; j++)
            {
                panel[j] = source[j * across];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Pair(double* low, double* high)
        => Vector256.Create(Vector128.Load(low), Vector128.Load(high));
}
