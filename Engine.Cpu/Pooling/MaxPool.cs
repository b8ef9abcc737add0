using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Maximum over windows of any geometry: the first largest cell in row-major order; the first NaN wins.</summary>
/// <remarks>A window that lies in the padding altogether, which dilation makes possible, has the maximum −∞ at index −1.</remarks>
internal readonly unsafe struct MaxPool<T> : IPoolKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images)
    {
        for (int p = 0; p < plane.OutHeight; p++)
        {
            PoolPlane.Taps rows = plane.Rows(p);
            for (int q = 0; q < plane.OutWidth; q++, y++)
            {
                int index = Largest(plane, rows, plane.Columns(q), x, out *y);
                if (indices is not null)
                {
                    *indices++ = index;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest(in PoolPlane plane, in PoolPlane.Taps rows, in PoolPlane.Taps columns, T* x, out T best)
    {
        int index = -1;
        best = T.NegativeInfinity;
        for (int h = rows.First; h < rows.End; h += rows.Step)
        {
            for (int w = columns.First; w < columns.End; w += columns.Step)
            {
                T value = x[((nint)h * plane.Width) + w];
                bool replaces = !(value <= best) && !T.IsNaN(best);     // larger, or the first NaN
                if (!replaces && index >= 0)
                {
                    continue;
                }
                best = value;
                index = (h * plane.Width) + w;
            }
        }

        return index;
    }
}

/// <summary>Each output's gradient goes to the cell that its maximum came from.</summary>
internal readonly unsafe struct MaxPoolGradient<T> : IPoolKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images)
    {
        new Span<T>(x, (int)plane.Size).Clear();
        for (nint i = 0; i < plane.OutSize; i++)
        {
            int index = indices[i];
            if (index >= 0)
            {
                x[index] += y[i];
            }
        }
    }
}
