using System.Numerics;

namespace Engine.Cpu;

/// <summary>
/// The kernels of int32 and int64 programs. Integers in a network are labels, indices and counts: plain loops do. Overflow wraps.
/// </summary>
internal static unsafe class IntegerKernels
{
    /// <summary>The kernel of <paramref name="op"/>; none where the operation is not defined on integers.</summary>
    public static TileKernel Of<T>(TileOp op) where T : unmanaged, IBinaryInteger<T> => op switch
    {
        TileOp.Move => new(&Unary<Move, T>),
        (TileOp)ScalarOpcode.Neg => new(&Unary<Neg, T>),
        (TileOp)ScalarOpcode.Abs => new(&Unary<Abs, T>),
        (TileOp)ScalarOpcode.Sign => new(&Unary<Sign, T>),
        (TileOp)ScalarOpcode.Not => new(&Unary<Not, T>),
        (TileOp)ScalarOpcode.Relu => new(&Unary<Relu, T>),
        (TileOp)ScalarOpcode.Add => new(&Binary<Add, T>),
        (TileOp)ScalarOpcode.Sub => new(&Binary<Sub, T>),
        (TileOp)ScalarOpcode.Mul => new(&Binary<Mul, T>),
        (TileOp)ScalarOpcode.FloorDiv => new(&Binary<FloorDiv, T>, cost: 60),
        (TileOp)ScalarOpcode.Mod => new(&Binary<Mod, T>, cost: 60),
        (TileOp)ScalarOpcode.Pow => new(&Binary<Pow, T>, cost: 16),
        (TileOp)ScalarOpcode.Min => new(&Binary<Min, T>),
        (TileOp)ScalarOpcode.Max => new(&Binary<Max, T>),
        (TileOp)ScalarOpcode.CopySign => new(&Binary<CopySign, T>),
        (TileOp)ScalarOpcode.Less => new(&Binary<Less, T>),
        (TileOp)ScalarOpcode.LessEqual => new(&Binary<LessEqual, T>),
        (TileOp)ScalarOpcode.Equal => new(&Binary<Equal, T>),
        (TileOp)ScalarOpcode.NotEqual => new(&Binary<NotEqual, T>),
        (TileOp)ScalarOpcode.And => new(&Binary<And, T>),
        (TileOp)ScalarOpcode.Or => new(&Binary<Or, T>),
        (TileOp)ScalarOpcode.Where => new(&Ternary<Where, T>),
        (TileOp)ScalarOpcode.Fma => new(&Ternary<Fma, T>),
        (TileOp)ScalarOpcode.BitwiseAnd => new(&Binary<BitwiseAnd, T>),
        (TileOp)ScalarOpcode.BitwiseOr => new(&Binary<BitwiseOr, T>),
        (TileOp)ScalarOpcode.BitwiseXor => new(&Binary<BitwiseXor, T>),
        (TileOp)ScalarOpcode.LeftShift => new(&Binary<LeftShift, T>),
        (TileOp)ScalarOpcode.RightShift => new(&Binary<RightShift, T>),
        _ => default,
    };

    private interface IIntegerOp
    {
        static abstract T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T>;
    }

    private static void Unary<TOp, T>(byte** p, nint* m, nint bytes) where TOp : struct, IIntegerOp where T : unmanaged, IBinaryInteger<T>
    {
        T* a = (T*)p[0], d = (T*)p[1];
        nint ma = m[0];
        for (nint i = 0; i < bytes / sizeof(T); i++)
        {
            d[i] = TOp.Invoke(a[i & ma], default, default);
        }
    }

    private static void Binary<TOp, T>(byte** p, nint* m, nint bytes) where TOp : struct, IIntegerOp where T : unmanaged, IBinaryInteger<T>
    {
        T* a = (T*)p[0], b = (T*)p[1], d = (T*)p[2];
        nint ma = m[0], mb = m[1];
        for (nint i = 0; i < bytes / sizeof(T); i++)
        {
            d[i] = TOp.Invoke(a[i & ma], b[i & mb], default);
        }
    }

    private static void Ternary<TOp, T>(byte** p, nint* m, nint bytes) where TOp : struct, IIntegerOp where T : unmanaged, IBinaryInteger<T>
    {
        T* a = (T*)p[0], b = (T*)p[1], c = (T*)p[2], d = (T*)p[3];
        nint ma = m[0], mb = m[1], mc = m[2];
        for (nint i = 0; i < bytes / sizeof(T); i++)
        {
            d[i] = TOp.Invoke(a[i & ma], b[i & mb], c[i & mc]);
        }
    }

    private static T Bit<T>(bool holds) where T : INumberBase<T> => holds ? T.One : T.Zero;

    private readonly struct Move : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => a;
    }

    private readonly struct Neg : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => unchecked(-a);
    }

    private readonly struct Abs : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => T.IsNegative(a) ? unchecked(-a) : a;
    }

    private readonly struct Sign : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => T.CreateTruncating(T.Sign(a));
    }

    private readonly struct Not : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => Bit<T>(T.IsZero(a));
    }

    private readonly struct Relu : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => T.Max(a, T.Zero);
    }

    private readonly struct Add : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => unchecked(a + b);
    }

    private readonly struct Sub : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => unchecked(a - b);
    }

    private readonly struct Mul : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => unchecked(a * b);
    }

    private readonly struct FloorDiv : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T>
            => T.CreateTruncating(SpecialFunctions.FloorDiv(long.CreateTruncating(a), long.CreateTruncating(b)));
    }

    private readonly struct Mod : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T>
            => T.CreateTruncating(SpecialFunctions.Mod(long.CreateTruncating(a), long.CreateTruncating(b)));
    }

    private readonly struct Pow : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T>
            => T.CreateTruncating(SpecialFunctions.Pow(long.CreateTruncating(a), long.CreateTruncating(b)));
    }

    private readonly struct Min : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => T.Min(a, b);
    }

    private readonly struct Max : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => T.Max(a, b);
    }

    private readonly struct CopySign : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T>
            => T.IsNegative(a) == T.IsNegative(b) ? a : unchecked(-a);
    }

    private readonly struct Less : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => Bit<T>(a < b);
    }

    private readonly struct LessEqual : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => Bit<T>(a <= b);
    }

    private readonly struct Equal : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => Bit<T>(a == b);
    }

    private readonly struct NotEqual : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => Bit<T>(a != b);
    }

    private readonly struct And : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => Bit<T>(!T.IsZero(a) && !T.IsZero(b));
    }

    private readonly struct Or : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => Bit<T>(!T.IsZero(a) || !T.IsZero(b));
    }

    private readonly struct Where : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => T.IsZero(a) ? c : b;
    }

    private readonly struct Fma : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => unchecked(a * b + c);
    }

    private readonly struct BitwiseAnd : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => a & b;
    }

    private readonly struct BitwiseOr : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => a | b;
    }

    private readonly struct BitwiseXor : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => a ^ b;
    }

    private readonly struct LeftShift : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => IsInside(b) ? a << int.CreateTruncating(b) : T.Zero;
    }

    private readonly struct RightShift : IIntegerOp
    {
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, IBinaryInteger<T> => a >> (IsInside(b) ? int.CreateTruncating(b) : (8 * sizeof(T)) - 1);
    }

    /// <summary>Whether a count of places is below the width of the type.</summary>
    private static bool IsInside<T>(T places) where T : unmanaged, IBinaryInteger<T> => ulong.CreateTruncating(places) < 8u * (uint)sizeof(T);
}
