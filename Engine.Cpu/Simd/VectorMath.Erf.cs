using System.Runtime.CompilerServices;

namespace Engine.Cpu;

internal static unsafe partial class VectorMath
{
    /// <summary>erf x.</summary>
    /// <remarks>
    /// x + x·P(x²) for |x| &lt; 1, 1 − 1/p(|x|)⁸ beyond; erf rounds to 1 from 3.93 on. One rational function fits the whole range in
    /// fewer steps, but its rounding errors add up to 6 units.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Erf<V>(V x) where V : struct, ISimd<V>
    {
        if (V.IsFloat64)
        {
            return Lanes.Apply(x, &SpecialFunctions.Erf);
        }
        V one = V.Create(1);
        V a = V.MinNative(V.Create(3.93), V.Abs(x));
        V u = a * a;
        V p = V.MultiplyAdd(u, V.Create(7.806903158780187e-05), V.Create(-0.0007997853099368513));
        p = V.MultiplyAdd(p, u, V.Create(0.005187162198126316));
        p = V.MultiplyAdd(p, u, V.Create(-0.026853347197175026));
        p = V.MultiplyAdd(p, u, V.Create(0.11283578723669052));
        p = V.MultiplyAdd(p, u, V.Create(-0.3761262595653534));
        p = V.MultiplyAdd(p, u, V.Create(0.12837916612625122));
        // The upper terms in pairs: a third of the wait of one chain. In the lower ones another order would cost a unit of error.
        V high = V.MultiplyAdd(a, V.Create(0.0005478975363075733), V.Create(-0.004052219446748495));
        V middle = V.MultiplyAdd(a, V.Create(0.01799928955733776), V.Create(-0.033702559769153595));
        V low = V.MultiplyAdd(a, V.Create(0.07480309903621674), V.Create(0.04841979965567589));
        V root = V.MultiplyAdd(V.MultiplyAdd(high, u, middle), u, low);
        root = V.MultiplyAdd(root, a, V.Create(0.1597188413143158));
        root = V.MultiplyAdd(root, a, V.Create(0.9963779449462891));
        V y = one / root;
        V y2 = y * y, y4 = y2 * y2;
        return CopySign(V.Select(V.Less(a, one), V.MultiplyAdd(a, p, a), V.MultiplyAdd(-y4, y4, one)), x);
    }
}
