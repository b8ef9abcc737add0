using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The gradients of gelu and silu in one loop, dy and x → dx. As steps each goes through tiles in the first-level cache twenty times, half of them for choices that only arguments
/// near <see cref="KnownFormulas.FarOut"/> and beyond need: those have a method of their own.
/// </summary>
/// <remarks>The same operations in the same order as the steps, so that the bits are the same.</remarks>
internal static unsafe class ActivationGradients
{
    private static readonly MapProgram s_gelu = MapGradient.For(MapProgram.Compile(1, Expr.Gelu(Expr.Input(0))), 1).Program;

    private static readonly MapProgram s_silu = MapGradient.For(MapProgram.Compile(1, Expr.Silu(Expr.Input(0))), 1).Program;

    /// <summary>The gate of an activation: x·gate(x) is the function.</summary>
    private interface IGate
    {
        /// <summary>dx where the gate is at work, without its bounds.</summary>
        static abstract V Near<V>(V dy, V x) where V : unmanaged, ISimd<V>;

        /// <summary>dx everywhere.</summary>
        static abstract V Anywhere<V>(V dy, V x) where V : unmanaged, ISimd<V>;
    }

    /// <summary>The loop that computes a program, or null.</summary>
    public static delegate*<byte**, nint*, nint, void> Find<V>(MapProgram program) where V : unmanaged, ISimd<V> =>
        program.Equals(s_gelu) ? &Loop<Gelu, V> : program.Equals(s_silu) ? &Loop<Silu, V> : null;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<TGate, V>(byte** p, nint* m, nint bytes) where TGate : struct, IGate where V : unmanaged, ISimd<V>
    {
        byte* dy = p[0], x = p[1], dx = p[2];
        nint maskDy = m[0], maskX = m[1], i = 0;
        for (; i <= bytes - sizeof(V); i += sizeof(V))
        {
            V argument = V.Load(x + (i & maskX));
            if (V.MaskBits(V.Less(V.Abs(argument), V.Create(KnownFormulas.FarOut))) == uint.MaxValue >> (32 - V.Count))
            {
                TGate.Near(V.Load(dy + (i & maskDy)), argument).Store(dx + i);
            }
            else
            {
                Slow<TGate, V>(dy + (i & maskDy), x + (i & maskX), dx + i, V.Count);
            }
        }

        if (i < bytes)
        {
            Slow<TGate, V>(dy + (i & maskDy), x + (i & maskX), dx + i, (bytes - i) / (V.IsFloat64 ? sizeof(double) : sizeof(float)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Slow<TGate, V>(byte* dy, byte* x, byte* dx, nint lanes) where TGate : struct, IGate where V : unmanaged, ISimd<V> =>
        TGate.Anywhere(V.LoadFirst(dy, lanes), V.LoadFirst(x, lanes)).StoreFirst(dx, lanes);

    /// <summary>The choices of the gate's bounds: nothing passes below, the upper bound itself has half of the gate's slope.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Bounded<V>(V x, V whole) where V : unmanaged, ISimd<V>
    {
        V low = V.Create(-KnownFormulas.FarOut);
        return V.Select(V.Less(x, low), V.Zero, V.Select(V.Equal(x, low), whole * V.Create(0.5), whole));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Slope<V>(V factor, V near, V onBound) where V : unmanaged, ISimd<V>
    {
        V high = V.Create(KnownFormulas.FarOut);
        return V.Select(V.Less(high, factor), V.Zero, V.Select(V.Equal(factor, high), onBound, near));
    }

    private readonly struct Gelu : IGate
    {
        /// <summary>1/√(2π), the normal distribution's density at 0.</summary>
        private const double Density = 0.3989422804014327;

        private static double MinusHalf
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => -(Math.Sqrt(0.5) * Math.Sqrt(0.5));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Near<V>(V dy, V x) where V : unmanaged, ISimd<V>
        {
            V whole = V.MultiplyAdd(dy, VectorMath.Erf(x * V.Create(Math.Sqrt(0.5))), dy);
            return V.MultiplyAdd(whole, V.Create(0.5), VectorMath.Exp(x * x * V.Create(MinusHalf)) * (dy * x) * V.Create(Density));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Anywhere<V>(V dy, V x) where V : unmanaged, ISimd<V>
        {
            V factor = V.MaxNative(V.Create(-KnownFormulas.FarOut), x), near = V.MinNative(V.Create(KnownFormulas.FarOut), factor);
            V slope = VectorMath.Exp(near * near * V.Create(MinusHalf)) * (dy * factor);
            V whole = V.MultiplyAdd(dy, VectorMath.Erf(near * V.Create(Math.Sqrt(0.5))), dy);
            return Bounded(x, V.MultiplyAdd(whole, V.Create(0.5), Slope(factor, slope * V.Create(Density), slope * V.Create(Density / 2))));
        }
    }

    private readonly struct Silu : IGate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Near<V>(V dy, V x) where V : unmanaged, ISimd<V>
        {
            V s = VectorMath.Sigmoid(x);
            return V.MultiplyAdd(dy, s, dy * x * (s * (V.Create(1) - s)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Anywhere<V>(V dy, V x) where V : unmanaged, ISimd<V>
        {
            V factor = V.MaxNative(V.Create(-KnownFormulas.FarOut), x), s = VectorMath.Sigmoid(V.MinNative(V.Create(KnownFormulas.FarOut), factor));
            V slope = dy * factor * (s * (V.Create(1) - s));
            return Bounded(x, V.MultiplyAdd(dy, s, Slope(factor, slope, slope * V.Create(0.5))));
        }
    }
}
