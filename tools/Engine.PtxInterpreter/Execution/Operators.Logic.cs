using System.Numerics;

namespace Engine.PtxInterpreter;

internal readonly struct And<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a & b;

    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a & b;
}

internal readonly struct Or<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a | b;

    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a | b;
}

internal readonly struct Xor<T> : IVectorBinary<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a, T b) => a ^ b;

    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a ^ b;
}

internal readonly struct Not<T> : IUnary<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T a) => ~a;
}

/// <summary>The complement of a predicate, which is one byte, 0 or 1.</summary>
internal readonly struct NotPredicate : IUnary<byte, byte>
{
    public static byte Apply(byte a) => (byte)(a ^ 1);
}

/// <summary>Amounts of the register's size or more shift everything out.</summary>
internal readonly struct ShiftLeft<T> : IBinary<T, uint, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static unsafe T Apply(T a, uint b) => b >= 8 * sizeof(T) ? T.Zero : a << (int)b;
}

/// <summary>Amounts of the register's size or more leave the sign, or zero for unsigned types.</summary>
internal readonly struct ShiftRight<T> : IBinary<T, uint, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static unsafe T Apply(T a, uint b) => b >= 8 * sizeof(T) ? (T.IsNegative(a) ? T.AllBitsSet : T.Zero) : a >> (int)b;
}

internal readonly struct LeadingZeros<T> : IUnary<T, uint>
    where T : unmanaged, IBinaryInteger<T>
{
    public static uint Apply(T a) => uint.CreateTruncating(T.LeadingZeroCount(a));
}

internal readonly struct PopulationCount<T> : IUnary<T, uint>
    where T : unmanaged, IBinaryInteger<T>
{
    public static uint Apply(T a) => uint.CreateTruncating(T.PopCount(a));
}

internal readonly struct ReverseBits32 : IUnary<uint, uint>
{
    public static uint Apply(uint a)
    {
        a = ((a >> 1) & 0x55555555) | ((a & 0x55555555) << 1);
        a = ((a >> 2) & 0x33333333) | ((a & 0x33333333) << 2);
        a = ((a >> 4) & 0x0F0F0F0F) | ((a & 0x0F0F0F0F) << 4);
        return System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(a);
    }
}

internal readonly struct ReverseBits64 : IUnary<ulong, ulong>
{
    public static ulong Apply(ulong a) => ((ulong)ReverseBits32.Apply((uint)a) << 32) | ReverseBits32.Apply((uint)(a >> 32));
}

/// <summary>Bytes chosen from two words by the nibbles of a third.</summary>
internal readonly struct PermuteBytes : ITernary<uint, uint, uint, uint>
{
    public static uint Apply(uint a, uint b, uint c)
    {
        ulong bytes = ((ulong)b << 32) | a;
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            uint selector = (c >> (4 * i)) & 15;
            uint value = (uint)(bytes >> (int)(8 * (selector & 7))) & 0xFF;
            if ((selector & 8) != 0)
            {
                value = (value & 0x80) != 0 ? 0xFFu : 0;
            }

            result |= value << (8 * i);
        }

        return result;
    }
}

/// <summary>Bits of a field, sign-extended for signed types: position and length in the low bytes of b and c.</summary>
internal readonly struct ExtractUnsigned32 : ITernary<uint, uint, uint, uint>
{
    public static uint Apply(uint a, uint b, uint c)
    {
        int position = (int)(b & 0xFF);
        int length = (int)(c & 0xFF);
        ulong shifted = position >= 32 ? 0 : (ulong)a >> position;
        return (uint)(length >= 32 ? shifted : shifted & ((1UL << length) - 1));
    }
}

/// <summary>Upper word of b:a shifted left, amounts modulo 32.</summary>
internal readonly struct FunnelLeft : ITernary<uint, uint, uint, uint>
{
    public static uint Apply(uint a, uint b, uint c) => (uint)(((((ulong)b << 32) | a) << (int)(c & 31)) >> 32);
}

/// <summary>Lower word of b:a shifted right, amounts modulo 32.</summary>
internal readonly struct FunnelRight : ITernary<uint, uint, uint, uint>
{
    public static uint Apply(uint a, uint b, uint c) => (uint)((((ulong)b << 32) | a) >> (int)(c & 31));
}

/// <summary>a where the predicate holds, else b.</summary>
internal readonly struct Select<T> : ITernary<T, T, byte, T>
    where T : unmanaged
{
    public static T Apply(T a, T b, byte c) => c != 0 ? a : b;
}
