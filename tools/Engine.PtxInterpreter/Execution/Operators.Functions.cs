using System.Numerics;

namespace Engine.PtxInterpreter;

/// <summary>Subnormal numbers become zeros of their sign.</summary>
internal static class Flush
{
    public static T Of<T>(T a)
        where T : unmanaged, IFloatingPointIeee754<T> => T.IsSubnormal(a) ? T.CopySign(T.Zero, a) : a;
}

/// <summary>A function of one number with subnormal numbers made zeros before and after: .ftz.</summary>
internal readonly struct FlushedFunction<T, TOp> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TOp : struct, IUnary<T, T>
{
    public static T Apply(T a) => Flush.Of(TOp.Apply(Flush.Of(a)));
}

/// <summary>A function of two numbers with subnormal numbers made zeros before and after: .ftz.</summary>
internal readonly struct FlushToZero<T, TOp> : IBinary<T, T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TOp : struct, IBinary<T, T, T>
{
    public static T Apply(T a, T b) => Flush.Of(TOp.Apply(Flush.Of(a), Flush.Of(b)));
}

internal readonly struct SquareRootSingle : IUnary<float, float>
{
    public static float Apply(float a) => MathF.Sqrt(a);
}

internal readonly struct SquareRootDouble : IUnary<double, double>
{
    public static double Apply(double a) => Math.Sqrt(a);
}

internal readonly struct Reciprocal<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T a) => T.One / a;
}

internal readonly struct ReciprocalSquareRootSingle : IUnary<float, float>
{
    public static float Apply(float a) => (float)(1 / Math.Sqrt(a));
}

internal readonly struct ReciprocalSquareRootDouble : IUnary<double, double>
{
    public static double Apply(double a) => 1 / Math.Sqrt(a);
}

internal readonly struct PowerOfTwo : IUnary<float, float>
{
    public static float Apply(float a) => (float)Math.Pow(2, a);
}

internal readonly struct PowerOfTwoHalf : IUnary<Half, Half>
{
    public static Half Apply(Half a) => (Half)Math.Pow(2, (double)a);
}

internal readonly struct HyperbolicTangentHalf : IUnary<Half, Half>
{
    public static Half Apply(Half a) => (Half)Math.Tanh((double)a);
}

internal readonly struct BinaryLogarithm : IUnary<float, float>
{
    public static float Apply(float a) => (float)Math.Log2(a);
}

internal readonly struct HyperbolicTangent : IUnary<float, float>
{
    public static float Apply(float a) => MathF.Tanh(a);
}

/// <summary>
/// The sine of a card: the angle is first multiplied by 1/2π in single precision, which is why it is worthless for large angles.
/// A kernel that uses it beyond [−π, π] must fail here too.
/// </summary>
internal readonly struct ApproximateSine : IUnary<float, float>
{
    public static float Apply(float a) => a == 0 ? a : (float)double.SinPi(2.0 * (a * (float)(0.5 / Math.PI)));
}

/// <summary>The cosine of a card; see <see cref="ApproximateSine"/>.</summary>
internal readonly struct ApproximateCosine : IUnary<float, float>
{
    public static float Apply(float a) => (float)double.CosPi(2.0 * (a * (float)(0.5 / Math.PI)));
}

internal readonly struct IsFinite<T> : IUnary<T, byte>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static byte Apply(T a) => T.IsFinite(a) ? (byte)1 : (byte)0;
}

internal readonly struct IsInfinite<T> : IUnary<T, byte>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static byte Apply(T a) => T.IsInfinity(a) ? (byte)1 : (byte)0;
}

internal readonly struct IsNumber<T> : IUnary<T, byte>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static byte Apply(T a) => T.IsNaN(a) ? (byte)0 : (byte)1;
}

internal readonly struct IsNotANumber<T> : IUnary<T, byte>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static byte Apply(T a) => T.IsNaN(a) ? (byte)1 : (byte)0;
}

/// <summary>Zeros count as normal, as the language says.</summary>
internal readonly struct IsNormal<T> : IUnary<T, byte>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static byte Apply(T a) => T.IsNormal(a) || a == T.Zero ? (byte)1 : (byte)0;
}

internal readonly struct IsSubnormal<T> : IUnary<T, byte>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static byte Apply(T a) => T.IsSubnormal(a) ? (byte)1 : (byte)0;
}
