using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Scalar functions applied to each lane, computed in double precision: for cold functions and rare arguments.</summary>
internal static unsafe class Lanes
{
    private const int WidestVectorBytes = 64;

    /// <summary>f(x) in each lane.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static V Apply<V>(V x, delegate*<double, double> f) where V : struct, ISimd<V>
    {
        byte* lanes = stackalloc byte[WidestVectorBytes];
        x.Store(lanes);
        for (int i = 0; i < V.Count; i++)
        {
            Set<V>(lanes, i, f(Get<V>(lanes, i)));
        }
        return V.Load(lanes);
    }

    /// <summary>f(a, b) in each lane.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static V Apply<V>(V a, V b, delegate*<double, double, double> f) where V : struct, ISimd<V>
    {
        byte* left = stackalloc byte[WidestVectorBytes], right = stackalloc byte[WidestVectorBytes];
        a.Store(left);
        b.Store(right);
        for (int i = 0; i < V.Count; i++)
        {
            Set<V>(left, i, f(Get<V>(left, i), Get<V>(right, i)));
        }
        return V.Load(left);
    }

    /// <summary>f(a, b) in the lanes that <paramref name="where"/> marks, <paramref name="otherwise"/> in the others.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static V Patch<V>(V otherwise, uint where, V a, V b, delegate*<double, double, double> f) where V : struct, ISimd<V>
    {
        byte* result = stackalloc byte[WidestVectorBytes], left = stackalloc byte[WidestVectorBytes], right = stackalloc byte[WidestVectorBytes];
        otherwise.Store(result);
        a.Store(left);
        b.Store(right);
        for (int i = 0; i < V.Count; i++)
        {
            if ((where >> i & 1) != 0)
            {
                Set<V>(result, i, f(Get<V>(left, i), Get<V>(right, i)));
            }
        }

        return V.Load(result);
    }

    private static double Get<V>(byte* lanes, int i) where V : struct, ISimd<V>
        => V.IsFloat64 ? ((double*)lanes)[i] : ((float*)lanes)[i];

    private static void Set<V>(byte* lanes, int i, double value) where V : struct, ISimd<V>
    {
        if (V.IsFloat64)
        {
            ((double*)lanes)[i] = value;
        }
        else
        {
            ((float*)lanes)[i] = (float)value;
        }
    }
}
