using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>
/// Elements converted on the host as <see cref="Tensor.To(DType)"/> converts them on a device. Values that cross between the two are
/// converted here, so that a device needs neither a kernel nor the other type.
/// </summary>
internal static class HostConversion
{
    // A chunk between the two types: integers as long, all else as double, so that nothing is lost on the way.
    private const int Chunk = 128;

    /// <summary>Writes the elements of <paramref name="source"/> as another type; both spans hold the same number of elements.</summary>
    [SkipLocalsInit]
    public static void Convert(DType from, ReadOnlySpan<byte> source, DType to, Span<byte> destination)
    {
        int fromSize = from.SizeInBytes(), toSize = to.SizeInBytes();
        Debug.Assert(source.Length / fromSize == destination.Length / toSize, "as many elements on both sides");
        if (from == to)
        {
            source.CopyTo(destination);
            return;
        }

        Span<double> numbers = stackalloc double[Chunk];
        Span<long> integers = stackalloc long[Chunk];
        for (int left = source.Length / fromSize; left > 0; left -= Chunk)
        {
            int count = Math.Min(left, Chunk);
            if (from.IsFloatingPoint())
            {
                Read(from, source, numbers[..count]);
                Write(numbers[..count], to, destination);
            }
            else
            {
                Read(from, source, integers[..count]);
                Write(integers[..count], to, destination);
            }

            source = source[(count * fromSize)..];
            destination = destination[(count * toSize)..];
        }
    }

    private static void Read(DType from, ReadOnlySpan<byte> source, Span<double> numbers)
    {
        switch (from)
        {
            case DType.Float16:
                ReadOnlySpan<Half> float16 = MemoryMarshal.Cast<byte, Half>(source);
                for (int i = 0; i < numbers.Length; i++)
                {
                    numbers[i] = (double)float16[i];
                }
                break;
            case DType.BFloat16:
                ReadOnlySpan<BFloat16> brains = MemoryMarshal.Cast<byte, BFloat16>(source);
                for (int i = 0; i < numbers.Length; i++)
                {
                    numbers[i] = (float)brains[i];
                }
                break;
            case DType.Float32:
                ReadOnlySpan<float> float32 = MemoryMarshal.Cast<byte, float>(source);
                for (int i = 0; i < numbers.Length; i++)
                {
                    numbers[i] = float32[i];
                }
                break;
            default:
                MemoryMarshal.Cast<byte, double>(source)[..numbers.Length].CopyTo(numbers);
                break;
        }
    }

    private static void Read(DType from, ReadOnlySpan<byte> source, Span<long> integers)
    {
        switch (from)
        {
            case DType.Bool:
                for (int i = 0; i < integers.Length; i++)
                {
                    integers[i] = source[i] != 0 ? 1 : 0;
                }
                break;
            case DType.UInt8:
                for (int i = 0; i < integers.Length; i++)
                {
                    integers[i] = source[i];
                }
                break;
            case DType.Int32:
                ReadOnlySpan<int> ints = MemoryMarshal.Cast<byte, int>(source);
                for (int i = 0; i < integers.Length; i++)
                {
                    integers[i] = ints[i];
                }
                break;
            default:
                MemoryMarshal.Cast<byte, long>(source)[..integers.Length].CopyTo(integers);
                break;
        }
    }

    // Towards zero and saturating, NaN to 0; a byte keeps the lower bits.
    private static void Write(ReadOnlySpan<double> numbers, DType to, Span<byte> destination)
    {
        switch (to)
        {
            case DType.Bool:
                for (int i = 0; i < numbers.Length; i++)
                {
                    destination[i] = numbers[i] == 0 ? (byte)0 : (byte)1;
                }
                break;
            case DType.UInt8:
                for (int i = 0; i < numbers.Length; i++)
                {
                    destination[i] = unchecked((byte)long.CreateSaturating(numbers[i]));
                }
                break;
            case DType.Int32:
                Span<int> ints = MemoryMarshal.Cast<byte, int>(destination);
                for (int i = 0; i < numbers.Length; i++)
                {
                    ints[i] = int.CreateSaturating(numbers[i]);
                }
                break;
            case DType.Int64:
                Span<long> longs = MemoryMarshal.Cast<byte, long>(destination);
                for (int i = 0; i < numbers.Length; i++)
                {
                    longs[i] = long.CreateSaturating(numbers[i]);
                }
                break;
            case DType.Float16:
                Span<Half> float16 = MemoryMarshal.Cast<byte, Half>(destination);
                for (int i = 0; i < numbers.Length; i++)
                {
                    float16[i] = (Half)numbers[i];
                }
                break;
            case DType.BFloat16:
                Span<BFloat16> brains = MemoryMarshal.Cast<byte, BFloat16>(destination);
                for (int i = 0; i < numbers.Length; i++)
                {
                    brains[i] = (BFloat16)(float)numbers[i];
                }
                break;
            case DType.Float32:
                Span<float> float32 = MemoryMarshal.Cast<byte, float>(destination);
                for (int i = 0; i < numbers.Length; i++)
                {
                    float32[i] = (float)numbers[i];
                }
                break;
            default:
                numbers.CopyTo(MemoryMarshal.Cast<byte, double>(destination));
                break;
        }
    }

    private static void Write(ReadOnlySpan<long> integers, DType to, Span<byte> destination)
    {
        switch (to)
        {
            case DType.Bool:
                for (int i = 0; i < integers.Length; i++)
                {
                    destination[i] = integers[i] == 0 ? (byte)0 : (byte)1;
                }
                break;
            case DType.UInt8:
                for (int i = 0; i < integers.Length; i++)
                {
                    destination[i] = unchecked((byte)integers[i]);
                }
                break;
            case DType.Int32:
                Span<int> ints = MemoryMarshal.Cast<byte, int>(destination);
                for (int i = 0; i < integers.Length; i++)
                {
                    ints[i] = unchecked((int)integers[i]);
                }
                break;
            case DType.Int64:
                integers.CopyTo(MemoryMarshal.Cast<byte, long>(destination));
                break;
            case DType.Float16:
                Span<Half> float16 = MemoryMarshal.Cast<byte, Half>(destination);
                for (int i = 0; i < integers.Length; i++)
                {
                    float16[i] = (Half)(float)integers[i];
                }
                break;
            case DType.BFloat16:
                Span<BFloat16> brains = MemoryMarshal.Cast<byte, BFloat16>(destination);
                for (int i = 0; i < integers.Length; i++)
                {
                    brains[i] = (BFloat16)(float)integers[i];
                }
                break;
            case DType.Float32:
                Span<float> float32 = MemoryMarshal.Cast<byte, float>(destination);
                for (int i = 0; i < integers.Length; i++)
                {
                    float32[i] = integers[i];
                }
                break;
            default:
                Span<double> doubles = MemoryMarshal.Cast<byte, double>(destination);
                for (int i = 0; i < integers.Length; i++)
                {
                    doubles[i] = integers[i];
                }
                break;
        }
    }
}
