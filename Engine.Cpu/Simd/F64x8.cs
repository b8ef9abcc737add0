using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>8 lanes of float64 in 512 bits.</summary>
internal readonly unsafe struct F64x8(Vector512<double> value) : ISimd<F64x8>
{
    private readonly Vector512<double> _value = value;

    public static int Count => 8;

    public static bool IsFloat64 => true;

    public static bool HasFusedMultiplyAdd => true;

    public static bool ScalesInOneStep => true;

    public static F64x8 Zero => new(Vector512<double>.Zero);

    public static F64x8 Indices => new(Vector512<double>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Create(double value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 CreateBits(long bits) => new(Vector512.Create(bits).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Load(void* source) => new(Vector512.Load((double*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Broadcast(void* source) => new(Vector512.Create(*(double*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 LoadFirst(void* source, nint count) => new(Wide.MaskLoad((double*)source, First(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* destination) => _value.Store((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFirst(void* destination, nint count) => Wide.MaskStore((double*)destination, First(count), _value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* destination) => _value.StoreAlignedNonTemporal((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator +(F64x8 a, F64x8 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator -(F64x8 a, F64x8 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator *(F64x8 a, F64x8 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator /(F64x8 a, F64x8 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator -(F64x8 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator &(F64x8 a, F64x8 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator |(F64x8 a, F64x8 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator ^(F64x8 a, F64x8 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 operator ~(F64x8 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 MultiplyAdd(F64x8 a, F64x8 b, F64x8 c) => new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref F64x8 sum, F64x8 a, F64x8 b)
        => Unsafe.As<F64x8, Vector512<double>>(ref sum) = Vector512.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 MinNative(F64x8 a, F64x8 b) => new(Vector512.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 MaxNative(F64x8 a, F64x8 b) => new(Vector512.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Sqrt(F64x8 a) => new(Vector512.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Abs(F64x8 a) => new(Vector512.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Floor(F64x8 a) => new(Vector512.Floor(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Ceiling(F64x8 a) => new(Vector512.Ceiling(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Round(F64x8 a) => new(Vector512.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Truncate(F64x8 a) => new(Vector512.Truncate(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Less(F64x8 a, F64x8 b) => new(Vector512.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 LessOrEqual(F64x8 a, F64x8 b) => new(Vector512.LessThanOrEqual(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Equal(F64x8 a, F64x8 b) => new(Vector512.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Select(F64x8 mask, F64x8 a, F64x8 b) => new(Vector512.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MaskBits(F64x8 mask) => (uint)mask._value.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 AddBits(F64x8 a, F64x8 b) => new((a._value.AsInt64() + b._value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 SubtractBits(F64x8 a, F64x8 b) => new((a._value.AsInt64() - b._value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 ShiftLeftBits(F64x8 a, int count) => new((a._value.AsInt64() << count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 ShiftRightBits(F64x8 a, int count) => new((a._value.AsInt64() >> count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 BitsToValue(F64x8 a) => new(Vector512.ConvertToDouble(a._value.AsInt64()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Scale(F64x8 a, F64x8 n) => new(Wide.Scale(a._value, n._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Even(F64x8 a, F64x8 b) => new(Wide.Permute(a._value, Vector512.Create(0L, 2, 4, 6, 8, 10, 12, 14), b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x8 Odd(F64x8 a, F64x8 b) => new(Wide.Permute(a._value, Vector512.Create(1L, 3, 5, 7, 9, 11, 13, 15), b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(F64x8 a) => Vector512.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(void* destination, F64x8 a, F64x8 b, F64x8 c, F64x8 d)
        => F64x4.StoreSums(destination, Fold(a), Fold(b), Fold(c), Fold(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max(F64x8 a) => F64x4.Max(VectorMath.Max(new F64x4(a._value.GetLower()), new F64x4(a._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Min(F64x8 a) => F64x4.Min(VectorMath.Min(new F64x4(a._value.GetLower()), new F64x4(a._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> First(nint count) => Vector512.LessThan(Vector512<long>.Indices, Vector512.Create((long)count)).AsDouble();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F64x4 Fold(F64x8 a) => new(a._value.GetLower() + a._value.GetUpper());
}
