using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Maximum over windows of any geometry: the first largest cell in row-major order; the first NaN wins.</summary>
/// <remarks>A window that lies in the padding altogether, which dilation makes possible, has the maximum −∞ at index −1.</remarks>
internal readonly unsafe struct MaxPool<T> : IPoolKernel<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images)
    {
        for (int p = 0; p < plane.OutHeight; p++, y += plane.OutWidth)
        {
            RunColumns(plane, plane.Rows(p), 0, plane.OutWidth, x, y, indices);
            indices += indices is null ? 0 : plane.OutWidth;
        }
    }

    /// <summary>Columns <paramref name="first"/> to <paramref name="end"/> − 1 of one row of results, which begins at <paramref name="y"/> and <paramref name="indices"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunColumns(in PoolPlane plane, in PoolPlane.Taps rows, int first, int end, T* x, T* y, int* indices)
    {
        for (int q = first; q < end; q++)
        {
            int index = Largest(plane, rows, plane.Columns(q), x, out y[q]);
            if (indices is not null)
            {
                indices[q] = index;
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
