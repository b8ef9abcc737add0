using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.PtxInterpreter;

/// <summary>Between integers: cut to the source type, saturate if asked, cut to the destination type, extend to its register.</summary>
internal sealed unsafe class ConvertInteger<TSource, TDestination>(int d, int a, PtxType from, PtxType to, bool saturate) : Operation
    where TSource : unmanaged, IBinaryInteger<TSource>
    where TDestination : unmanaged, IBinaryInteger<TDestination>
{
    private readonly int _fromShift = 64 - (8 * from.Bytes());
    private readonly bool _fromSigned = from.IsSigned();
    private readonly int _toShift = 64 - (8 * to.Bytes());
    private readonly bool _toSigned = to.IsSigned();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        TSource* source = (TSource*)(block.Frame + a);
        TDestination* destination = (TDestination*)(block.Frame + d);
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            ulong value = ulong.CreateTruncating(source[i]) << _fromShift;
            value = _fromSigned ? (ulong)((long)value >> _fromShift) : value >> _fromShift;
            if (saturate)
            {
                value = Saturate(value);
            }

            value <<= _toShift;
            value = _toSigned ? (ulong)((long)value >> _toShift) : value >> _toShift;
            destination[i] = TDestination.CreateTruncating(value);
        }
    }

    private ulong Saturate(ulong value)
    {
        Int128 exact = _fromSigned ? (long)value : value;
        int bits = 8 * to.Bytes();
        Int128 low = _toSigned ? -(Int128.One << (bits - 1)) : 0;
        Int128 high = (Int128.One << (_toSigned ? bits - 1 : bits)) - 1;
        return (ulong)Int128.Clamp(exact, low, high);
    }
}

/// <summary>From an integer to floating point, to nearest.</summary>
internal sealed unsafe class IntegerToFloat<TSource, TDestination, TOp>(int d, int a, PtxType from) : Operation
    where TSource : unmanaged, IBinaryInteger<TSource>
    where TDestination : unmanaged
    where TOp : struct, IIntegerToFloat<TDestination>
{
    private readonly int _shift = 64 - (8 * from.Bytes());
    private readonly bool _signed = from.IsSigned();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        TSource* source = (TSource*)(block.Frame + a);
        TDestination* destination = (TDestination*)(block.Frame + d);
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            ulong value = ulong.CreateTruncating(source[i]) << _shift;
            destination[i] = _signed ? TOp.Signed((long)value >> _shift) : TOp.Unsigned(value >> _shift);
        }
    }
}

internal interface IIntegerToFloat<TDestination>
{
    static abstract TDestination Signed(long value);

    static abstract TDestination Unsigned(ulong value);
}

internal readonly struct ToSingle : IIntegerToFloat<float>
{
    public static float Signed(long value) => value;

    /// <summary>The upper half goes by half the value with a sticky last bit, so that it is rounded once.</summary>
    public static float Unsigned(ulong value) => value <= long.MaxValue ? (long)value : 2f * (long)((value >> 1) | (value & 1));
}

internal readonly struct ToDouble : IIntegerToFloat<double>
{
    public static double Signed(long value) => value;

    public static double Unsigned(ulong value) => value <= long.MaxValue ? (long)value : 2.0 * (long)((value >> 1) | (value & 1));
}

internal readonly struct ToHalf : IIntegerToFloat<ushort>
{
    /// <summary>Anything that a half can hold or round to is exact in a double.</summary>
    public static ushort Signed(long value) => BitConverter.HalfToUInt16Bits((Half)(double)Math.Clamp(value, -(1 << 20), 1 << 20));

    public static ushort Unsigned(ulong value) => BitConverter.HalfToUInt16Bits((Half)(double)Math.Min(value, 1UL << 20));
}

/// <summary>How a floating-point number becomes whole.</summary>
internal enum WholeRounding : byte
{
    Nearest,
    Zero,
    Down,
    Up,
}

