using System.Buffers.Binary;

namespace Engine.Nn;

/// <summary>The types of numbers of HDF5 that become tensors.</summary>
internal static class Hdf5Type
{
    private const int FixedPoint = 0, FloatingPoint = 1, Enumeration = 8;

    /// <summary>NumPy's letter of the kind of numbers, their bytes and their order; null for texts, records and numbers of other sizes.</summary>
    public static (char Kind, int Bytes, bool IsBigEndian)? Parse(ReadOnlySpan<byte> type)
    {
        const int Head = 8;
        if (type.Length < Head)
        {
            return null;
        }

        int kind = type[0] & 15, bytes = BinaryPrimitives.ReadInt32LittleEndian(type[4..]);
        bool isBigEndian = (type[1] & 1) != 0, isSigned = (type[1] & 8) != 0;
        ReadOnlySpan<byte> properties = type[Head..];
        bool isWhole = properties.Length >= 4 && BinaryPrimitives.ReadUInt16LittleEndian(properties) == 0 && BinaryPrimitives.ReadUInt16LittleEndian(properties[2..]) == 8 * bytes;
        return kind switch
        {
            FixedPoint when isWhole && (bytes is 1 or 2 or 4 || (bytes == 8 && isSigned)) => (isSigned ? 'i' : 'u', bytes, isBigEndian),
            FloatingPoint when isWhole && properties.Length >= 12 && (type[1] & 0x40) == 0 && IsIeee(bytes, properties[4..8]) => ('f', bytes, isBigEndian),

            // h5py's truth values: 0 is FALSE and 1 is TRUE.
            Enumeration when bytes == 1 && type[1] == 2 && properties.Length > Head && (properties[0] & 15) == FixedPoint && type.IndexOf("FALSE\0"u8) > 0 && type.IndexOf("TRUE\0"u8) > 0 => ('b', 1, false),
            _ => null,
        };
    }

    /// <summary>Whether exponent and mantissa lie where IEEE 754 has them: (place, bits) of each.</summary>
    private static bool IsIeee(int bytes, ReadOnlySpan<byte> places) => bytes switch
    {
        2 => places.SequenceEqual((ReadOnlySpan<byte>)[10, 5, 0, 10]),
        4 => places.SequenceEqual((ReadOnlySpan<byte>)[23, 8, 0, 23]),
        8 => places.SequenceEqual((ReadOnlySpan<byte>)[52, 11, 0, 52]),
        _ => false,
    };
}
