using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>4 lanes of float64 in 256 bits.</summary>
internal readonly unsafe struct F64x4(Vector256<double> value) : ISimd<F64x4>
{
    private readonly Vector256<double> _value = value;

    public static int Count => 4;

    public static bool IsFloat64 => true;

    public static bool HasFusedMultiplyAdd => Fma.IsSupported;

    public static bool ScalesInOneStep => false;

    public static F64x4 Zero => new(Vector256<double>.Zero);

    public static F64x4 Indices => new(Vector256<double>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Create(double value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 CreateBits(long bits) => new(Vector256.Create(bits).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Load(void* source) => new(Vector256.Load((double*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Broadcast(void* source) => new(Vector256.Create(*(double*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 LoadFirst(void* source, nint count) => new(Avx.MaskLoad((double*)source, First(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* destination) => _value.Store((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFirst(void* destination, nint count) => Avx.MaskStore((double*)destination, First(count), _value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* destination) => _value.StoreAlignedNonTemporal((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator +(F64x4 a, F64x4 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator -(F64x4 a, F64x4 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator *(F64x4 a, F64x4 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator /(F64x4 a, F64x4 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator -(F64x4 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator &(F64x4 a, F64x4 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator |(F64x4 a, F64x4 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator ^(F64x4 a, F64x4 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 operator ~(F64x4 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 MultiplyAdd(F64x4 a, F64x4 b, F64x4 c) => new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref F64x4 sum, F64x4 a, F64x4 b)
        => Unsafe.As<F64x4, Vector256<double>>(ref sum) = Vector256.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 MinNative(F64x4 a, F64x4 b) => new(Vector256.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 MaxNative(F64x4 a, F64x4 b) => new(Vector256.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Sqrt(F64x4 a) => new(Vector256.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Abs(F64x4 a) => new(Vector256.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Floor(F64x4 a) => new(Vector256.Floor(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Ceiling(F64x4 a) => new(Vector256.Ceiling(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Round(F64x4 a) => new(Vector256.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Truncate(F64x4 a) => new(Vector256.Truncate(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Less(F64x4 a, F64x4 b) => new(Vector256.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 LessOrEqual(F64x4 a, F64x4 b) => new(Vector256.LessThanOrEqual(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Equal(F64x4 a, F64x4 b) => new(Vector256.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Select(F64x4 mask, F64x4 a, F64x4 b) => new(Vector256.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MaskBits(F64x4 mask) => mask._value.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 AddBits(F64x4 a, F64x4 b) => new((a._value.AsInt64() + b._value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 SubtractBits(F64x4 a, F64x4 b) => new((a._value.AsInt64() - b._value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 ShiftLeftBits(F64x4 a, int count) => new((a._value.AsInt64() << count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 ShiftRightBits(F64x4 a, int count) => new((a._value.AsInt64() >> count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 BitsToValue(F64x4 a) => new(Vector256.ConvertToDouble(a._value.AsInt64()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Scale(F64x4 a, F64x4 n)
    {
        // Two factors, because 2ⁿ itself may overflow or be subnormal.
        Vector256<double> half = Vector256.Floor(n._value * Vector256.Create(0.5));
        return new(a._value * PowerOfTwo(half) * PowerOfTwo(n._value - half));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Even(F64x4 a, F64x4 b) => new(Avx2.Permute4x64(Avx.UnpackLow(a._value, b._value), 0b11_01_10_00));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x4 Odd(F64x4 a, F64x4 b) => new(Avx2.Permute4x64(Avx.UnpackHigh(a._value, b._value), 0b11_01_10_00));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(F64x4 a) => Vector256.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(void* destination, F64x4 a, F64x4 b, F64x4 c, F64x4 d)
        => F64x2.StoreSums(destination, Fold(a), Fold(b), Fold(c), Fold(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max(F64x4 a) => F64x2.Max(VectorMath.Max(new F64x2(a._value.GetLower()), new F64x2(a._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Min(F64x4 a) => F64x2.Min(VectorMath.Min(new F64x2(a._value.GetLower()), new F64x2(a._value.GetUpper())));

    // Adding 1.5·2^52 leaves the integer in the low bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> PowerOfTwo(Vector256<double> n)
        => ((Vector256.Create(6755399441055744d + 1023) + n).AsInt64() << 52).AsDouble();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> First(nint count) => Vector256.LessThan(Vector256<long>.Indices, Vector256.Create((long)count)).AsDouble();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F64x2 Fold(F64x4 a) => new(a._value.GetLower() + a._value.GetUpper());
}
