using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>8 lanes of float32 in 256 bits.</summary>
internal readonly unsafe struct F32x8(Vector256<float> value) : ISimd<F32x8>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    public static bool IsFloat64 => false;

    public static bool HasFusedMultiplyAdd => Fma.IsSupported;

    public static bool ScalesInOneStep => false;

    public static F32x8 Zero => new(Vector256<float>.Zero);

    public static F32x8 Indices => new(Vector256<float>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Create(double value) => new(Vector256.Create((float)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 CreateBits(long bits) => new(Vector256.Create((int)bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Load(void* source) => new(Vector256.Load((float*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Broadcast(void* source) => new(Vector256.Create(*(float*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadFirst(void* source, nint count) => new(Avx.MaskLoad((float*)source, First(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* destination) => _value.Store((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFirst(void* destination, nint count) => Avx.MaskStore((float*)destination, First(count), _value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* destination) => _value.StoreAlignedNonTemporal((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator +(F32x8 a, F32x8 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 a, F32x8 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator *(F32x8 a, F32x8 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator /(F32x8 a, F32x8 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator &(F32x8 a, F32x8 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator |(F32x8 a, F32x8 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator ^(F32x8 a, F32x8 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator ~(F32x8 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MultiplyAdd(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref F32x8 sum, F32x8 a, F32x8 b)
        => Unsafe.As<F32x8, Vector256<float>>(ref sum) = Vector256.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MinNative(F32x8 a, F32x8 b) => new(Vector256.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MaxNative(F32x8 a, F32x8 b) => new(Vector256.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Sqrt(F32x8 a) => new(Vector256.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Abs(F32x8 a) => new(Vector256.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Floor(F32x8 a) => new(Vector256.Floor(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Ceiling(F32x8 a) => new(Vector256.Ceiling(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Round(F32x8 a) => new(Vector256.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Truncate(F32x8 a) => new(Vector256.Truncate(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Less(F32x8 a, F32x8 b) => new(Vector256.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LessOrEqual(F32x8 a, F32x8 b) => new(Vector256.LessThanOrEqual(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Equal(F32x8 a, F32x8 b) => new(Vector256.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Select(F32x8 mask, F32x8 a, F32x8 b) => new(Vector256.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MaskBits(F32x8 mask) => mask._value.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 AddBits(F32x8 a, F32x8 b) => new((a._value.AsInt32() + b._value.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 SubtractBits(F32x8 a, F32x8 b) => new((a._value.AsInt32() - b._value.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 ShiftLeftBits(F32x8 a, int count) => new((a._value.AsInt32() << count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 ShiftRightBits(F32x8 a, int count) => new((a._value.AsInt32() >> count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 BitsToValue(F32x8 a) => new(Vector256.ConvertToSingle(a._value.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Scale(F32x8 a, F32x8 n)
    {
        // Two factors, because 2ⁿ itself may overflow or be subnormal.
        Vector256<float> half = Vector256.Floor(n._value * Vector256.Create(0.5f));
        return new(a._value * PowerOfTwo(half) * PowerOfTwo(n._value - half));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Even(F32x8 a, F32x8 b) => new(Avx2.Permute4x64(Avx.Shuffle(a._value, b._value, 0b10_00_10_00).AsDouble(), 0b11_01_10_00).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Odd(F32x8 a, F32x8 b) => new(Avx2.Permute4x64(Avx.Shuffle(a._value, b._value, 0b11_01_11_01).AsDouble(), 0b11_01_10_00).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(F32x8 a) => Vector256.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(void* destination, F32x8 a, F32x8 b, F32x8 c, F32x8 d)
        => F32x4.StoreSums(destination, Fold(a), Fold(b), Fold(c), Fold(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max(F32x8 a) => F32x4.Max(VectorMath.Max(new F32x4(a._value.GetLower()), new F32x4(a._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Min(F32x8 a) => F32x4.Min(VectorMath.Min(new F32x4(a._value.GetLower()), new F32x4(a._value.GetUpper())));

    // Adding 1.5·2^23 leaves the integer in the low bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PowerOfTwo(Vector256<float> n)
        => ((Vector256.Create(12582912f + 127) + n).AsInt32() << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> First(nint count) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create((int)count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F32x4 Fold(F32x8 a) => new(a._value.GetLower() + a._value.GetUpper());
}
