using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The updates of <see cref="OptimizerPrograms"/> with all values in registers. Each is bound by memory: 5 to 7 streams.</summary>
internal static unsafe class OptimizerLoops
{
    /// <summary>The parameters of <see cref="AdamParameters"/>, w, g, m, v → w, m, v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Adam<V>(byte** p, nint* m, nint bytes) where V : unmanaged, ISimd<V>
    {
        const int In = AdamParameters.Count, Out = In + 4;
        V keep = V.Load(p[AdamParameters.Keep]), decay = V.Load(p[AdamParameters.Decay]), rate = V.Load(p[AdamParameters.Rate]);
        V beta1 = V.Load(p[AdamParameters.Beta1]), rest1 = V.Load(p[AdamParameters.Rest1]);
        V beta2 = V.Load(p[AdamParameters.Beta2]), rest2 = V.Load(p[AdamParameters.Rest2]);
        V correction = V.Load(p[AdamParameters.Correction]), epsilon = V.Load(p[AdamParameters.Epsilon]);
        byte* w = p[In], g = p[In + 1], mean = p[In + 2], square = p[In + 3], newW = p[Out], newMean = p[Out + 1], newSquare = p[Out + 2];
        nint maskW = m[In], maskG = m[In + 1], maskMean = m[In + 2], maskSquare = m[In + 3];
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

    /// <summary>The parameters of <see cref="SgdParameters"/>, w, g, v → w, v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SgdMomentum<V>(byte** p, nint* m, nint bytes) where V : unmanaged, ISimd<V>
    {
        const int In = SgdParameters.Count, Out = In + 3;
        V keep = V.Load(p[SgdParameters.Keep]), decay = V.Load(p[SgdParameters.Decay]), rate = V.Load(p[SgdParameters.Rate]);
        V momentum = V.Load(p[SgdParameters.Momentum]), fresh = V.Load(p[SgdParameters.Fresh]);
        byte* w = p[In], g = p[In + 1], velocity = p[In + 2], newW = p[Out], newVelocity = p[Out + 1];
        nint maskW = m[In], maskG = m[In + 1], maskVelocity = m[In + 2];
        for (nint i = 0; i < bytes; i += sizeof(V))
        {
            nint left = Left<V>(bytes - i);
            V weight = Load<V>(w + (i & maskW), left);
            V gradient = V.MultiplyAdd(decay, weight, Load<V>(g + (i & maskG), left));
            V v = V.MultiplyAdd(momentum, Load<V>(velocity + (i & maskVelocity), left), fresh * gradient);
            Store(V.MultiplyAdd(weight, keep, -(rate * v)), newW + i, left);
            Store(v, newVelocity + i, left);
        }
    }

    /// <summary>The first parameters of <see cref="SgdParameters"/>, without momentum's; w, g → w.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sgd<V>(byte** p, nint* m, nint bytes) where V : unmanaged, ISimd<V>
    {
        const int In = SgdParameters.Momentum, Out = In + 2;
        V keep = V.Load(p[SgdParameters.Keep]), decay = V.Load(p[SgdParameters.Decay]), rate = V.Load(p[SgdParameters.Rate]);
        byte* w = p[In], g = p[In + 1], newW = p[Out];
        nint maskW = m[In], maskG = m[In + 1];
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
        if (lanes == V.Count)
        {
            value.Store(destination);
        }
        else
        {
            value.StoreFirst(destination, lanes);
        }
    }
}
