using System.Runtime.InteropServices;

namespace Engine.Nn;

/// <summary>The elements of an array of NumPy: from a stream into a tensor and back.</summary>
internal static class NpyArray
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads an array that takes the rest of a stream.</summary>
    /// <param name="stream">From the first byte of the array on.</param>
    /// <param name="length">The bytes of the stream.</param>
    /// <param name="maxBytes">An array whose tensor takes more is refused.</param>
    /// <param name="device">Where the tensor shall be.</param>
    /// <param name="damaged">The exception for a reason.</param>
    public static Tensor Read(Stream stream, long length, long maxBytes, Device? device, Func<string, Exception?, EngineException> damaged)
    {
        NpyHeader header = NpyHeader.Read(stream, damaged);
        long bytes = header.DataBytes, tensorBytes = header.Shape.ElementCount * header.DType.SizeInBytes();
        if (bytes != length - header.HeaderBytes)
        {
            throw damaged($"its header claims {bytes:N0} bytes of elements, but {length - header.HeaderBytes:N0} follow; it is cut short or damaged", null);
        }

        if (tensorBytes > maxBytes)
        {
            throw damaged($"its array {header.Shape} takes {tensorBytes:N0} bytes, more than the limit of {maxBytes:N0}", null);
        }

        int rank = header.Shape.Rank;
        Tensor tensor = Tensor.Empty(header.IsFortran ? new Shape([.. header.Shape.ToArray().Reverse()]) : header.Shape, header.DType, device);
        try
        {
            Fill(stream, header, tensor, damaged);
            if (!header.IsFortran || rank < 2)
            {
                return tensor;
            }

            // Elements in Fortran's order are those of the array with its axes turned round.
            using Tensor turned = tensor;
            using Tensor view = turned.Permute([.. Enumerable.Range(0, rank).Reverse()]);
            return view.Contiguous();
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    public static void Write(Stream stream, Tensor tensor)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();

        // NumPy has no bfloat16; float32 holds its values.
        Tensor source = (tensor.DType == DType.BFloat16 ? tensor.To(DType.Float32) : tensor).Contiguous();
        stream.Write(NpyHeader.Write(source.DType, source.Shape));
        int size = source.DType.SizeInBytes();
        long start = source.Layout.Offset * size, bytes = source.ElementCount * size;
        byte[] buffer = new byte[(int)Math.Min(bytes, ChunkBytes)];
        for (long done = 0; done < bytes;)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(bytes - done, buffer.Length));
            source.Device.Download(source.Storage, start + done, chunk);
            stream.Write(chunk);
            done += chunk.Length;
        }
    }

    private static void Fill(Stream stream, NpyHeader header, Tensor tensor, Func<string, Exception?, EngineException> damaged)
    {
        int size = header.FileBytes, target = header.DType.SizeInBytes();
        byte[] buffer = new byte[(int)Math.Min(header.DataBytes, ChunkBytes)];
        byte[] widened = target == size ? [] : new byte[buffer.Length / size * target];
        for (long done = 0; done < header.DataBytes;)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(header.DataBytes - done, buffer.Length));
            if (stream.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false) < chunk.Length)
            {
                throw damaged($"it ends after {done:N0} of its {header.DataBytes:N0} bytes of elements; it is cut short or damaged", null);
            }

            for (int i = 0; header.IsBigEndian && size > 1 && i < chunk.Length; i += size)
            {
                chunk.Slice(i, size).Reverse();
            }

            if (header.DType == DType.Bool && chunk.ContainsAnyExceptInRange((byte)0, (byte)1))
            {
                throw damaged("its elements are truth values, but have bytes other than 0 and 1", null);
            }

            tensor.Device.Upload(target == size ? chunk : Widen(chunk, header, widened), tensor.Storage, done / size * target);
            done += chunk.Length;
        }
    }

    private static ReadOnlySpan<byte> Widen(ReadOnlySpan<byte> chunk, NpyHeader header, byte[] widened)
    {
        int count = chunk.Length / header.FileBytes;
        Span<int> ints = MemoryMarshal.Cast<byte, int>(widened.AsSpan())[..(header.DType == DType.Int32 ? count : 0)];
        for (int i = 0; i < ints.Length; i++)
        {
            ints[i] = (header.Kind, header.FileBytes) switch
            {
                ('i', 1) => (sbyte)chunk[i],
                ('i', _) => BitConverter.ToInt16(chunk[(2 * i)..]),
                _ => BitConverter.ToUInt16(chunk[(2 * i)..]),
            };
        }

        Span<long> longs = MemoryMarshal.Cast<byte, long>(widened.AsSpan())[..(header.DType == DType.Int64 ? count : 0)];
        for (int i = 0; i < longs.Length; i++)
        {
            longs[i] = BitConverter.ToUInt32(chunk[(4 * i)..]);
        }

        return widened.AsSpan(0, count * header.DType.SizeInBytes());
    }
}
