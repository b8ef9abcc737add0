using System.Buffers.Binary;
using System.Text;

namespace Engine.TensorBoard.Tests;

/// <summary>A field as it lies in the file: its number, and a number or bytes.</summary>
internal sealed record WireField(int Number, ulong Bits, byte[] Bytes)
{
    public double Double => BitConverter.UInt64BitsToDouble(Bits);

    public float Float => BitConverter.UInt32BitsToSingle((uint)Bits);

    public string Text => Encoding.UTF8.GetString(Bytes);
}

/// <summary>A reader of event files that shares no code with the writer: wire format and checksum, bit by bit, from their specifications.</summary>
internal static class EventReader
{
    /// <summary>CRC-32C by the polynomial of RFC 3720, one bit after the other.</summary>
    public static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return crc ^ 0xFFFFFFFF;
    }

    public static uint Masked(ReadOnlySpan<byte> data)
    {
        uint crc = Crc(data);
        return unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    }

    /// <summary>The records of a file, up to one that is cut.</summary>
    public static List<byte[]> Records(byte[] file)
    {
        List<byte[]> records = [];
        int at = 0;
        while (at + 12 <= file.Length)
        {
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            if (BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)) != Masked(file.AsSpan(at, 8)))
            {
                throw new InvalidDataException($"The checksum of the length at byte {at} is wrong.");
            }

            if (length > (ulong)(file.Length - at - 16))
            {
                break;
            }

            byte[] data = file[(at + 12)..(at + 12 + (int)length)];
            if (BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + (int)length)) != Masked(data))
            {
                throw new InvalidDataException($"The checksum of the record at byte {at} is wrong.");
            }

            records.Add(data);
            at += 16 + (int)length;
        }

        return records;
    }

    public static List<WireField> Fields(byte[] message)
    {
        List<WireField> fields = [];
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Varint(message, ref at);
            int number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add(new WireField(number, Varint(message, ref at), []));
                    break;
                case 1:
                    fields.Add(new WireField(number, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)), []));
                    at += 8;
                    break;
                case 5:
                    fields.Add(new WireField(number, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)), []));
                    at += 4;
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    fields.Add(new WireField(number, 0, message[at..(at + length)]));
                    at += length;
                    break;
                default:
                    throw new InvalidDataException($"Wire type {tag & 7}.");
            }
        }

        return fields;
    }

    /// <summary>The field under a path of numbers.</summary>
    public static WireField Field(byte[] message, params int[] path)
    {
        WireField field = Fields(message).Single(f => f.Number == path[0]);
        return path.Length == 1 ? field : Field(field.Bytes, path[1..]);
    }

    /// <summary>The events of all files in a folder that hold a value: step, tag and the value's fields.</summary>
    public static List<(long Step, string Tag, byte[] Value)> Values(string folder)
    {
        List<(long, string, byte[])> values = [];
        foreach (string file in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            foreach (byte[] record in Records(File.ReadAllBytes(file)))
            {
                List<WireField> fields = Fields(record);
                if (fields.Find(static f => f.Number == 5) is { } summary)
                {
                    byte[] value = Field(summary.Bytes, 1).Bytes;
                    values.Add(((long)(fields.Find(static f => f.Number == 2)?.Bits ?? 0), Field(value, 1).Text, value));
                }
            }
        }

        return values;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = message[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }
}
