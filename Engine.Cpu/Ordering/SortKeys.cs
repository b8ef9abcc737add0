using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Numbers as unsigned integers of the same order: −0 equals 0, NaN is the largest of all.</summary>
internal interface ISortKey<T> where T : unmanaged
{
    static abstract ulong Of(T value);
}

/// <summary>Floating-point keys.</summary>
internal readonly struct FloatKey : ISortKey<float>, ISortKey<double>
{
    public static ulong Of(float value) => Of((double)value);

    // A negative number's bits are flipped, a positive one's sign is set: integers then run as the numbers do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(double value)
    {
        if (double.IsNaN(value))
        {
            return ulong.MaxValue;
        }
        long bits = BitConverter.DoubleToInt64Bits(value + 0.0);
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }
}

/// <summary>Integer keys.</summary>
internal readonly struct IntegerKey : ISortKey<long>
{
    public static ulong Of(long value) => (ulong)(value ^ long.MinValue);
}
