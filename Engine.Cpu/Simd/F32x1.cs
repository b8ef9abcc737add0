using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>One lane of float32: the vector of machines without vectors, and the plainest reading of each operation.</summary>
internal readonly unsafe struct F32x1(float value) : ISimd<F32x1>
{
    private readonly float _value = value;

    public static int Count => 1;

    public static bool IsFloat64 => false;

    public static bool HasFusedMultiplyAdd => System.Runtime.Intrinsics.X86.Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported;

    public static bool ScalesInOneStep => false;

    public static F32x1 Zero => new(0);

    public static F32x1 Indices => new(0);

    private int Bits => BitConverter.SingleToInt32Bits(_value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Create(double value) => new((float)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 CreateBits(long bits) => new(BitConverter.Int32BitsToSingle((int)bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Load(void* source) => new(Unsafe.ReadUnaligned<float>(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Broadcast(void* source) => Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 LoadFirst(void* source, nint count) => count > 0 ? Load(source) : Zero;

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
    public static F32x1 operator +(F32x1 a, F32x1 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator -(F32x1 a, F32x1 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator *(F32x1 a, F32x1 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator /(F32x1 a, F32x1 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator -(F32x1 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator &(F32x1 a, F32x1 b) => Of(a.Bits & b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator |(F32x1 a, F32x1 b) => Of(a.Bits | b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator ^(F32x1 a, F32x1 b) => Of(a.Bits ^ b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator ~(F32x1 a) => Of(~a.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 MultiplyAdd(F32x1 a, F32x1 b, F32x1 c) => new(float.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(ref F32x1 sum, F32x1 a, F32x1 b)
        => Unsafe.As<F32x1, float>(ref sum) = float.MultiplyAddEstimate(a._value, b._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 MinNative(F32x1 a, F32x1 b) => a._value < b._value ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 MaxNative(F32x1 a, F32x1 b) => a._value > b._value ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Sqrt(F32x1 a) => new(MathF.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Abs(F32x1 a) => new(MathF.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Floor(F32x1 a) => new(MathF.Floor(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Ceiling(F32x1 a) => new(MathF.Ceiling(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Round(F32x1 a) => new(MathF.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Truncate(F32x1 a) => new(MathF.Truncate(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Less(F32x1 a, F32x1 b) => Mask(a._value < b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 LessOrEqual(F32x1 a, F32x1 b) => Mask(a._value <= b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Equal(F32x1 a, F32x1 b) => Mask(a._value == b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Select(F32x1 mask, F32x1 a, F32x1 b) => Of((a.Bits & mask.Bits) | (b.Bits & ~mask.Bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MaskBits(F32x1 mask) => (uint)(mask.Bits >>> 31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 AddBits(F32x1 a, F32x1 b) => Of(a.Bits + b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 SubtractBits(F32x1 a, F32x1 b) => Of(a.Bits - b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 ShiftLeftBits(F32x1 a, int count) => Of(a.Bits << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 ShiftRightBits(F32x1 a, int count) => Of(a.Bits >> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 BitsToValue(F32x1 a) => new(a.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Scale(F32x1 a, F32x1 n) => new(MathF.ScaleB(a._value, (int)n._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Even(F32x1 a, F32x1 b) => a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Odd(F32x1 a, F32x1 b) => b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(F32x1 a) => a._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(void* destination, F32x1 a, F32x1 b, F32x1 c, F32x1 d)
    {
        a.Store(destination);
        b.Store((float*)destination + 1);
        c.Store((float*)destination + 2);
        d.Store((float*)destination + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max(F32x1 a) => a._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Min(F32x1 a) => a._value;

    private static F32x1 Of(int bits) => new(BitConverter.Int32BitsToSingle(bits));

    private static F32x1 Mask(bool set) => Of(set ? -1 : 0);
}
