using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>4 lanes of float32 in 128 bits.</summary>
internal readonly unsafe struct F32x4(Vector128<float> value) : ISimd<F32x4>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    public static bool IsFloat64 => false;

    public static bool HasFusedMultiplyAdd => Fma.IsSupported || AdvSimd.IsSupported;

    public static bool ScalesInOneStep => false;

    public static F32x4 Zero => new(Vector128<float>.Zero);

    public static F32x4 Indices => new(Vector128<float>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Create(double value) => new(Vector128.Create((float)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 CreateBits(long bits) => new(Vector128.Create((int)bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Load(void* source) => new(Vector128.Load((float*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Broadcast(void* source) => new(Vector128.Create(*(float*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 LoadFirst(void* source, nint count)
    {
        if (Avx.IsSupported)
        {
            return new(Avx.MaskLoad((float*)source, First(count)));
        }
        Vector128<float> lanes = Vector128<float>.Zero;
        Unsafe.CopyBlockUnaligned(&lanes, source, (uint)count * sizeof(float));
        return new(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* destination) => _value.Store((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFirst(void* destination, nint count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore((float*)destination, First(count), _value);
            return;
        }

        Vector128<float> lanes = _value;
        Unsafe.CopyBlockUnaligned(destination, &lanes, (uint)count * sizeof(float));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* destination) => _value.StoreAlignedNonTemporal((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator +(F32x4 a, F32x4 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator -(F32x4 a, F32x4 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator *(F32x4 a, F32x4 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator /(F32x4 a, F32x4 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator -(F32x4 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator &(F32x4 a, F32x4 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator |(F32x4 a, F32x4 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator ^(F32x4 a, F32x4 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator ~(F32x4 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MultiplyAdd(F32x4 a, F32x4 b, F32x4 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref F32x4 sum, F32x4 a, F32x4 b)
        => Unsafe.As<F32x4, Vector128<float>>(ref sum) = Vector128.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MinNative(F32x4 a, F32x4 b) => new(Vector128.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MaxNative(F32x4 a, F32x4 b) => new(Vector128.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Sqrt(F32x4 a) => new(Vector128.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Abs(F32x4 a) => new(Vector128.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Floor(F32x4 a) => new(Vector128.Floor(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Ceiling(F32x4 a) => new(Vector128.Ceiling(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Round(F32x4 a) => new(Vector128.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Truncate(F32x4 a) => new(Vector128.Truncate(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Less(F32x4 a, F32x4 b) => new(Vector128.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 LessOrEqual(F32x4 a, F32x4 b) => new(Vector128.LessThanOrEqual(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Equal(F32x4 a, F32x4 b) => new(Vector128.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Select(F32x4 mask, F32x4 a, F32x4 b) => new(Vector128.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MaskBits(F32x4 mask) => mask._value.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 AddBits(F32x4 a, F32x4 b) => new((a._value.AsInt32() + b._value.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 SubtractBits(F32x4 a, F32x4 b) => new((a._value.AsInt32() - b._value.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 ShiftLeftBits(F32x4 a, int count) => new((a._value.AsInt32() << count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 ShiftRightBits(F32x4 a, int count) => new((a._value.AsInt32() >> count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 BitsToValue(F32x4 a) => new(Vector128.ConvertToSingle(a._value.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Scale(F32x4 a, F32x4 n)
    {
        // Two factors, because 2ⁿ itself may overflow or be subnormal.
        Vector128<float> half = Vector128.Floor(n._value * Vector128.Create(0.5f));
        return new(a._value * PowerOfTwo(half) * PowerOfTwo(n._value - half));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Even(F32x4 a, F32x4 b) => Sse.IsSupported ? new(Sse.Shuffle(a._value, b._value, 0b10_00_10_00)) : new(Vector128.Create(a._value[0], a._value[2], b._value[0], b._value[2]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Odd(F32x4 a, F32x4 b) => Sse.IsSupported ? new(Sse.Shuffle(a._value, b._value, 0b11_01_11_01)) : new(Vector128.Create(a._value[1], a._value[3], b._value[1], b._value[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(F32x4 a) => Vector128.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(void* destination, F32x4 a, F32x4 b, F32x4 c, F32x4 d)
    {
        F32x4 ab = Even(a, b) + Odd(a, b), cd = Even(c, d) + Odd(c, d);
        (Even(ab, cd) + Odd(ab, cd)).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max(F32x4 a)
    {
        Vector128<float> v = a._value;
        float low = MathF.Max(v[0], v[1]), high = MathF.Max(v[2], v[3]);
        return MathF.Max(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Min(F32x4 a)
    {
        Vector128<float> v = a._value;
        float low = MathF.Min(v[0], v[1]), high = MathF.Min(v[2], v[3]);
        return MathF.Min(low, high);
    }

    // Adding 1.5·2^23 leaves the integer in the low bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> PowerOfTwo(Vector128<float> n)
        => ((Vector128.Create(12582912f + 127) + n).AsInt32() << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> First(nint count) => Vector128.LessThan(Vector128<int>.Indices, Vector128.Create((int)count)).AsSingle();
}
