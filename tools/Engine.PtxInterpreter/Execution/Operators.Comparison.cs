using System.Numerics;

namespace Engine.PtxInterpreter;

internal readonly struct Equal<T> : IBinary<T, T, byte>
    where T : unmanaged, INumber<T>
{
    public static byte Apply(T a, T b) => a == b ? (byte)1 : (byte)0;
}

/// <summary>Ordered: false where one is NaN, unlike the operator of C#.</summary>
internal readonly struct NotEqual<T> : IBinary<T, T, byte>
    where T : unmanaged, INumber<T>
{
    public static byte Apply(T a, T b) => a < b || a > b ? (byte)1 : (byte)0;
}

internal readonly struct Less<T> : IBinary<T, T, byte>
    where T : unmanaged, INumber<T>
{
    public static byte Apply(T a, T b) => a < b ? (byte)1 : (byte)0;
}

internal readonly struct LessOrEqual<T> : IBinary<T, T, byte>
    where T : unmanaged, INumber<T>
{
    public static byte Apply(T a, T b) => a <= b ? (byte)1 : (byte)0;
}

/// <summary>True where <typeparamref name="TOp"/> is false: turns the ordered opposite into an unordered comparison.</summary>
internal readonly struct Unless<T, TOp> : IBinary<T, T, byte>
    where T : unmanaged
    where TOp : struct, IBinary<T, T, byte>
{
    public static byte Apply(T a, T b) => (byte)(TOp.Apply(a, b) ^ 1);
}

/// <summary>With the operands exchanged: turns less into greater.</summary>
internal readonly struct Swapped<T, TOp> : IBinary<T, T, byte>
    where T : unmanaged
    where TOp : struct, IBinary<T, T, byte>
{
    public static byte Apply(T a, T b) => TOp.Apply(b, a);
}

internal readonly struct BothNumbers<T> : IBinary<T, T, byte>
    where T : unmanaged, INumber<T>
{
    public static byte Apply(T a, T b) => T.IsNaN(a) || T.IsNaN(b) ? (byte)0 : (byte)1;
}
