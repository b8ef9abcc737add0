using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Engine.Nn;

/// <summary>Writes tensors in the safetensors format.</summary>
internal static class SafetensorsWriter
{
    private const int ChunkBytes = 4 << 20;

    /// <summary>The data begins at a multiple of this, so that a mapped file can be used in place.</summary>
    private const int Alignment = 8;

    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        // Large elements first: every tensor then begins at a multiple of its element size. Equal input gives equal bytes.
        KeyValuePair<string, Tensor>[] ordered =
        [
            .. tensors.OrderByDescending(static t => t.Value.DType.SizeInBytes()).ThenBy(static t => t.Key, StringComparer.Ordinal),
        ];
        byte[] header = Header(ordered, metadata);
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
        stream.Write(prefix);
        stream.Write(header);

        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            foreach ((_, Tensor tensor) in ordered)
            {
                WriteData(stream, tensor, buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Header(KeyValuePair<string, Tensor>[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata.OrderBy(static m => m.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long offset = 0;
            foreach ((string name, Tensor tensor) in tensors)
            {
                if (name is "" or "__metadata__")
                {
                    throw new ArgumentException($"A tensor cannot be named '{name}' in a safetensors file.", nameof(tensors));
                }

                json.WriteStartObject(name);
                json.WriteString("dtype", SafetensorsDTypes.Name(tensor.DType));
                json.WriteStartArray("shape");
                foreach (int size in tensor.Shape.AsSpan())
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset += tensor.ElementCount * tensor.DType.SizeInBytes();
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        int padding = -buffer.WrittenCount & (Alignment - 1);
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenCount <= SafetensorsHeader.MaxBytes
            ? buffer.WrittenSpan.ToArray()
            : throw new ArgumentException($"Names and metadata take {buffer.WrittenCount:N0} bytes; a safetensors header holds {SafetensorsHeader.MaxBytes:N0}.", nameof(metadata));
    }

    private static void WriteData(Stream stream, Tensor tensor, byte[] buffer)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor source = tensor.Contiguous();
        int size = source.DType.SizeInBytes();
        long start = source.Layout.Offset * size, bytes = source.ElementCount * size;
        for (long done = 0; done < bytes;)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(bytes - done, ChunkBytes));
            source.Device.Download(source.Storage, start + done, chunk);
            stream.Write(chunk);
            done += chunk.Length;
        }
    }
}
