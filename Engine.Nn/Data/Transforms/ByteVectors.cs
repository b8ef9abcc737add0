using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Nn;

/// <summary>Eight bytes at a time, as floats and back.</summary>
/// <remarks>Products and sums are written apart everywhere, never fused, so that every processor rounds alike and makes the same image.</remarks>
internal static class ByteVectors
{
    public const int Width = 8;

    /// <summary>Eight bytes from a place on; zeros behind the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ReadOnlySpan<byte> source, int start)
    {
        ulong bytes = start + Width <= source.Length ? Unsafe.ReadUnaligned<ulong>(in source[start]) : LoadEnd(source[start..]);
        Vector128<byte> eight = Vector128.CreateScalarUnsafe(bytes).AsByte();
        if (Avx2.IsSupported)
        {
            return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(eight));
        }

        Vector128<ushort> wide = Vector128.WidenLower(eight);
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(wide), Vector128.WidenUpper(wide)).AsInt32());
    }

    /// <summary>Writes eight numbers as bytes, cut towards 0; as many as there is place for. They lie in [0, 256).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> values, Span<byte> destination, int start)
    {
        Vector256<int> whole = Vector256.ConvertToInt32(values);
        Vector128<short> narrow = Vector128.Narrow(whole.GetLower(), whole.GetUpper());
        ulong bytes = Vector128.Narrow(narrow, narrow).AsUInt64().ToScalar();
        if (start + Width <= destination.Length)
        {
            Unsafe.WriteUnaligned(ref destination[start], bytes);
        }
        else
        {
            StoreEnd(bytes, destination[start..]);
        }
    }

    /// <summary>Rows become columns: the first of each vector come into the first vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(
        ref Vector256<float> a, ref Vector256<float> b, ref Vector256<float> c, ref Vector256<float> d, ref Vector256<float> e, ref Vector256<float> f, ref Vector256<float> g, ref Vector256<float> h)
    {
        if (!Avx.IsSupported)
        {
            TransposeByElements(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
            return;
        }

        // Pairs of rows, then fours, in each half of a register; the halves are exchanged at last.
        Vector256<float> ab0 = Avx.UnpackLow(a, b), ab1 = Avx.UnpackHigh(a, b), cd0 = Avx.UnpackLow(c, d), cd1 = Avx.UnpackHigh(c, d);
        Vector256<float> ef0 = Avx.UnpackLow(e, f), ef1 = Avx.UnpackHigh(e, f), gh0 = Avx.UnpackLow(g, h), gh1 = Avx.UnpackHigh(g, h);
        Vector256<float> p0 = Avx.Shuffle(ab0, cd0, 0x44), p1 = Avx.Shuffle(ab0, cd0, 0xEE), p2 = Avx.Shuffle(ab1, cd1, 0x44), p3 = Avx.Shuffle(ab1, cd1, 0xEE);
        Vector256<float> q0 = Avx.Shuffle(ef0, gh0, 0x44), q1 = Avx.Shuffle(ef0, gh0, 0xEE), q2 = Avx.Shuffle(ef1, gh1, 0x44), q3 = Avx.Shuffle(ef1, gh1, 0xEE);
        (a, b, c, d) = (Avx.Permute2x128(p0, q0, 0x20), Avx.Permute2x128(p1, q1, 0x20), Avx.Permute2x128(p2, q2, 0x20), Avx.Permute2x128(p3, q3, 0x20));
        (e, f, g, h) = (Avx.Permute2x128(p0, q0, 0x31), Avx.Permute2x128(p1, q1, 0x31), Avx.Permute2x128(p2, q2, 0x31), Avx.Permute2x128(p3, q3, 0x31));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LoadEnd(ReadOnlySpan<byte> source)
    {
        ulong bytes = 0;
        for (int i = 0; i < Math.Min(Width, source.Length); i++)
        {
            bytes |= (ulong)source[i] << (8 * i);
        }

        return bytes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreEnd(ulong bytes, Span<byte> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (byte)(bytes >> (8 * i));
        }
    }

    private static void TransposeByElements(
        ref Vector256<float> a, ref Vector256<float> b, ref Vector256<float> c, ref Vector256<float> d, ref Vector256<float> e, ref Vector256<float> f, ref Vector256<float> g, ref Vector256<float> h)
    {
        ReadOnlySpan<Vector256<float>> rows = [a, b, c, d, e, f, g, h];
        Span<Vector256<float>> columns = stackalloc Vector256<float>[Width];
        for (int i = 0; i < Width; i++)
        {
            columns[i] = Vector256.Create(rows[0][i], rows[1][i], rows[2][i], rows[3][i], rows[4][i], rows[5][i], rows[6][i], rows[7][i]);
        }

        (a, b, c, d, e, f, g, h) = (columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], columns[6], columns[7]);
    }
}
