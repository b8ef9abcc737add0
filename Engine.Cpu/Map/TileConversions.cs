using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>The frequent conversions between rows of other types and float32, in vectors of 128 bits, which every machine has.</summary>
internal static unsafe class TileConversions
{
    /// <summary>Reads a row as float32; false if there is no vector form.</summary>
    public static bool TryLoad(DType from, byte* source, float* tile, nint count)
    {
        switch (from)
        {
            case DType.UInt8: LoadBytes(source, tile, count, asTruth: false); return true;
            case DType.Bool: LoadBytes(source, tile, count, asTruth: true); return true;
            case DType.BFloat16: LoadBFloat16((ushort*)source, tile, count); return true;
            case DType.Float16: TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(source, (int)count), new Span<float>(tile, (int)count)); return true;
            case DType.Int32: TensorPrimitives.ConvertTruncating(new ReadOnlySpan<int>(source, (int)count), new Span<float>(tile, (int)count)); return true;
            case DType.Float64: TensorPrimitives.ConvertTruncating(new ReadOnlySpan<double>(source, (int)count), new Span<float>(tile, (int)count)); return true;
            default: return false;
        }
    }

    /// <summary>Writes a row of float32; false if there is no vector form.</summary>
    public static bool TryStore(DType to, float* tile, byte* destination, nint count)
    {
        switch (to)
        {
            case DType.Bool: StoreTruth(tile, destination, count); return true;
            case DType.BFloat16: StoreBFloat16(tile, (ushort*)destination, count); return true;
            case DType.Float16: TensorPrimitives.ConvertToHalf(new ReadOnlySpan<float>(tile, (int)count), new Span<Half>(destination, (int)count)); return true;
            case DType.Float64: TensorPrimitives.ConvertTruncating(new ReadOnlySpan<float>(tile, (int)count), new Span<double>(destination, (int)count)); return true;
            default: return false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadBytes(byte* source, float* tile, nint count, bool asTruth)
    {
        nint i = 0;
        for (; i <= count - Vector128<byte>.Count; i += Vector128<byte>.Count)
        {
            Vector128<byte> bytes = Vector128.Load(source + i);
            if (asTruth)
            {
                bytes = Vector128.Min(bytes, Vector128<byte>.One);
            }
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(bytes);
            (Vector128<uint> a, Vector128<uint> b) = Vector128.Widen(low);
            (Vector128<uint> c, Vector128<uint> d) = Vector128.Widen(high);
            Vector128.ConvertToSingle(a.AsInt32()).Store(tile + i);
            Vector128.ConvertToSingle(b.AsInt32()).Store(tile + i + 4);
            Vector128.ConvertToSingle(c.AsInt32()).Store(tile + i + 8);
            Vector128.ConvertToSingle(d.AsInt32()).Store(tile + i + 12);
        }

        for (; i < count; i++)
        {
            tile[i] = asTruth ? Math.Min(source[i], (byte)1) : source[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreTruth(float* tile, byte* destination, nint count)
    {
        nint i = 0;
        for (; i <= count - Vector128<byte>.Count; i += Vector128<byte>.Count)
        {
            Vector128<short> low = Vector128.Narrow(IsZero(tile + i), IsZero(tile + i + 4)), high = Vector128.Narrow(IsZero(tile + i + 8), IsZero(tile + i + 12));
            Vector128.AndNot(Vector128<byte>.One, Vector128.Narrow(low, high).AsByte()).Store(destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = tile[i] == 0 ? (byte)0 : (byte)1;
        }
    }

    private static Vector128<int> IsZero(float* values) => Vector128.Equals(Vector128.Load(values), Vector128<float>.Zero).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadBFloat16(ushort* source, float* tile, nint count)
    {
        nint i = 0;
        for (; i <= count - Vector128<ushort>.Count; i += Vector128<ushort>.Count)
        {
            (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load(source + i));
            (low << 16).AsSingle().Store(tile + i);
            (high << 16).AsSingle().Store(tile + i + 4);
        }

        for (; i < count; i++)
        {
            tile[i] = (float)((BFloat16*)source)[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreBFloat16(float* tile, ushort* destination, nint count)
    {
        nint i = 0;
        for (; i <= count - Vector128<ushort>.Count; i += Vector128<ushort>.Count)
        {
            Vector128.Narrow(ToBFloat16(tile + i), ToBFloat16(tile + i + 4)).Store(destination + i);
        }
        for (; i < count; i++)
        {
            ((BFloat16*)destination)[i] = (BFloat16)tile[i];
        }
    }

    // To nearest, ties to even, by adding half of the last kept bit; a NaN keeps a mantissa bit.
    private static Vector128<uint> ToBFloat16(float* values)
    {
        Vector128<float> value = Vector128.Load(values);
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> rounded = (bits + Vector128.Create(0x7FFFu) + ((bits >> 16) & Vector128<uint>.One)) >> 16;
        return Vector128.ConditionalSelect(Vector128.Equals(value, value).AsUInt32(), rounded, (bits >> 16) | Vector128.Create(0x40u));
    }
}
