using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The vector form of each operation: one row per opcode, the loops are elsewhere.</summary>
internal static class TileOps
{
    public readonly struct Move : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => a;
    }

    public readonly struct Neg : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => -a;
    }

    public readonly struct Abs : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => V.Abs(a);
    }

    public readonly struct Sign : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Sign(a);
    }

    public readonly struct Reciprocal : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Reciprocal(a);
    }

    public readonly struct Sqrt : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => V.Sqrt(a);
    }

    public readonly struct Rsqrt : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Rsqrt(a);
    }

    public readonly struct Exp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Exp(a);
    }

    public readonly struct Log : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Log(a);
    }

    public readonly struct Log1p : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Log1p(a);
    }

    public readonly struct Expm1 : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Expm1(a);
    }

    public readonly struct Sin : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Sin(a);
    }

    public readonly struct Cos : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Cos(a);
    }

    public readonly struct Tan : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Tan(a);
    }

    public readonly struct Tanh : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Tanh(a);
    }

    public readonly struct Sigmoid : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Sigmoid(a);
    }

    public readonly struct Erf : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Erf(a);
    }

    public readonly struct Floor : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => V.Floor(a);
    }

    public readonly struct Ceil : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => V.Ceiling(a);
    }

    public readonly struct Round : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => V.Round(a);
    }

    public readonly struct Trunc : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => V.Truncate(a);
    }

    public readonly struct IsNaN : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Truth(~V.Equal(a, a));
    }

    public readonly struct Not : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Truth(V.Equal(a, V.Zero));
    }

    public readonly struct Relu : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V> => VectorMath.Relu(a);
    }

    public readonly struct Add : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a + b;
    }

    public readonly struct Sub : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a - b;
    }

    public readonly struct Mul : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a * b;
    }

    public readonly struct Div : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a / b;
    }

    public readonly struct FloorDiv : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.FloorDiv(a, b);
    }

    public readonly struct Mod : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Mod(a, b);
    }

    public readonly struct Pow : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Pow(a, b);
    }

    public readonly struct Min : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Min(a, b);
    }

    public readonly struct Max : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Max(a, b);
    }

    public readonly struct CopySign : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.CopySign(a, b);
    }

    public readonly struct Less : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Truth(V.Less(a, b));
    }

    public readonly struct LessEqual : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Truth(V.LessOrEqual(a, b));
    }

    public readonly struct Equal : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Truth(V.Equal(a, b));
    }

    public readonly struct NotEqual : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Truth(~V.Equal(a, b));
    }

    public readonly struct And : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Truth(VectorMath.NonZero(a) & VectorMath.NonZero(b));
    }

    public readonly struct Or : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => VectorMath.Truth(VectorMath.NonZero(a) | VectorMath.NonZero(b));
    }

    public readonly struct Where : ITernaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b, V c) where V : unmanaged, ISimd<V> => V.Select(V.Equal(a, V.Zero), c, b);
    }

    public readonly struct Fma : ITernaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b, V c) where V : unmanaged, ISimd<V> => V.MultiplyAdd(a, b, c);
    }

    public readonly struct MultiplySubtract : ITernaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b, V c) where V : unmanaged, ISimd<V> => V.MultiplyAdd(a, b, -c);
    }

    public readonly struct NegateMultiplyAdd : ITernaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b, V c) where V : unmanaged, ISimd<V> => V.MultiplyAdd(-a, b, c);
    }

    public readonly struct SelectLess : IQuaternaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b, V c, V d) where V : unmanaged, ISimd<V> => V.Select(V.Less(a, b), c, d);
    }

    public readonly struct SelectLessEqual : IQuaternaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b, V c, V d) where V : unmanaged, ISimd<V> => V.Select(V.LessOrEqual(a, b), c, d);
    }

    public readonly struct SelectEqual : IQuaternaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b, V c, V d) where V : unmanaged, ISimd<V> => V.Select(V.Equal(a, b), c, d);
    }

    public readonly struct Gelu : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V>
        {
            V factor = V.MaxNative(V.Create(-KnownFormulas.FarOut), a), half = factor * V.Create(0.5);
            return V.MultiplyAdd(half, VectorMath.Erf(V.MinNative(V.Create(KnownFormulas.FarOut), factor) * V.Create(Math.Sqrt(0.5))), half);
        }
    }

    public readonly struct Silu : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a) where V : unmanaged, ISimd<V>
        {
            V factor = V.MaxNative(V.Create(-KnownFormulas.FarOut), a);
            return factor * VectorMath.Sigmoid(V.MinNative(V.Create(KnownFormulas.FarOut), factor));
        }
    }

    /// <summary>A formula of a sum: alone, the sum would wait for memory and the formula leave it idle.</summary>
    public readonly struct OfSum<TFormula> : IBinaryOp where TFormula : struct, IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => TFormula.Invoke(a + b);
    }
}
