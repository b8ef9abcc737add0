using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>How the four cells of a 2×2 window become one value.</summary>
internal interface IHalving<TVec> where TVec : struct, ISimd<TVec>
{
    /// <summary>Joins two cells, or two joined pairs.</summary>
    static abstract TVec Join(TVec a, TVec b);

    /// <summary>The result from all four.</summary>
    static abstract TVec Finish(TVec joined);
}

/// <summary>The larger; NaN wins.</summary>
internal readonly struct HalvingMax<TVec> : IHalving<TVec> where TVec : struct, ISimd<TVec>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Join(TVec a, TVec b) => VectorMath.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Finish(TVec joined) => joined;
}

/// <summary>The mean.</summary>
internal readonly struct HalvingMean<TVec> : IHalving<TVec> where TVec : struct, ISimd<TVec>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Join(TVec a, TVec b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Finish(TVec joined) => joined * TVec.Create(0.25);
}

/// <summary>2×2 windows with stride 2 without indices: the two rows are joined first, then even columns with odd ones.</summary>
internal readonly unsafe struct HalvingPool<T, TVec, TJoin> : IPoolKernel<T>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
    where TJoin : struct, IHalving<TVec>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in PoolPlane plane, T* x, T* y, int* indices, nint images)
    {
        nint width = plane.Width, outWidth = plane.OutWidth;
        T* xEnd = x + (images * plane.Size), yEnd = y + (images * plane.OutSize);
        for (int p = 0; p < plane.OutHeight; p++, x += 2 * width, y += outWidth)
        {
            nint q = 0;
            for (; q <= outWidth - TVec.Count; q += TVec.Count)
            {
                Block(x + (2 * q), width).Store(y + q);
            }
            if (q == outWidth)
            {
                continue;
            }

            // A whole vector writes past the end of the row. The next rows overwrite those elements, as long as there are some.
            if (x + width + (2 * (q + TVec.Count)) <= xEnd && y + q + TVec.Count <= yEnd)
            {
                Block(x + (2 * q), width).Store(y + q);
            }
            else
            {
                Tail(x + (2 * q), width, outWidth - q).StoreFirst(y + q, outWidth - q);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Block(T* x, nint width)
    {
        TVec left = TJoin.Join(TVec.Load(x), TVec.Load(x + width));
        TVec right = TJoin.Join(TVec.Load(x + TVec.Count), TVec.Load(x + width + TVec.Count));
        return TJoin.Finish(TJoin.Join(TVec.Even(left, right), TVec.Odd(left, right)));
    }

    private static TVec Tail(T* x, nint width, nint count)
    {
        nint first = Math.Min(2 * count, TVec.Count), second = (2 * count) - first;
        TVec left = TJoin.Join(TVec.LoadFirst(x, first), TVec.LoadFirst(x + width, first));
        TVec right = TJoin.Join(TVec.LoadFirst(x + TVec.Count, second), TVec.LoadFirst(x + width + TVec.Count, second));
        return TJoin.Finish(TJoin.Join(TVec.Even(left, right), TVec.Odd(left, right)));
    }
}
