using System.Numerics;

namespace Engine.PtxInterpreter;

internal readonly struct Add<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a + b;

    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a + b;
}

internal readonly struct Subtract<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a - b;

    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a - b;
}

internal readonly struct Multiply<T> : IVectorBinary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => a * b;

    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a * b;
}

/// <summary>a·b + c of integers, lower half.</summary>
internal readonly struct MultiplyAdd<T> : IVectorTernary<T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b, T c) => (a * b) + c;

    public static Vector<T> Apply(Vector<T> a, Vector<T> b, Vector<T> c) => (a * b) + c;
}

internal readonly struct FusedSingle : IVectorTernary<float>
{
    public static float Apply(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    public static Vector<float> Apply(Vector<float> a, Vector<float> b, Vector<float> c) => Vector.FusedMultiplyAdd(a, b, c);
}

internal readonly struct FusedDouble : IVectorTernary<double>
{
    public static double Apply(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    public static Vector<double> Apply(Vector<double> a, Vector<double> b, Vector<double> c) => Vector.FusedMultiplyAdd(a, b, c);
}

/// <summary>
/// a·b + c, rounded once. The product is exact in double precision; the sum is made odd where it is not, so that the second rounding sees
/// on which side of a tie it lies.
/// </summary>
internal readonly struct FusedHalf : ITernary<Half, Half, Half, Half>
{
    public static Half Apply(Half a, Half b, Half c)
    {
        double product = (double)a * (double)b, addend = (double)c, sum = product + addend;
        if (!double.IsFinite(sum))
        {
            return (Half)sum;
        }

        double other = sum - product, rest = (product - (sum - other)) + (addend - other);
        long bits = BitConverter.DoubleToInt64Bits(sum);
        return (Half)(rest == 0 || (bits & 1) != 0 ? sum : BitConverter.Int64BitsToDouble((rest > 0) == (sum > 0) ? bits + 1 : bits - 1));
    }
}

internal readonly struct Divide<T> : IVectorBinary<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T a, T b) => a / b;

    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a / b;
}

/// <summary>Integer quotient; by zero all bits are set, as cards do, though the language leaves it open.</summary>
internal readonly struct Quotient<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => b == T.Zero ? T.AllBitsSet : T.IsNegative(b) && b == T.AllBitsSet ? T.Zero - a : a / b;
}

/// <summary>Integer remainder; by zero all bits are set, so that nobody relies on it.</summary>
internal readonly struct Remainder<T> : IBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => b == T.Zero ? T.AllBitsSet : T.IsNegative(b) && b == T.AllBitsSet ? T.Zero : a % b;
}

internal readonly struct Negate<T> : IUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a) => -a;
}

internal readonly struct AbsoluteInteger<T> : IUnary<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => T.IsNegative(a) ? T.Zero - a : a;
}

internal readonly struct AbsoluteHalf : IUnary<Half, Half>
{
    public static Half Apply(Half a) => Half.Abs(a);
}

internal readonly struct AbsoluteSingle : IUnary<float, float>
{
    public static float Apply(float a) => MathF.Abs(a);
}

internal readonly struct AbsoluteDouble : IUnary<double, double>
{
    public static double Apply(double a) => Math.Abs(a);
}

/// <summary>The smaller one; a number wins over NaN, and −0 is less than +0.</summary>
internal readonly struct Minimum<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => T.MinNumber(a, b);
}

/// <summary>The larger one; a number wins over NaN, and +0 is more than −0.</summary>
internal readonly struct Maximum<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => T.MaxNumber(a, b);
}

/// <summary>The smaller one, or NaN where there is one: .NaN.</summary>
internal readonly struct MinimumNan<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => T.Min(a, b);
}

/// <summary>The larger one, or NaN where there is one: .NaN.</summary>
internal readonly struct MaximumNan<T> : IBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T a, T b) => T.Max(a, b);
}

internal readonly struct HighSigned32 : IBinary<int, int, int>
{
    public static int Apply(int a, int b) => (int)(((long)a * b) >> 32);
}

internal readonly struct HighUnsigned32 : IBinary<uint, uint, uint>
{
    public static uint Apply(uint a, uint b) => (uint)(((ulong)a * b) >> 32);
}

internal readonly struct HighSigned64 : IBinary<long, long, long>
{
    public static long Apply(long a, long b) => Math.BigMul(a, b, out _);
}

internal readonly struct HighUnsigned64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Apply(ulong a, ulong b) => Math.BigMul(a, b, out _);
}

/// <summary>a·b in twice the bits.</summary>
internal readonly struct Wide<T, TWide> : IBinary<T, T, TWide>
    where T : unmanaged, IBinaryInteger<T>
    where TWide : unmanaged, IBinaryInteger<TWide>
{
    public static TWide Apply(T a, T b) => TWide.CreateTruncating(a) * TWide.CreateTruncating(b);
}

/// <summary>a·b + c in twice the bits.</summary>
internal readonly struct WideAdd<T, TWide> : ITernary<T, T, TWide, TWide>
    where T : unmanaged, IBinaryInteger<T>
    where TWide : unmanaged, IBinaryInteger<TWide>
{
    public static TWide Apply(T a, T b, TWide c) => (TWide.CreateTruncating(a) * TWide.CreateTruncating(b)) + c;
}

internal readonly struct CopySignSingle : IBinary<float, float, float>
{
    /// <summary>The sign of <paramref name="a"/> on the value of <paramref name="b"/>.</summary>
    public static float Apply(float a, float b) => MathF.CopySign(b, a);
}

internal readonly struct CopySignDouble : IBinary<double, double, double>
{
    /// <summary>The sign of <paramref name="a"/> on the value of <paramref name="b"/>.</summary>
    public static double Apply(double a, double b) => Math.CopySign(b, a);
}
