using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The parts of a softmax over one contiguous row. Rows are read again from the L1 cache rather than kept in registers.</summary>
internal static unsafe class RowExp<T, TVec>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>So many numbers, 128 to each lane of two vectors, are summed before the lanes are joined in double precision.</summary>
    private static int Block
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 256 * TVec.Count;
    }

    /// <summary>The largest number; NaN if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Max(T* x, nint count)
    {
        TVec lowest = TVec.Create(double.NegativeInfinity), a = lowest, b = lowest;
        nint i = 0;
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            a = VectorMath.Max(a, TVec.Load(x + i));
            b = VectorMath.Max(b, TVec.Load(x + i + TVec.Count));
        }

        for (; i < count; i += TVec.Count)
        {
            a = VectorMath.Max(a, count - i >= TVec.Count ? TVec.Load(x + i) : TVec.Select(Tail.Mask<TVec>(count - i), TVec.LoadFirst(x + i, count - i), lowest));
        }
        return T.CreateTruncating(TVec.Max(VectorMath.Max(a, b)));
    }

    /// <summary>Σ exp(x − shift); the terms are written to <paramref name="y"/> unless that is null.</summary>
    /// <param name="x">The numbers.</param>
    /// <param name="count">How many.</param>
    /// <param name="shift">What is taken from each.</param>
    /// <param name="y">Where the terms go, or null.</param>
    /// <param name="ahead">So many elements on lies what is read next, which is fetched meanwhile: exponentials leave memory idle.</param>
    public static double Sum(T* x, nint count, T shift, T* y, nint ahead = 0) => Sum<Difference>(x, count, shift, T.One, y, ahead);

    /// <summary>Σ exp((x − shift)·scale); the terms are written to <paramref name="y"/>.</summary>
    public static double ScaledSum(T* x, nint count, T shift, T scale, T* y) => Sum<ScaledDifference>(x, count, shift, scale, y, 0);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum<TExponent>(T* x, nint count, T shift, T scale, T* y, nint ahead) where TExponent : struct, IExponent
    {
        double sum = 0;
        TVec center = TVec.Broadcast(&shift), each = TVec.Broadcast(&scale);
        for (nint start = 0; start < count; start += Block)
        {
            sum += BlockSum<TExponent>(x + start, Math.Min(Block, count - start), center, each, y == null ? null : y + start, ahead);
        }
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double BlockSum<TExponent>(T* x, nint count, TVec center, TVec each, T* y, nint ahead) where TExponent : struct, IExponent
    {
        TVec a = TVec.Zero, b = a;
        nint i = 0;
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            NextRow.FetchTwo<TVec>(x + ahead + i);
            TVec u = VectorMath.Exp(TExponent.Of(TVec.Load(x + i), center, each)), v = VectorMath.Exp(TExponent.Of(TVec.Load(x + i + TVec.Count), center, each));
            a += u;
            b += v;
            if (y == null)
            {
                continue;
            }
            u.Store(y + i);
            v.Store(y + i + TVec.Count);
        }

        for (; i < count; i += TVec.Count)
        {
            nint left = count - i;
            TVec u = VectorMath.Exp(TExponent.Of(Tail.Load<TVec>(x + i, left), center, each));
            a += Tail.First(u, left);
            if (y != null)
            {
                Tail.Store(u, y + i, left);
            }
        }

        return TVec.Sum(a + b);
    }

    /// <summary>What an exponential is taken of.</summary>
    private interface IExponent
    {
        static abstract TVec Of(TVec x, TVec center, TVec scale);
    }

    private readonly struct Difference : IExponent
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Of(TVec x, TVec center, TVec scale) => x - center;
    }

    /// <remarks>0 at the center, whatever is rounded: the multiple of a large number less that of the center, rounded once, is far from it.</remarks>
    private readonly struct ScaledDifference : IExponent
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Of(TVec x, TVec center, TVec scale) => (x - center) * scale;
    }
}
