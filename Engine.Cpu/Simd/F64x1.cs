using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>One lane of float64: the vector of machines without vectors, and the plainest reading of each operation.</summary>
internal readonly unsafe struct F64x1(double value) : ISimd<F64x1>
{
    private readonly double _value = value;

    public static int Count => 1;

    public static bool IsFloat64 => true;

    public static bool HasFusedMultiplyAdd => System.Runtime.Intrinsics.X86.Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported;

    public static bool ScalesInOneStep => false;

    public static F64x1 Zero => new(0);

    public static F64x1 Indices => new(0);

    private long Bits => BitConverter.DoubleToInt64Bits(_value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Create(double value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 CreateBits(long bits) => new(BitConverter.Int64BitsToDouble(bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Load(void* source) => new(Unsafe.ReadUnaligned<double>(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Broadcast(void* source) => Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 LoadFirst(void* source, nint count) => count > 0 ? Load(source) : Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* destination) => Unsafe.WriteUnaligned(destination, _value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFirst(void* destination, nint count)
    {
        if (count > 0)
        {
            Store(destination);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* destination) => Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator +(F64x1 a, F64x1 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator -(F64x1 a, F64x1 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator *(F64x1 a, F64x1 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator /(F64x1 a, F64x1 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator -(F64x1 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator &(F64x1 a, F64x1 b) => Of(a.Bits & b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator |(F64x1 a, F64x1 b) => Of(a.Bits | b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator ^(F64x1 a, F64x1 b) => Of(a.Bits ^ b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 operator ~(F64x1 a) => Of(~a.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 MultiplyAdd(F64x1 a, F64x1 b, F64x1 c) => new(double.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref F64x1 sum, F64x1 a, F64x1 b)
        => Unsafe.As<F64x1, double>(ref sum) = double.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 MinNative(F64x1 a, F64x1 b) => a._value < b._value ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 MaxNative(F64x1 a, F64x1 b) => a._value > b._value ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Sqrt(F64x1 a) => new(Math.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Abs(F64x1 a) => new(Math.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Floor(F64x1 a) => new(Math.Floor(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Ceiling(F64x1 a) => new(Math.Ceiling(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Round(F64x1 a) => new(Math.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Truncate(F64x1 a) => new(Math.Truncate(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Less(F64x1 a, F64x1 b) => Mask(a._value < b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 LessOrEqual(F64x1 a, F64x1 b) => Mask(a._value <= b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Equal(F64x1 a, F64x1 b) => Mask(a._value == b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Select(F64x1 mask, F64x1 a, F64x1 b) => Of((a.Bits & mask.Bits) | (b.Bits & ~mask.Bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MaskBits(F64x1 mask) => (uint)(mask.Bits >>> 63);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 AddBits(F64x1 a, F64x1 b) => Of(a.Bits + b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 SubtractBits(F64x1 a, F64x1 b) => Of(a.Bits - b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 ShiftLeftBits(F64x1 a, int count) => Of(a.Bits << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 ShiftRightBits(F64x1 a, int count) => Of(a.Bits >> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 BitsToValue(F64x1 a) => new(a.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Scale(F64x1 a, F64x1 n) => new(Math.ScaleB(a._value, (int)n._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Even(F64x1 a, F64x1 b) => a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F64x1 Odd(F64x1 a, F64x1 b) => b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(F64x1 a) => a._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(void* destination, F64x1 a, F64x1 b, F64x1 c, F64x1 d)
    {
        a.Store(destination);
        b.Store((double*)destination + 1);
        c.Store((double*)destination + 2);
        d.Store((double*)destination + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max(F64x1 a) => a._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Min(F64x1 a) => a._value;

    private static F64x1 Of(long bits) => new(BitConverter.Int64BitsToDouble(bits));

    private static F64x1 Mask(bool set) => Of(set ? -1 : 0);
}
