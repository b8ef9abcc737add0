using System.Numerics;

namespace Engine.Nn;

/// <summary>What may be a key of a dictionary or a member of a set: text and numbers, compared by value.</summary>
/// <remarks>Whole numbers are hashed with the process's random seed, so that no file can choose keys that collide.</remarks>
internal sealed class PickleKeys : IEqualityComparer<object>
{
    public static PickleKeys Comparer { get; } = new();

    public static bool IsKey(object? value) => value is string or long or double or bool or BigInteger;

    public new bool Equals(object? x, object? y) => object.Equals(x, y);

    public int GetHashCode(object obj) => obj switch
    {
        string text => text.GetHashCode(StringComparison.Ordinal),
        long number => HashCode.Combine((int)number, (int)(number >> 32)),
        double number => HashCode.Combine((int)BitConverter.DoubleToInt64Bits(number), (int)(BitConverter.DoubleToInt64Bits(number) >> 32)),
        _ => obj.GetHashCode(),
    };
}
