using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The updates of <see cref="OptimizerPrograms"/> with all values in registers. Each is bound by memory: 5 to 7 streams.</summary>
internal static unsafe class OptimizerLoops
{
    /// <summary>p0 … p8, w, g, m, v → w, m, v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Adam<V>(byte** p, nint* m, nint bytes) where V : unmanaged, ISimd<V>
    {
        V keep = V.Load(p[0]), decay = V.Load(p[1]), rate = V.Load(p[2]), beta1 = V.Load(p[3]), rest1 = V.Load(p[4]);
        V beta2 = V.Load(p[5]), rest2 = V.Load(p[6]), correction = V.Load(p[7]), epsilon = V.Load(p[8]);
        byte* w = p[9], g = p[10], mean = p[11], square = p[12], newW = p[13], newMean = p[14], newSquare = p[15];
        nint maskW = m[9], maskG = m[10], maskMean = m[11], maskSquare = m[12];
        for (nint i = 0; i < bytes; i += sizeof(V))
        {
            nint left = Left<V>(bytes - i);
            V weight = Load<V>(w + (i & maskW), left);
            V gradient = V.MultiplyAdd(decay, weight, Load<V>(g + (i & maskG), left));
            V a = V.MultiplyAdd(beta1, Load<V>(mean + (i & maskMean), left), rest1 * gradient);
            V b = V.MultiplyAdd(beta2, Load<V>(square + (i & maskSquare), left), rest2 * (gradient * gradient));
            V step = rate * a / V.MultiplyAdd(correction, V.Sqrt(b), epsilon);
            Store(V.MultiplyAdd(weight, keep, -step), newW + i, left);
            Store(a, newMean + i, left);
            Store(b, newSquare + i, left);
        }
    }

    /// <summary>p0 … p4, w, g, v → w, v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SgdMomentum<V>(byte** p, nint* m, nint bytes) where V : unmanaged, ISimd<V>
    {
        V keep = V.Load(p[0]), decay = V.Load(p[1]), rate = V.Load(p[2]), momentum = V.Load(p[3]), rest = V.Load(p[4]);
        byte* w = p[5], g = p[6], velocity = p[7], newW = p[8], newVelocity = p[9];
        nint maskW = m[5], maskG = m[6], maskVelocity = m[7];
        for (nint i = 0; i < bytes; i += sizeof(V))
        {
            nint left = Left<V>(bytes - i);
            V weight = Load<V>(w + (i & maskW), left);
            V gradient = V.MultiplyAdd(decay, weight, Load<V>(g + (i & maskG), left));
            V v = V.MultiplyAdd(momentum, Load<V>(velocity + (i & maskVelocity), left), rest * gradient);
            Store(V.MultiplyAdd(weight, keep, -(rate * v)), newW + i, left);
            Store(v, newVelocity + i, left);
        }
    }

    /// <summary>p0 … p2, w, g → w.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sgd<V>(byte** p, nint* m, nint bytes) where V : unmanaged, ISimd<V>
    {
        V keep = V.Load(p[0]), decay = V.Load(p[1]), rate = V.Load(p[2]);
        byte* w = p[3], g = p[4], newW = p[5];
        nint maskW = m[3], maskG = m[4];
        for (nint i = 0; i < bytes; i += sizeof(V))
        {
            nint left = Left<V>(bytes - i);
            V weight = Load<V>(w + (i & maskW), left);
            V gradient = V.MultiplyAdd(decay, weight, Load<V>(g + (i & maskG), left));
            Store(V.MultiplyAdd(weight, keep, -(rate * gradient)), newW + i, left);
        }
    }

    // Lanes that are left; the branch on a whole vector is predicted, and costs nothing next to the memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Left<V>(nint bytes) where V : unmanaged, ISimd<V>
        => bytes >= sizeof(V) ? V.Count : bytes / (V.IsFloat64 ? sizeof(double) : sizeof(float));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load<V>(byte* source, nint lanes) where V : unmanaged, ISimd<V>
        => lanes == V.Count ? V.Load(source) : V.LoadFirst(source, lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V>(V value, byte* destination, nint lanes) where V : unmanaged, ISimd<V>
    {
        if (lanes == V.Count) value.Store(destination);
        else value.StoreFirst(destination, lanes);
    }
}
