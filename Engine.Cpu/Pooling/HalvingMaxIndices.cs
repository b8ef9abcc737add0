using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>2×2 maxima with stride 2 of float32, with their indices: those are integers of the same width as the lanes.</summary>
internal readonly unsafe struct HalvingMaxIndices<TVec> : IPoolKernel<float> where TVec : struct, ISimd<TVec>
{
    /// <summary>0, 2, 4, …: the columns where the windows of one vector begin.</summary>
    private static ReadOnlySpan<int> Columns => [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in PoolPlane plane, float* x, float* y, int* indices, nint images)
    {
        nint width = plane.Width, outWidth = plane.OutWidth;
        float* xEnd = x + (images * plane.Size), yEnd = y + (images * plane.OutSize);
        int* columns = stackalloc int[Columns.Length];
        Columns.CopyTo(new Span<int>(columns, Columns.Length));
        TVec windows = TVec.Load(columns);
        for (int p = 0; p < plane.OutHeight; p++, x += 2 * width, y += outWidth, indices += outWidth)
        {
            TVec row = TVec.AddBits(windows, TVec.CreateBits(2 * p * width));
            for (nint q = 0; q < outWidth; q += TVec.Count)
            {
                TVec corner = TVec.AddBits(row, TVec.CreateBits(2 * q));
                float* cell = x + (2 * q);

                // A whole vector may write past the row while there are later rows: they overwrite it.
                nint count = outWidth - q;
                if (count >= TVec.Count || (cell + width + (2 * TVec.Count) <= xEnd && y + q + TVec.Count <= yEnd))
                {
                    TVec best = Largest(
                        TVec.Load(cell), TVec.Load(cell + TVec.Count), TVec.Load(cell + width), TVec.Load(cell + width + TVec.Count), width, corner, out TVec index);
                    best.Store(y + q);
                    index.Store(indices + q);
                }
                else
                {
                    nint first = Math.Min(2 * count, TVec.Count), second = (2 * count) - first;
                    TVec best = Largest(
                        TVec.LoadFirst(cell, first),
                        TVec.LoadFirst(cell + TVec.Count, second),
                        TVec.LoadFirst(cell + width, first),
                        TVec.LoadFirst(cell + width + TVec.Count, second),
                        width,
                        corner,
                        out TVec index);
                    best.StoreFirst(y + q, count);
                    index.StoreFirst(indices + q, count);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Largest(TVec upperLeft, TVec upperRight, TVec lowerLeft, TVec lowerRight, nint width, TVec corner, out TVec index)
    {
        TVec upper = TVec.Even(upperLeft, upperRight), upperNext = TVec.Odd(upperLeft, upperRight);
        TVec lower = TVec.Even(lowerLeft, lowerRight), lowerNext = TVec.Odd(lowerLeft, lowerRight);
        TVec one = TVec.CreateBits(1);
        TVec moved = Replaces(upper, upperNext);
        upper = TVec.Select(moved, upperNext, upper);
        TVec upperOffset = moved & one;
        moved = Replaces(lower, lowerNext);
        lower = TVec.Select(moved, lowerNext, lower);
        TVec lowerOffset = TVec.AddBits(moved & one, TVec.CreateBits(width));
        moved = Replaces(upper, lower);
        index = TVec.AddBits(corner, TVec.Select(moved, lowerOffset, upperOffset));
        return TVec.Select(moved, lower, upper);
    }

    /// <summary>Where a later cell replaces the best one: it is larger, or it is the first NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Replaces(TVec best, TVec later) => ~TVec.LessOrEqual(later, best) & TVec.Equal(best, best);
}
