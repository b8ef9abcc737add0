using System.Runtime.InteropServices;

namespace Engine.Nn;

/// <summary>Larger arrays around smaller ones.</summary>
internal static class RaggedArrays
{
    /// <summary>The array at the beginning of a larger one, whose other elements have one value.</summary>
    public static HostArray Fill(HostArray array, int[] sizes, double value)
    {
        Shape shape = new(sizes);
        if (array.Shape == shape)
        {
            return array;
        }

        return array.DType switch
        {
            DType.Float32 => Fill(array, shape, (float)value),
            DType.Float64 => Fill(array, shape, value),
            DType.Float16 => Fill(array, shape, (Half)value),
            DType.BFloat16 => Fill(array, shape, (BFloat16)(float)value),
            DType.Int64 => Fill(array, shape, checked((long)value)),
            DType.Int32 => Fill(array, shape, checked((int)value)),
            DType.UInt8 => Fill(array, shape, checked((byte)value)),
            DType.Bool => Fill(array, shape, value != 0),
            _ => throw new DTypeMismatchException($"Collate.Pad: {array.DType.ShortName()} cannot be filled up."),
        };
    }

    private static HostArray Fill<T>(HostArray array, Shape shape, T value)
        where T : unmanaged
    {
        ReadOnlySpan<T> source = MemoryMarshal.Cast<byte, T>(array.Bytes);
        T[] filled = new T[shape.ElementCount];
        filled.AsSpan().Fill(value);
        int rank = shape.Rank, row = array.Shape[rank - 1];

        // Rows of the last axis are copied as they are; the number of a row counts the axes before it.
        for (int from = 0; row > 0 && from < source.Length; from += row)
        {
            (int rest, int to, int stride) = (from / row, 0, shape[rank - 1]);
            for (int axis = rank - 2; axis >= 0; axis--)
            {
                to += rest % array.Shape[axis] * stride;
                rest /= array.Shape[axis];
                stride *= shape[axis];
            }

            source.Slice(from, row).CopyTo(filled.AsSpan(to));
        }

        return HostArray.From(filled, shape);
    }
}
