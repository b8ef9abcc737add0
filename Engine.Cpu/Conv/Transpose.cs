using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Copies a matrix to its transpose: target[j·targetPitch + i] = source[i·sourcePitch + j].</summary>
/// <remarks>Reads and writes the elements of the matrix only, whatever lies between its rows.</remarks>
internal static unsafe class Transpose<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Copies <paramref name="rows"/> × <paramref name="columns"/> elements.</summary>
    public static void Copy(T* source, nint sourcePitch, int rows, int columns, T* target, nint targetPitch)
        => Copy(source, sourcePitch, rows, columns, target, targetPitch, fetchesNext: false);

    /// <summary>The same; the rows below these, which are to be copied next, are fetched meanwhile: the processor does not follow so many short rows by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(T* source, nint sourcePitch, int rows, int columns, T* target, nint targetPitch, bool fetchesNext)
    {
        if (sizeof(T) == sizeof(float) && TVec.Count == 16 && rows is not (4 or 8))
        {
            for (int i = 0; i < rows; i += 16)
            {
                for (int j = 0; j < columns; j += 16)
                {
                    if (fetchesNext)
                    {
                        Fetch(source + (i + 16) * sourcePitch + j, sourcePitch, 16);
                    }

                    Block16((float*)(source + i * sourcePitch + j), sourcePitch, Math.Min(16, rows - i), Math.Min(16, columns - j),
                        (float*)(target + j * targetPitch + i), targetPitch);
                }
            }
            return;
        }

        int least = Math.Min(rows, columns), size = sizeof(T) != sizeof(float) || TVec.Count == 1 || least < 4 ? 1 : least >= 8 && Avx.IsSupported ? 8 : 4;
        for (int i = 0; i < rows; i += size)
        {
            // The last blocks begin early enough to end with the matrix; what they copy twice is the same.
            int row = Math.Min(i, rows - size);
            T* from = source + row * sourcePitch, to = target + row;
            for (int j = 0; j < columns; j += size)
            {
                int column = Math.Min(j, columns - size);
                if (size == 8)
                {
                    if (fetchesNext && j % (CacheSizes.Line / sizeof(float)) == 0)
                    {
                        Fetch(from + 8 * sourcePitch + j, sourcePitch, 8);
                    }

                    Block8((float*)(from + column), sourcePitch, (float*)(to + column * targetPitch), targetPitch);
                }
                else if (size == 4)
                {
                    Block4((float*)(from + column), sourcePitch, (float*)(to + column * targetPitch), targetPitch);
                }
                else
                {
                    to[column * targetPitch] = from[column];
                }
            }
        }
    }

    /// <summary>Fetches a line of each row. The addresses may lie outside of the matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(T* place, nint pitch, int rows)
    {
        for (int i = 0; i < rows && Sse.IsSupported; i++)
        {
            Sse.Prefetch0(place + i * pitch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8(float* source, nint sourcePitch, float* target, nint targetPitch)
    {
        Columns8(source, sourcePitch, target, targetPitch);
        Columns8(source + 4, sourcePitch, target + 4 * targetPitch, targetPitch);
    }

    /// <summary>Four columns of eight rows: rows 0 to 3 are the lower lanes, rows 4 to 7 the upper ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns8(float* source, nint pitch, float* target, nint targetPitch)
    {
        float* upper = source + 4 * pitch;
        Vector256<float> r0 = Rows(source, upper), r1 = Rows(source + pitch, upper + pitch);
        Vector256<float> r2 = Rows(source + 2 * pitch, upper + 2 * pitch), r3 = Rows(source + 3 * pitch, upper + 3 * pitch);
        Vector256<float> a = Avx.UnpackLow(r0, r2), b = Avx.UnpackLow(r1, r3), c = Avx.UnpackHigh(r0, r2), d = Avx.UnpackHigh(r1, r3);
        Avx.UnpackLow(a, b).Store(target);
        Avx.UnpackHigh(a, b).Store(target + targetPitch);
        Avx.UnpackLow(c, d).Store(target + 2 * targetPitch);
        Avx.UnpackHigh(c, d).Store(target + 3 * targetPitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Rows(float* lower, float* upper) => Vector256.Create(Vector128.Load(lower), Vector128.Load(upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block4(float* source, nint sourcePitch, float* target, nint targetPitch)
    {
        Vector128<float> r0 = Vector128.Load(source), r1 = Vector128.Load(source + sourcePitch);
        Vector128<float> r2 = Vector128.Load(source + 2 * sourcePitch), r3 = Vector128.Load(source + 3 * sourcePitch);
        // (r0[0], r2[0], r0[1], r2[1]) and so on: pairs of rows two apart, interleaved twice.
        Vector128<float> a = Low(r0, r2), b = Low(r1, r3), c = High(r0, r2), d = High(r1, r3);
        Low(a, b).Store(target);
        High(a, b).Store(target + targetPitch);
        Low(c, d).Store(target + 2 * targetPitch);
        High(c, d).Store(target + 3 * targetPitch);
    }

    /// <summary>Lanes 0 and 1 of both, in turn.</summary>
    public static Vector128<float> Low(Vector128<float> a, Vector128<float> b)
        => Sse.IsSupported ? Sse.UnpackLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);

    /// <summary>Lanes 2 and 3 of both, in turn.</summary>
    public static Vector128<float> High(Vector128<float> a, Vector128<float> b)
        => Sse.IsSupported ? Sse.UnpackHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);

    /// <summary>Up to 16 × 16 elements: missing ones are read as zeros and not written.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block16(float* source, nint sourcePitch, int rows, int columns, float* target, nint targetPitch)
    {
        float* block = stackalloc float[256];
        if (rows == 16 && columns == 16)
        {
            Whole16(source, sourcePitch, target, targetPitch);
            return;
        }

        Vector512<float> inRow = First(columns), inColumn = First(rows);
        for (int i = 0; i < 16; i++)
        {
            (i < rows ? Wide.MaskLoad(source + i * sourcePitch, inRow) : Vector512<float>.Zero).Store(block + 16 * i);
        }
        Whole16(block, 16, block, 16);
        for (int j = 0; j < columns; j++)
        {
            Wide.MaskStore(target + j * targetPitch, inColumn, Vector512.Load(block + 16 * j));
        }
    }

    /// <summary>All is read before anything is written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Whole16(float* source, nint pitch, float* target, nint targetPitch)
    {
        Quad(source, pitch, out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2, out Vector512<float> a3);
        Quad(source + 4 * pitch, pitch, out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2, out Vector512<float> b3);
        Quad(source + 8 * pitch, pitch, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3);
        Quad(source + 12 * pitch, pitch, out Vector512<float> d0, out Vector512<float> d1, out Vector512<float> d2, out Vector512<float> d3);
        Gather(a0, b0, c0, d0, target, targetPitch);
        Gather(a1, b1, c1, d1, target + targetPitch, targetPitch);
        Gather(a2, b2, c2, d2, target + 2 * targetPitch, targetPitch);
        Gather(a3, b3, c3, d3, target + 3 * targetPitch, targetPitch);
    }

    /// <summary>Transposes the 4 × 4 blocks of four rows: group g of four lanes of column m holds rows 0 to 3 of column 4g + m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quad(float* source, nint pitch,
        out Vector512<float> column0, out Vector512<float> column1, out Vector512<float> column2, out Vector512<float> column3)
    {
        Vector512<float> r0 = Vector512.Load(source), r1 = Vector512.Load(source + pitch);
        Vector512<float> r2 = Vector512.Load(source + 2 * pitch), r3 = Vector512.Load(source + 3 * pitch);
        Vector512<double> a = Wide.UnpackLow(r0, r1).AsDouble(), b = Wide.UnpackLow(r2, r3).AsDouble();
        Vector512<double> c = Wide.UnpackHigh(r0, r1).AsDouble(), d = Wide.UnpackHigh(r2, r3).AsDouble();
        column0 = Wide.UnpackLow(a, b).AsSingle();
        column1 = Wide.UnpackHigh(a, b).AsSingle();
        column2 = Wide.UnpackLow(c, d).AsSingle();
        column3 = Wide.UnpackHigh(c, d).AsSingle();
    }

    /// <summary>Joins the row groups of columns m, 4 + m, 8 + m and 12 + m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* target, nint pitch)
    {
        Vector512<float> ab0 = Wide.ShuffleQuarters(a, b, 0b01_00_01_00), ab1 = Wide.ShuffleQuarters(a, b, 0b11_10_11_10);
        Vector512<float> cd0 = Wide.ShuffleQuarters(c, d, 0b01_00_01_00), cd1 = Wide.ShuffleQuarters(c, d, 0b11_10_11_10);
        Wide.ShuffleQuarters(ab0, cd0, 0b10_00_10_00).Store(target);
        Wide.ShuffleQuarters(ab0, cd0, 0b11_01_11_01).Store(target + 4 * pitch);
        Wide.ShuffleQuarters(ab1, cd1, 0b10_00_10_00).Store(target + 8 * pitch);
        Wide.ShuffleQuarters(ab1, cd1, 0b11_01_11_01).Store(target + 12 * pitch);
    }

    private static Vector512<float> First(int count) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();
}
