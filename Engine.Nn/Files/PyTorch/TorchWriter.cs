using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Engine.Nn;

/// <summary>Writes named tensors as PyTorch's zip archive: a pickle of protocol 2 and one uncompressed file for each tensor.</summary>
internal static class TorchWriter
{
    private const int ChunkBytes = 4 << 20;

    /// <summary>The first day of zip's calendar: equal tensors make equal files.</summary>
    private static readonly DateTimeOffset s_noTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true);
        WriteEntry(zip, "data.pkl", Pickle(tensors));
        WriteEntry(zip, "byteorder", "little"u8.ToArray());
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            int key = 0;
            foreach (Tensor tensor in tensors.Values)
            {
                using Stream entry = Open(zip, $"data/{Key(key++)}");
                WriteElements(entry, tensor, buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        WriteEntry(zip, "version", "3\n"u8.ToArray());
    }

    private static Stream Open(ZipArchive zip, string name)
    {
        ZipArchiveEntry entry = zip.CreateEntry($"archive/{name}", CompressionLevel.NoCompression);
        entry.LastWriteTime = s_noTime;
        return entry.Open();
    }

    private static void WriteEntry(ZipArchive zip, string name, byte[] content)
    {
        using Stream entry = Open(zip, name);
        entry.Write(content);
    }

    private static void WriteElements(Stream stream, Tensor tensor, byte[] buffer)
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

    private static byte[] Pickle(IReadOnlyDictionary<string, Tensor> tensors)
    {
        PickleWriter pickle = new();
        pickle.Op(PickleOp.Protocol, 2);
        EmptyOrderedDictionary(pickle);
        pickle.Op(PickleOp.Mark);
        int key = 0;
        foreach ((string name, Tensor tensor) in tensors)
        {
            pickle.Text(name);
            pickle.Global("torch._utils", "_rebuild_tensor_v2");
            pickle.Op(PickleOp.Mark);
            pickle.Op(PickleOp.Mark);
            pickle.Text("storage");
            pickle.Global("torch", TorchType.Of(tensor.DType).Storage);
            pickle.Text(Key(key++));
            pickle.Text("cpu");
            pickle.Whole(tensor.ElementCount);
            pickle.Op(PickleOp.Tuple);
            pickle.Op(PickleOp.BinPersistentId);
            pickle.Whole(0);
            Tuple(pickle, tensor.Shape);
            Tuple(pickle, Layout.Contiguous(tensor.Shape).Strides);
            pickle.Op(PickleOp.NewFalse);
            EmptyOrderedDictionary(pickle);
            pickle.Op(PickleOp.Tuple);
            pickle.Op(PickleOp.Reduce);
        }

        pickle.Op(PickleOp.SetItems);
        pickle.Op(PickleOp.Stop);
        return pickle.ToArray();
    }

    private static void EmptyOrderedDictionary(PickleWriter pickle)
    {
        pickle.Global("collections", "OrderedDict");
        pickle.Op(PickleOp.EmptyTuple);
        pickle.Op(PickleOp.Reduce);
    }

    private static void Tuple(PickleWriter pickle, Shape shape)
    {
        pickle.Op(PickleOp.Mark);
        foreach (int size in shape.AsSpan())
        {
            pickle.Whole(size);
        }

        pickle.Op(PickleOp.Tuple);
    }

    private static void Tuple(PickleWriter pickle, ReadOnlySpan<long> numbers)
    {
        pickle.Op(PickleOp.Mark);
        foreach (long number in numbers)
        {
            pickle.Whole(number);
        }

        pickle.Op(PickleOp.Tuple);
    }

    private static string Key(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The instructions of a pickle.</summary>
    private sealed class PickleWriter
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public void Op(PickleOp op, params ReadOnlySpan<byte> arguments)
        {
            _bytes.Write([(byte)op]);
            _bytes.Write(arguments);
        }

        public void Global(string module, string name) => Op(PickleOp.Global, Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

        public void Text(string text)
        {
            byte[] content = Encoding.UTF8.GetBytes(text);
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(length, content.Length);
            Op(PickleOp.BinUnicode, length);
            _bytes.Write(content);
        }

        public void Whole(long number)
        {
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            if (number is >= 0 and <= int.MaxValue)
            {
                Op(PickleOp.BinInt, bytes[..sizeof(int)]);
            }
            else
            {
                Op(PickleOp.Long1, [sizeof(long), .. bytes]);
            }
        }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
    }
}