/// <summary>From floating point to an integer: rounded, kept in range; NaN gives 0, or the highest bit where 64 bits are involved.</summary>
internal sealed unsafe class FloatToInteger<TSource, TDestination, TOp>(int d, int a, PtxType from, PtxType to, WholeRounding rounding) : Operation
    where TSource : unmanaged
    where TDestination : unmanaged, IBinaryInteger<TDestination>
    where TOp : struct, IUnary<TSource, double>
{
    private readonly ulong _nan = from == PtxType.F64 || to.Bytes() == 8 ? 1UL << ((8 * to.Bytes()) - 1) : 0;
    private readonly int _shift = 64 - (8 * to.Bytes());
    private readonly bool _signed = to.IsSigned();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        TSource* source = (TSource*)(block.Frame + a);
        TDestination* destination = (TDestination*)(block.Frame + d);
        int bits = 8 * to.Bytes();
        double low = _signed ? -Math.Pow(2, bits - 1) : 0;
        double beyond = Math.Pow(2, _signed ? bits - 1 : bits);
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            double value = Whole(TOp.Apply(source[i]), rounding);
            ulong result = double.IsNaN(value) ? _nan
                : value >= beyond ? (_signed ? ulong.MaxValue >> (_shift + 1) : ulong.MaxValue >> _shift)
                : value <= low ? (_signed ? 1UL << (bits - 1) : 0)
                : _signed ? (ulong)(long)value : (ulong)value;
            result <<= _shift;
            destination[i] = TDestination.CreateTruncating(_signed ? (ulong)((long)result >> _shift) : result >> _shift);
        }
    }

    private static double Whole(double value, WholeRounding rounding) => rounding switch
    {
        WholeRounding.Nearest => Math.Round(value, MidpointRounding.ToEven),
        WholeRounding.Zero => Math.Truncate(value),
        WholeRounding.Down => Math.Floor(value),
        _ => Math.Ceiling(value),
    };
}

internal readonly struct SingleToDouble : IUnary<float, double>
{
    public static double Apply(float a) => a;
}

internal readonly struct DoubleToDouble : IUnary<double, double>
{
    public static double Apply(double a) => a;
}

internal readonly struct DoubleToSingle : IUnary<double, float>
{
    public static float Apply(double a) => (float)a;
}

internal readonly struct HalfToSingle : IUnary<ushort, float>
{
    public static float Apply(ushort a) => (float)BitConverter.UInt16BitsToHalf(a);
}

internal readonly struct HalfToDouble : IUnary<ushort, double>
{
    public static double Apply(ushort a) => (double)BitConverter.UInt16BitsToHalf(a);
}

internal readonly struct SingleToHalf : IUnary<float, ushort>
{
    public static ushort Apply(float a) => BitConverter.HalfToUInt16Bits((Half)a);
}

internal readonly struct DoubleToHalf : IUnary<double, ushort>
{
    public static ushort Apply(double a) => BitConverter.HalfToUInt16Bits((Half)a);
}

internal readonly struct BrainToSingle : IUnary<ushort, float>
{
    public static float Apply(ushort a) => BitConverter.UInt32BitsToSingle((uint)a << 16);
}

internal readonly struct SingleToBrain : IUnary<float, ushort>
{
    /// <summary>To nearest, ties to even; NaN becomes the canonical one.</summary>
    public static ushort Apply(float a)
    {
        uint bits = BitConverter.SingleToUInt32Bits(a);
        return float.IsNaN(a) ? (ushort)0x7FFF : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}

/// <summary>Ten bits of fraction, to nearest, ties away from zero.</summary>
internal readonly struct SingleToTensorFloat : IUnary<float, uint>
{
    public static uint Apply(float a)
    {
        uint bits = BitConverter.SingleToUInt32Bits(a);
        return float.IsFinite(a) ? (bits + 0x1000) & 0xFFFFE000 : float.IsNaN(a) ? 0x7FFFFFFFu & 0xFFFFE000 : bits;
    }
}

internal readonly struct SinglesToHalves : IBinary<float, float, uint>
{
    public static uint Apply(float a, float b) => ((uint)SingleToHalf.Apply(a) << 16) | SingleToHalf.Apply(b);
}

internal readonly struct SinglesToBrains : IBinary<float, float, uint>
{
    public static uint Apply(float a, float b) => ((uint)SingleToBrain.Apply(a) << 16) | SingleToBrain.Apply(b);
}

internal readonly struct WholeNumber<T, TRounding> : IUnary<T, T>
    where T : unmanaged, INumber<T>
    where TRounding : struct, IUnary<double, double>
{
    public static T Apply(T a) => T.CreateTruncating(TRounding.Apply(double.CreateTruncating(a)));
}

internal readonly struct RoundNearest : IUnary<double, double>
{
    public static double Apply(double a) => Math.Round(a, MidpointRounding.ToEven);
}

internal readonly struct RoundZero : IUnary<double, double>
{
    public static double Apply(double a) => Math.Truncate(a);
}

internal readonly struct RoundDown : IUnary<double, double>
{
    public static double Apply(double a) => Math.Floor(a);
}

internal readonly struct RoundUp : IUnary<double, double>
{
    public static double Apply(double a) => Math.Ceiling(a);
}

/// <summary>Kept within [0, 1]; NaN becomes +0: .sat.</summary>
internal readonly struct SaturateSingle : IUnary<float, float>
{
    public static float Apply(float a) => a > 0 ? MathF.Min(a, 1) : 0;
}
