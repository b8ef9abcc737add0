using System.Numerics;

namespace Engine.Cpu;

/// <summary>
/// Moves rows between tensors of any element type and stride, and packed tiles of a compute type. To Bool a value becomes x ≠ 0, from
/// floating point to integers it is cut off and saturates, between integers it wraps.
/// </summary>
internal static unsafe class TileTransfer
{
    /// <summary>Reads <paramref name="count"/> elements, <paramref name="stride"/> elements apart, as values of <paramref name="compute"/>.</summary>
    public static void Load(DType from, DType compute, byte* source, nint stride, byte* tile, nint count)
    {
        if (from == compute)
        {
            Copy(from.SizeInBytes(), source, stride, tile, 1, count);
            return;
        }

        if (compute == DType.Float32 && stride == 1 && TileConversions.TryLoad(from, source, (float*)tile, count))
        {
            return;
        }
        switch (compute)
        {
            case DType.Float32: Load(from, source, stride, (float*)tile, count); break;
            case DType.Float64: Load(from, source, stride, (double*)tile, count); break;
            case DType.Int32: Load(from, source, stride, (int*)tile, count); break;
            default: Load(from, source, stride, (long*)tile, count); break;
        }
    }

    /// <summary>Writes a tile to elements <paramref name="stride"/> elements apart.</summary>
    public static void Store(DType compute, DType to, byte* tile, byte* destination, nint stride, nint count)
    {
        if (to == compute)
        {
            Copy(to.SizeInBytes(), tile, 1, destination, stride, count);
            return;
        }

        if (compute == DType.Float32 && stride == 1 && TileConversions.TryStore(to, (float*)tile, destination, count))
        {
            return;
        }
        switch (compute)
        {
            case DType.Float32: StoreFloats(to, (float*)tile, destination, stride, count); break;
            case DType.Float64: StoreFloats(to, (double*)tile, destination, stride, count); break;
            case DType.Int32: StoreIntegers(to, (int*)tile, destination, stride, count); break;
            default: StoreIntegers(to, (long*)tile, destination, stride, count); break;
        }
    }

    /// <summary>Copies elements of 1, 2, 4 or 8 bytes between rows with strides, given in elements.</summary>
    public static void Copy(int elementBytes, byte* source, nint sourceStride, byte* destination, nint destinationStride, nint count)
    {
        if (sourceStride == 1 && destinationStride == 1)
        {
            Buffer.MemoryCopy(source, destination, count * elementBytes, count * elementBytes);
            return;
        }

        switch (elementBytes)
        {
            case 1: Copy(source, sourceStride, destination, destinationStride, count); break;
            case 2: Copy((short*)source, sourceStride, (short*)destination, destinationStride, count); break;
            case 4: Copy((int*)source, sourceStride, (int*)destination, destinationStride, count); break;
            default: Copy((long*)source, sourceStride, (long*)destination, destinationStride, count); break;
        }
    }

    private static void Copy<T>(T* source, nint sourceStride, T* destination, nint destinationStride, nint count) where T : unmanaged
    {
        if (sourceStride == 0)
        {
            T value = *source;
            for (nint i = 0; i < count; i++)
            {
                destination[i * destinationStride] = value;
            }
            return;
        }

        for (nint i = 0; i < count; i++)
        {
            destination[i * destinationStride] = source[i * sourceStride];
        }
    }

