using Apache.Arrow;
using Apache.Arrow.Types;

namespace Engine.Data.Tables;

/// <summary>
/// Whether the buffers of an Arrow array hold what it says: the library follows lengths and offsets of a file without a look, past the end of its memory
/// too.
/// </summary>
internal static class ArrowBuffers
{
    public static void Check(string column, ArrayData array)
    {
        long end = (long)array.Offset + array.Length;
        if (array.Offset < 0 || array.Length < 0 || end > int.MaxValue - 1)
        {
            throw Damaged(column, $"it has {array.Length} values from {array.Offset} on");
        }

        // The first buffer of all types: a bit for each value that is not missing; empty where none is.
        if (array.Buffers.Length > 0 && array.Buffers[0].Length > 0)
        {
            CheckLength(column, array.Buffers[0], (end + 7) / 8);
        }

        switch (array.DataType)
        {
            case BooleanType:
                CheckLength(column, Buffer(column, array, 1), (end + 7) / 8);
                break;
            case StringType or BinaryType:
                CheckTexts(column, array, end);
                break;
            case DictionaryType when array.Dictionary is { } words:
                CheckLength(column, Buffer(column, array, 1), end * WidthOf(column, ((DictionaryType)array.DataType).IndexType));
                Check(column, words);
                break;
            case FixedWidthType fixedWidth:
                CheckLength(column, Buffer(column, array, 1), end * fixedWidth.BitWidth / 8);
                break;
        }
    }

    private static void CheckTexts(string column, ArrayData array, long end)
    {
        if (array.Length == 0)
        {
            return;
        }

        ArrowBuffer offsets = Buffer(column, array, 1), texts = Buffer(column, array, 2);
        CheckLength(column, offsets, (end + 1) * sizeof(int));
        int before = 0;
        foreach (int offset in offsets.Span.CastTo<int>().Slice(array.Offset, array.Length + 1))
        {
            if (offset < before || offset > texts.Length)
            {
                throw Damaged(column, $"a text ends at {offset}, the one before it at {before}, all texts at {texts.Length}");
            }

            before = offset;
        }
    }

    private static ReadOnlySpan<T> CastTo<T>(this ReadOnlySpan<byte> bytes)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(bytes);

    private static int WidthOf(string column, IArrowType type) => type is FixedWidthType { BitWidth: >= 8 and var bits } ? bits / 8 : throw Damaged(column, $"its codes are {type.TypeId}");

    private static ArrowBuffer Buffer(string column, ArrayData array, int index) =>
        index < array.Buffers.Length ? array.Buffers[index] : throw Damaged(column, $"it has {array.Buffers.Length} buffers");

    private static void CheckLength(string column, ArrowBuffer buffer, long bytes)
    {
        if (buffer.Length < bytes)
        {
            throw Damaged(column, $"a buffer has {buffer.Length} bytes in place of {bytes}");
        }
    }

    private static DataFileException Damaged(string column, string reason) => new($"Arrow: column '{column}' is damaged: {reason}.");
}
