using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The loops of the tile interpreter. <c>p</c> holds the addresses of the arguments, then of the result; <c>m</c> holds for each argument
/// −1 if it is as long as the tile and 0 if it is one vector that repeats (a scalar). The result may be one of the arguments.
/// </summary>
/// <remarks>
/// Compiled at once at full optimisation: in the interpreter of the first tier the vector wrappers are calls, which makes the first
/// hundred milliseconds of a program fifty times slower. Tails are methods of their own so that the formula is inlined only once per
/// method; the longest would exceed the inliner's budget otherwise.
/// </remarks>
internal static unsafe class TileLoops
{
    /// <summary>d = op(a).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unary<TOp, V>(byte** p, nint* m, nint bytes) where TOp : struct, IUnaryOp where V : unmanaged, ISimd<V>
    {
        byte* a = p[0], d = p[1];
        nint ma = m[0], i = 0;
        for (; i <= bytes - sizeof(V); i += sizeof(V))
        {
            TOp.Invoke(V.Load(a + (i & ma))).Store(d + i);
        }
        if (i < bytes)
        {
            UnaryTail<TOp, V>(a + (i & ma), d + i, Lanes<V>(bytes - i));
        }
    }

    /// <summary>d = op(a, b).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Binary<TOp, V>(byte** p, nint* m, nint bytes) where TOp : struct, IBinaryOp where V : unmanaged, ISimd<V>
    {
        byte* a = p[0], b = p[1], d = p[2];
        nint ma = m[0], mb = m[1], i = 0;
        for (; i <= bytes - sizeof(V); i += sizeof(V))
        {
            TOp.Invoke(V.Load(a + (i & ma)), V.Load(b + (i & mb))).Store(d + i);
        }
        if (i < bytes)
        {
            BinaryTail<TOp, V>(a + (i & ma), b + (i & mb), d + i, Lanes<V>(bytes - i));
        }
    }

    /// <summary>The same with d written past the caches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BinaryStreamed<TOp, V>(byte** p, nint* m, nint bytes) where TOp : struct, IBinaryOp where V : unmanaged, ISimd<V>
    {
        byte* a = p[0], b = p[1], d = p[2];
        nint ma = m[0], mb = m[1], i = 0;
        if (!Streaming.Fits<V>(d))
        {
            Binary<TOp, V>(p, m, bytes);
            return;
        }
        for (; i <= bytes - sizeof(V); i += sizeof(V))
        {
            TOp.Invoke(V.Load(a + (i & ma)), V.Load(b + (i & mb))).StoreNonTemporal(d + i);
        }
        if (i < bytes)
        {
            BinaryTail<TOp, V>(a + (i & ma), b + (i & mb), d + i, Lanes<V>(bytes - i));
        }
    }

    /// <summary>d = op(a, b, c).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Ternary<TOp, V>(byte** p, nint* m, nint bytes) where TOp : struct, ITernaryOp where V : unmanaged, ISimd<V>
    {
        byte* a = p[0], b = p[1], c = p[2], d = p[3];
        nint ma = m[0], mb = m[1], mc = m[2], i = 0;
        for (; i <= bytes - sizeof(V); i += sizeof(V))
        {
            TOp.Invoke(V.Load(a + (i & ma)), V.Load(b + (i & mb)), V.Load(c + (i & mc))).Store(d + i);
        }
        if (i < bytes)
        {
            TernaryTail<TOp, V>(a + (i & ma), b + (i & mb), c + (i & mc), d + i, Lanes<V>(bytes - i));
        }
    }

    /// <summary>e = op(a, b, c, d).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quaternary<TOp, V>(byte** p, nint* m, nint bytes) where TOp : struct, IQuaternaryOp where V : unmanaged, ISimd<V>
    {
        byte* a = p[0], b = p[1], c = p[2], d = p[3], e = p[4];
        nint ma = m[0], mb = m[1], mc = m[2], md = m[3], i = 0;
        for (; i <= bytes - sizeof(V); i += sizeof(V))
        {
            TOp.Invoke(V.Load(a + (i & ma)), V.Load(b + (i & mb)), V.Load(c + (i & mc)), V.Load(d + (i & md))).Store(e + i);
        }
        if (i < bytes)
        {
            QuaternaryTail<TOp, V>(a + (i & ma), b + (i & mb), c + (i & mc), d + (i & md), e + i, Lanes<V>(bytes - i));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Lanes<V>(nint bytes) where V : unmanaged, ISimd<V> => bytes / (V.IsFloat64 ? sizeof(double) : sizeof(float));

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void UnaryTail<TOp, V>(byte* a, byte* d, nint n) where TOp : struct, IUnaryOp where V : unmanaged, ISimd<V>
        => TOp.Invoke(V.LoadFirst(a, n)).StoreFirst(d, n);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void BinaryTail<TOp, V>(byte* a, byte* b, byte* d, nint n) where TOp : struct, IBinaryOp where V : unmanaged, ISimd<V>
        => TOp.Invoke(V.LoadFirst(a, n), V.LoadFirst(b, n)).StoreFirst(d, n);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TernaryTail<TOp, V>(byte* a, byte* b, byte* c, byte* d, nint n) where TOp : struct, ITernaryOp where V : unmanaged, ISimd<V>
        => TOp.Invoke(V.LoadFirst(a, n), V.LoadFirst(b, n), V.LoadFirst(c, n)).StoreFirst(d, n);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void QuaternaryTail<TOp, V>(byte* a, byte* b, byte* c, byte* d, byte* e, nint n) where TOp : struct, IQuaternaryOp where V : unmanaged, ISimd<V>
        => TOp.Invoke(V.LoadFirst(a, n), V.LoadFirst(b, n), V.LoadFirst(c, n), V.LoadFirst(d, n)).StoreFirst(e, n);
}
