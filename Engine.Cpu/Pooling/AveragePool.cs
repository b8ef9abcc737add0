using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Mean of windows of any geometry, summed in double precision.</summary>
internal readonly unsafe struct AveragePool<T> : IPoolKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images)
    {
        for (int p = 0; p < plane.OutHeight; p++)
        {
            PoolPlane.Taps rows = plane.Rows(p);
            for (int q = 0; q < plane.OutWidth; q++, y++)
            {
                PoolPlane.Taps columns = plane.Columns(q);
                double sum = 0;
                for (int h = rows.First; h < rows.End; h += rows.Step)
                {
                    T* row = x + ((nint)h * plane.Width);
                    for (int w = columns.First; w < columns.End; w += columns.Step)
                    {
                        sum += double.CreateTruncating(row[w]);
                    }
                }

                *y = T.CreateTruncating(sum / plane.Divisor(rows, columns));
            }
        }
    }
}

/// <summary>Each output's gradient is shared evenly among the cells of its window.</summary>
internal readonly unsafe struct AveragePoolGradient<T> : IPoolKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images)
    {
        new Span<T>(x, (int)plane.Size).Clear();
        for (int p = 0; p < plane.OutHeight; p++)
        {
            PoolPlane.Taps rows = plane.Rows(p);
            for (int q = 0; q < plane.OutWidth; q++, y++)
            {
                PoolPlane.Taps columns = plane.Columns(q);
                T share = *y / T.CreateTruncating(plane.Divisor(rows, columns));
                for (int h = rows.First; h < rows.End; h += rows.Step)
                {
                    T* row = x + ((nint)h * plane.Width);
                    for (int w = columns.First; w < columns.End; w += columns.Step)
                    {
                        row[w] += share;
                    }
                }
            }
        }
    }
}

/// <summary>The gradient of 2×2 means with stride 2: a quarter to each of four cells that no other window touches.</summary>
internal readonly unsafe struct HalvingMeanGradient<T> : IPoolKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images)
    {
        nint width = plane.Width, outWidth = plane.OutWidth;
        bool hasRest = (plane.Width | plane.Height) % 2 != 0;
        if (hasRest)
        {
            new Span<T>(x, (int)plane.Size).Clear();
        }
        for (int p = 0; p < plane.OutHeight; p++, x += 2 * width, y += outWidth)
        {
            for (nint q = 0; q < outWidth; q++)
            {
                T share = y[q] * T.CreateTruncating(0.25);
                x[2 * q] = share;
                x[(2 * q) + 1] = share;
                x[width + (2 * q)] = share;
                x[width + (2 * q) + 1] = share;
            }
        }
    }
}
