using System.Runtime.InteropServices;

namespace Engine.Nn;

/// <summary>The elements of an array of NumPy: from a stream into a tensor and back.</summary>
internal static class NpyArray
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Takes elements, from a byte of the array on.</summary>
    private delegate void ElementSink(ReadOnlySpan<byte> chunk, long start);

    /// <summary>Reads an array that takes the rest of a stream.</summary>
    /// <param name="stream">From the first byte of the array on.</param>
    /// <param name="length">The bytes of the stream.</param>
    /// <param name="maxBytes">An array whose tensor takes more is refused.</param>
    /// <param name="device">Where the tensor shall be.</param>
    /// <param name="damaged">The exception for a reason.</param>
    public static Tensor Read(Stream stream, long length, long maxBytes, Device? device, Func<string, Exception?, EngineException> damaged)
    {
        NpyHeader header = ReadHeader(stream, length, maxBytes, damaged);
        int rank = header.Shape.Rank;
        if (!header.IsFortran || rank < 2)
        {
            return ReadElements(stream, header, device, damaged);
        }

        // Elements in Fortran's order are those of the array with its axes turned round.
        using Tensor turned = ReadElements(stream, header with { Shape = new Shape([.. header.Shape.ToArray().Reverse()]) }, device, damaged);
        using Tensor view = turned.Permute([.. Enumerable.Range(0, rank).Reverse()]);
        return view.Contiguous();
    }

    /// <summary>The elements behind a header that was read, in the order in which they lie there.</summary>
    public static Tensor ReadElements(Stream stream, NpyHeader header, Device? device, Func<string, Exception?, EngineException> damaged)
    {
        Tensor tensor = Tensor.Empty(header.Shape, header.DType, device);
        try
        {
            Fill(stream, header, (chunk, start) => tensor.Device.Upload(chunk, tensor.Storage, start), damaged);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>The same into host memory, in row-major order.</summary>
    public static HostArray ReadToHost(Stream stream, long length, long maxBytes, Func<string, Exception?, EngineException> damaged)
    {
        NpyHeader header = ReadHeader(stream, length, Math.Min(maxBytes, Array.MaxLength), damaged);
        int size = header.DType.SizeInBytes();

        // The stream has as many bytes, or an eighth of them where numbers are widened; a compressed one may claim more than it holds, up to the limit.
        byte[] elements = new byte[header.Shape.ElementCount * size];
        Fill(stream, header, (chunk, start) => chunk.CopyTo(elements.AsSpan((int)start)), damaged);
        return HostArray.OfBytes(header.IsFortran && header.Shape.Rank > 1 ? RowMajor(elements, header.Shape, size) : elements, header.DType, header.Shape);
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

    private static NpyHeader ReadHeader(Stream stream, long length, long maxBytes, Func<string, Exception?, EngineException> damaged)
    {
        NpyHeader header = NpyHeader.Read(stream, damaged);
        long bytes = header.DataBytes, tensorBytes = header.Shape.ElementCount * header.DType.SizeInBytes();
        if (bytes != length - header.HeaderBytes)
        {
            throw damaged($"its header claims {bytes:N0} bytes of elements, but {length - header.HeaderBytes:N0} follow; it is cut short or damaged", null);
        }

        return tensorBytes <= maxBytes ? header : throw damaged($"its array {header.Shape} takes {tensorBytes:N0} bytes, more than the limit of {maxBytes:N0}", null);
    }

    /// <summary>Elements whose first axis varies fastest, in the order in which the last one does.</summary>
    private static byte[] RowMajor(byte[] elements, Shape shape, int size)
    {
        byte[] ordered = new byte[elements.Length];
        int[] at = new int[shape.Rank], strides = new int[shape.Rank];
        for (int axis = 0, stride = size; axis < shape.Rank; stride *= shape[axis++])
        {
            strides[axis] = stride;
        }

        for (int to = 0, from = 0; to < ordered.Length; to += size)
        {
            elements.AsSpan(from, size).CopyTo(ordered.AsSpan(to));
            for (int axis = shape.Rank - 1; axis >= 0; axis--)
            {
                from += strides[axis];
                if (++at[axis] < shape[axis])
                {
                    break;
                }

                from -= shape[axis] * strides[axis];
                at[axis] = 0;
            }
        }

        return ordered;
    }

    private static void Fill(Stream stream, NpyHeader header, ElementSink sink, Func<string, Exception?, EngineException> damaged)
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

            sink(target == size ? chunk : Widen(chunk, header, widened), done / size * target);
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
