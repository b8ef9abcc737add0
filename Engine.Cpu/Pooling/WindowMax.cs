using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// Maxima over windows of any height, width and dilation whose columns lie 1 or 2 apart: as many outputs beside each other as a vector has lanes, cell after cell of the
/// window. Outputs whose window reaches over the left or right edge are left to <see cref="MaxPool{T}"/>.
/// </summary>
internal readonly unsafe struct WindowMax<T, TVec, TPlaces> : IPoolKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
    where TPlaces : struct, IPlaces
{
    /// <summary>Whether there are windows inside the image for a vector.</summary>
    public static bool Suits(in PoolPlane plane) => plane.Geometry.StrideW <= 2 && plane.InnerColumns is var (first, end) && end - first > 1 && TVec.Count > 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images)
    {
        (int first, int end) = plane.InnerColumns;
        T* imagesEnd = x + (images * plane.Size);
        for (int p = 0; p < plane.OutHeight; p++, y += plane.OutWidth)
        {
            PoolPlane.Taps rows = plane.Rows(p);
            MaxPool<T>.RunColumns(plane, rows, 0, first, x, y, indices);
            MaxPool<T>.RunColumns(plane, rows, end, plane.OutWidth, x, y, indices);
            for (int q = first; q < end; q += TVec.Count)
            {
                // The last vector of a row does some of the one before again, where there is one: maxima are not rounded.
                int start = Math.Max(first, Math.Min(q, end - TVec.Count));
                nint count = Math.Min(TVec.Count, end - start);
                int* places = TPlaces.Wanted ? indices + start : null;
                if (plane.Geometry.StrideW == 1)
                {
                    Block<Near>(plane, rows, start, count, x, imagesEnd, y + start, places);
                }
                else
                {
                    Block<EverySecond>(plane, rows, start, count, x, imagesEnd, y + start, places);
                }
            }

            indices += TPlaces.Wanted ? plane.OutWidth : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block<TColumns>(in PoolPlane plane, in PoolPlane.Taps rows, int q, nint count, T* x, T* end, T* y, int* places) where TColumns : struct, IColumns
    {
        nint left = ((nint)q * plane.Geometry.StrideW) - plane.Geometry.PadW;
        TVec best = TVec.Create(double.NegativeInfinity), index = TVec.CreateBits(-1);
        TVec columns = TPlaces.Wanted ? Columns(plane.Geometry.StrideW) : default;
        bool isFirst = true;
        for (int h = rows.First; h < rows.End; h += rows.Step)
        {
            nint corner = ((nint)h * plane.Width) + left;
            for (int w = 0; w < plane.Geometry.KernelW; w++, corner += plane.Geometry.DilationW)
            {
                TVec cells = TColumns.Load(x + corner, count, end);
                if (!TPlaces.Wanted)
                {
                    best = VectorMath.Max(best, cells);
                    continue;
                }

                TVec place = TVec.AddBits(columns, TVec.CreateBits(corner)), moved = isFirst ? TVec.CreateBits(-1) : HalvingMaxIndices<TVec>.Replaces(best, cells);
                best = TVec.Select(moved, cells, best);
                index = TVec.Select(moved, place, index);
                isFirst = false;
            }
        }

        Tail.Store(best, y, count);
        if (TPlaces.Wanted)
        {
            Tail.Store(index, places, count);
        }
    }

    /// <summary>0, stride, 2 · stride, … as integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Columns(int stride)
    {
        int* columns = stackalloc int[TVec.Count];
        for (int lane = 0; lane < TVec.Count; lane++)
        {
            columns[lane] = lane * stride;
        }

        return TVec.Load(columns);
    }

    /// <summary>The same cell of neighbouring windows.</summary>
    private interface IColumns
    {
        /// <summary>Of <paramref name="count"/> windows, from the first one's cell on; nothing from <paramref name="end"/> on is read.</summary>
        static abstract TVec Load(T* cell, nint count, T* end);
    }

    private readonly struct Near : IColumns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Load(T* cell, nint count, T* end) => Tail.Load<TVec>(cell, count);
    }

    private readonly struct EverySecond : IColumns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Load(T* cell, nint count, T* end)
        {
            // Whole vectors read cells that no window wants, where there is memory.
            if (cell + (2 * TVec.Count) <= end)
            {
                return TVec.Even(TVec.Load(cell), TVec.Load(cell + TVec.Count));
            }

            nint cells = (2 * count) - 1, near = Math.Min(cells, TVec.Count);
            return TVec.Even(TVec.LoadFirst(cell, near), TVec.LoadFirst(cell + TVec.Count, cells - near));
        }
    }
}

/// <summary>Whether a pooling keeps where its maxima lie.</summary>
internal interface IPlaces
{
    static abstract bool Wanted { get; }
}

/// <summary>Only the maxima.</summary>
internal readonly struct NoPlaces : IPlaces
{
    public static bool Wanted => false;
}

/// <summary>Their places, too.</summary>
internal readonly struct WithPlaces : IPlaces
{
    public static bool Wanted => true;
}
