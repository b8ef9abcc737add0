using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>2 lanes of float64 in 128 bits.</summary>
internal readonly unsafe struct F64x2(Vector128<double> value) : ISimd<F64x2>
{
    private readonly Vector128<double> _value = value;

    public static int Count => 2;

    public static bool IsFloat64 => true;

    public static bool HasFusedMultiplyAdd => Fma.IsSupported || AdvSimd.IsSupported;

    public static bool ScalesInOneStep => false;

    public static F64x2 Zero => new(Vector128<double>.Zero);

    public static F64x2 Indices => new(Vector128<double>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Create(double value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 CreateBits(long bits) => new(Vector128.Create(bits).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Load(void* source) => new(Vector128.Load((double*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Broadcast(void* source) => new(Vector128.Create(*(double*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 LoadFirst(void* source, nint count)
    {
        if (Avx.IsSupported)
        {
            return new(Avx.MaskLoad((double*)source, First(count)));
        }
        Vector128<double> lanes = Vector128<double>.Zero;
        Unsafe.CopyBlockUnaligned(&lanes, source, (uint)count * sizeof(double));
        return new(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* destination) => _value.Store((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFirst(void* destination, nint count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore((double*)destination, First(count), _value);
            return;
        }

        Vector128<double> lanes = _value;
        Unsafe.CopyBlockUnaligned(destination, &lanes, (uint)count * sizeof(double));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* destination) => _value.StoreAlignedNonTemporal((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator +(F64x2 a, F64x2 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator -(F64x2 a, F64x2 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator *(F64x2 a, F64x2 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator /(F64x2 a, F64x2 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator -(F64x2 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator &(F64x2 a, F64x2 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator |(F64x2 a, F64x2 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator ^(F64x2 a, F64x2 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 operator ~(F64x2 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 MultiplyAdd(F64x2 a, F64x2 b, F64x2 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref F64x2 sum, F64x2 a, F64x2 b)
        => Unsafe.As<F64x2, Vector128<double>>(ref sum) = Vector128.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 MinNative(F64x2 a, F64x2 b) => new(Vector128.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 MaxNative(F64x2 a, F64x2 b) => new(Vector128.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Sqrt(F64x2 a) => new(Vector128.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Abs(F64x2 a) => new(Vector128.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Floor(F64x2 a) => new(Vector128.Floor(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Ceiling(F64x2 a) => new(Vector128.Ceiling(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Round(F64x2 a) => new(Vector128.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Truncate(F64x2 a) => new(Vector128.Truncate(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Less(F64x2 a, F64x2 b) => new(Vector128.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 LessOrEqual(F64x2 a, F64x2 b) => new(Vector128.LessThanOrEqual(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Equal(F64x2 a, F64x2 b) => new(Vector128.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Select(F64x2 mask, F64x2 a, F64x2 b) => new(Vector128.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MaskBits(F64x2 mask) => mask._value.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 AddBits(F64x2 a, F64x2 b) => new((a._value.AsInt64() + b._value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 SubtractBits(F64x2 a, F64x2 b) => new((a._value.AsInt64() - b._value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 ShiftLeftBits(F64x2 a, int count) => new((a._value.AsInt64() << count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 ShiftRightBits(F64x2 a, int count) => new((a._value.AsInt64() >> count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 BitsToValue(F64x2 a) => new(Vector128.ConvertToDouble(a._value.AsInt64()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Scale(F64x2 a, F64x2 n)
    {
        // Two factors, because 2ⁿ itself may overflow or be subnormal.
        Vector128<double> half = Vector128.Floor(n._value * Vector128.Create(0.5));
        return new(a._value * PowerOfTwo(half) * PowerOfTwo(n._value - half));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Even(F64x2 a, F64x2 b) => Sse2.IsSupported ? new(Sse2.UnpackLow(a._value, b._value)) : new(Vector128.Create(a._value[0], b._value[0]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x2 Odd(F64x2 a, F64x2 b) => Sse2.IsSupported ? new(Sse2.UnpackHigh(a._value, b._value)) : new(Vector128.Create(a._value[1], b._value[1]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(F64x2 a) => Vector128.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(void* destination, F64x2 a, F64x2 b, F64x2 c, F64x2 d)
    {
        (Even(a, b) + Odd(a, b)).Store(destination);
        (Even(c, d) + Odd(c, d)).Store((double*)destination + 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max(F64x2 a) => Math.Max(a._value[0], a._value[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Min(F64x2 a) => Math.Min(a._value[0], a._value[1]);

    // Adding 1.5·2^52 leaves the integer in the low bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> PowerOfTwo(Vector128<double> n)
        => ((Vector128.Create(6755399441055744d + 1023) + n).AsInt64() << 52).AsDouble();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> First(nint count) => Vector128.LessThan(Vector128<long>.Indices, Vector128.Create((long)count)).AsDouble();
}