    private static void Load<T>(DType from, byte* source, nint stride, T* tile, nint count) where T : unmanaged, INumber<T>
    {
        switch (from)
        {
            case DType.Bool: for (nint i = 0; i < count; i++) { tile[i] = source[i * stride] != 0 ? T.One : T.Zero; } break;
            case DType.UInt8: for (nint i = 0; i < count; i++) { tile[i] = T.CreateTruncating(source[i * stride]); } break;
            case DType.Int32: for (nint i = 0; i < count; i++) { tile[i] = T.CreateTruncating(((int*)source)[i * stride]); } break;
            case DType.Int64: for (nint i = 0; i < count; i++) { tile[i] = T.CreateTruncating(((long*)source)[i * stride]); } break;
            case DType.Float16: for (nint i = 0; i < count; i++) { tile[i] = FromFloat<T>((float)((Half*)source)[i * stride]); } break;
            case DType.BFloat16: for (nint i = 0; i < count; i++) { tile[i] = FromFloat<T>((float)((BFloat16*)source)[i * stride]); } break;
            case DType.Float32: for (nint i = 0; i < count; i++) { tile[i] = FromFloat<T>(((float*)source)[i * stride]); } break;
            default: for (nint i = 0; i < count; i++) { tile[i] = FromFloat<T>(((double*)source)[i * stride]); } break;
        }
    }

    // A float goes to int32 by way of int64, so that a value that does not fit wraps as everywhere else.
    private static T FromFloat<T>(double value) where T : unmanaged, INumber<T>
        => typeof(T) == typeof(float) || typeof(T) == typeof(double) ? T.CreateTruncating(value) : T.CreateTruncating(long.CreateSaturating(value));

    private static void StoreFloats<T>(DType to, T* tile, byte* destination, nint stride, nint count) where T : unmanaged, IFloatingPoint<T>
    {
        switch (to)
        {
            case DType.Bool: for (nint i = 0; i < count; i++) { destination[i * stride] = tile[i] == T.Zero ? (byte)0 : (byte)1; } break;
            case DType.UInt8: for (nint i = 0; i < count; i++) { destination[i * stride] = (byte)long.CreateSaturating(tile[i]); } break;
            case DType.Int32: for (nint i = 0; i < count; i++) { ((int*)destination)[i * stride] = int.CreateSaturating(tile[i]); } break;
            case DType.Int64: for (nint i = 0; i < count; i++) { ((long*)destination)[i * stride] = long.CreateSaturating(tile[i]); } break;
            case DType.Float16: for (nint i = 0; i < count; i++) { ((Half*)destination)[i * stride] = Half.CreateTruncating(tile[i]); } break;
            case DType.BFloat16: for (nint i = 0; i < count; i++) { ((BFloat16*)destination)[i * stride] = (BFloat16)float.CreateTruncating(tile[i]); } break;
            case DType.Float32: for (nint i = 0; i < count; i++) { ((float*)destination)[i * stride] = float.CreateTruncating(tile[i]); } break;
            default: for (nint i = 0; i < count; i++) { ((double*)destination)[i * stride] = double.CreateTruncating(tile[i]); } break;
        }
    }

    private static void StoreIntegers<T>(DType to, T* tile, byte* destination, nint stride, nint count) where T : unmanaged, IBinaryInteger<T>
    {
        switch (to)
        {
            case DType.Bool: for (nint i = 0; i < count; i++) { destination[i * stride] = T.IsZero(tile[i]) ? (byte)0 : (byte)1; } break;
            case DType.UInt8: for (nint i = 0; i < count; i++) { destination[i * stride] = byte.CreateTruncating(tile[i]); } break;
            case DType.Int32: for (nint i = 0; i < count; i++) { ((int*)destination)[i * stride] = int.CreateTruncating(tile[i]); } break;
            case DType.Int64: for (nint i = 0; i < count; i++) { ((long*)destination)[i * stride] = long.CreateTruncating(tile[i]); } break;
            case DType.Float16: for (nint i = 0; i < count; i++) { ((Half*)destination)[i * stride] = Half.CreateSaturating(tile[i]); } break;
            case DType.BFloat16: for (nint i = 0; i < count; i++) { ((BFloat16*)destination)[i * stride] = (BFloat16)float.CreateTruncating(tile[i]); } break;
            case DType.Float32: for (nint i = 0; i < count; i++) { ((float*)destination)[i * stride] = float.CreateTruncating(tile[i]); } break;
            default: for (nint i = 0; i < count; i++) { ((double*)destination)[i * stride] = double.CreateTruncating(tile[i]); } break;
        }
    }
}
