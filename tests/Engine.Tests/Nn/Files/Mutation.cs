using System.Buffers.Binary;
using Engine.Nn;

namespace Engine.Tests.Nn;

/// <summary>Damages the bytes of a valid file in the ways that files get damaged, and in those that a liar would choose.</summary>
internal static class Mutation
{
    private static readonly long[] s_tellingNumbers =
        [0, 1, -1, 7, 99_999_999, 100_000_001, int.MaxValue, uint.MaxValue, long.MaxValue, long.MinValue, 0x7FFF_FFFF_FFFF_FFF8];

    private static readonly byte[] s_tellingBytes = "\0\"{}[],:0123456789-.eE\\u\xFFndtTFBI6"u8.ToArray();

    /// <summary>One to three changes; equal seeds make equal damage.</summary>
    public static byte[] Apply(byte[] valid, int seed)
    {
        SampleRandom random = new(0x5AFE, seed);
        byte[] bytes = [.. valid];
        for (int changes = 1 + random.Next(3); changes > 0; changes--)
        {
            bytes = Change(bytes, ref random);
        }

        return bytes;
    }

    private static byte[] Change(byte[] bytes, ref SampleRandom random)
    {
        if (bytes.Length < 16)
        {
            return [.. bytes, (byte)random.Next(256)];
        }

        int at = random.Next(bytes.Length), length = Math.Min(1 + random.Next(32), bytes.Length - at);

        // Damage near the start, where headers are, tells more than damage to the elements.
        at = random.Next(4) > 0 ? Math.Min(at, random.Next(bytes.Length)) : at;
        length = Math.Min(length, bytes.Length - at);
        switch (random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                bytes[at] = s_tellingBytes[random.Next(s_tellingBytes.Length)];
                return bytes;
            case 2:
                return bytes[..at];
            case 3:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 4:
                return [.. bytes[..(at + length)], .. bytes[at..]];
            case 5:
                long number = s_tellingNumbers[random.Next(s_tellingNumbers.Length)];
                int place = random.Next(3) == 0 ? 0 : Math.Min(at, bytes.Length - 8);
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(place), number);
                return bytes;
            default:
                // A number in the text becomes another one.
                int digit = Array.FindIndex(bytes, at, static b => b is >= (byte)'0' and <= (byte)'9');
                if (digit >= 0)
                {
                    bytes[digit] = (byte)('0' + random.Next(10));
                }

                return bytes;
        }
    }
}
