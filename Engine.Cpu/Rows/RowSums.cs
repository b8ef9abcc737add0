using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Sums over a contiguous row: in lanes over blocks, in double precision over the blocks.</summary>
internal static unsafe class RowSums<T, TVec>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>So many numbers, 64 to each lane of four vectors, are summed before the lanes are joined in double precision.</summary>
    private static int Block
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 256 * TVec.Count;
    }

    /// <summary>Σx.</summary>
    public static double Sum(T* x, nint count)
    {
        double sum = 0;
        for (nint start = 0; start < count; start += Block)
        {
            sum += BlockSum(x + start, Math.Min(Block, count - start));
        }
        return sum;
    }

    /// <summary>Σ(x − center) and Σ(x − center)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Sum, double Squares) Deviations(T* x, nint count, double center)
    {
        (double sum, double squares) = (0, 0);
        TVec shift = TVec.Create(center);
        for (nint start = 0; start < count; start += Block)
        {
            (double s, double q) = BlockDeviations(x + start, Math.Min(Block, count - start), shift);
            (sum, squares) = (sum + s, squares + q);
        }

        return (sum, squares);
    }

    /// <summary>Σx·y.</summary>
    public static double Dot(T* x, T* y, nint count)
    {
        double sum = 0;
        for (nint start = 0; start < count; start += Block)
        {
            sum += BlockDot(x + start, y + start, Math.Min(Block, count - start));
        }
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double BlockSum(T* x, nint count)
    {
        TVec a = TVec.Zero, b = a, c = a, d = a;
        nint i = 0;
        for (; i <= count - (4 * TVec.Count); i += 4 * TVec.Count)
        {
            a += TVec.Load(x + i);
            b += TVec.Load(x + i + TVec.Count);
            c += TVec.Load(x + i + (2 * TVec.Count));
            d += TVec.Load(x + i + (3 * TVec.Count));
        }

        for (; i < count; i += TVec.Count)
        {
            a += Tail.Load<TVec>(x + i, count - i);
        }
        return TVec.Sum((a + b) + (c + d));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Sum, double Squares) BlockDeviations(T* x, nint count, TVec shift)
    {
        TVec a = TVec.Zero, b = a, c = a, d = a, aa = a, bb = a, cc = a, dd = a;
        nint i = 0;
        for (; i <= count - (4 * TVec.Count); i += 4 * TVec.Count)
        {
            TVec p = TVec.Load(x + i) - shift, q = TVec.Load(x + i + TVec.Count) - shift;
            TVec r = TVec.Load(x + i + (2 * TVec.Count)) - shift, s = TVec.Load(x + i + (3 * TVec.Count)) - shift;
            a += p;
            b += q;
            c += r;
            d += s;
            TVec.Accumulate(ref aa, p, p);
            TVec.Accumulate(ref bb, q, q);
            TVec.Accumulate(ref cc, r, r);
            TVec.Accumulate(ref dd, s, s);
        }

        for (; i < count; i += TVec.Count)
        {
            TVec u = Tail.Load<TVec>(x + i, count - i) - Tail.First(shift, count - i);
            a += u;
            aa = TVec.MultiplyAdd(u, u, aa);
        }

        return (TVec.Sum((a + b) + (c + d)), TVec.Sum((aa + bb) + (cc + dd)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double BlockDot(T* x, T* y, nint count)
    {
        TVec a = TVec.Zero, b = a, c = a, d = a;
        nint i = 0;
        for (; i <= count - (4 * TVec.Count); i += 4 * TVec.Count)
        {
            TVec.Accumulate(ref a, TVec.Load(x + i), TVec.Load(y + i));
            TVec.Accumulate(ref b, TVec.Load(x + i + TVec.Count), TVec.Load(y + i + TVec.Count));
            TVec.Accumulate(ref c, TVec.Load(x + i + (2 * TVec.Count)), TVec.Load(y + i + (2 * TVec.Count)));
            TVec.Accumulate(ref d, TVec.Load(x + i + (3 * TVec.Count)), TVec.Load(y + i + (3 * TVec.Count)));
        }

        for (; i < count; i += TVec.Count)
        {
            a = TVec.MultiplyAdd(Tail.Load<TVec>(x + i, count - i), Tail.Load<TVec>(y + i, count - i), a);
        }
        return TVec.Sum((a + b) + (c + d));
    }
}
