using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Engine.Tests.Nn;

/// <summary>Pickles and archives written by hand: those that PyTorch does not write, because they are newer, older or lies.</summary>
internal sealed class PickleText
{
    private readonly List<byte> _bytes = [0x80, 2];

    public PickleText Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleText Raw(string ascii) => Raw(Encoding.Latin1.GetBytes(ascii));

    public PickleText Global(string module, string name) => Raw(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));

    public PickleText Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Raw("X").Int32(utf8.Length).Raw(utf8);
    }

    public PickleText Whole(long number)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return Raw(0x8A, 8).Raw(bytes);
    }

    public PickleText Tuple(params long[] numbers)
    {
        Raw("(");
        foreach (long number in numbers)
        {
            Whole(number);
        }

        return Raw("t");
    }

    public PickleText Storage(string module, string type, string key, long count) =>
        Raw("(").Text("storage").Global(module, type).Text(key).Text("cpu").Whole(count).Raw("tQ");

    /// <summary>A tensor of float32 under a storage of that type.</summary>
    public PickleText Tensor(string key, long count, long offset, long[] sizes, long[] strides, string storage = "FloatStorage") =>
        Global("torch._utils", "_rebuild_tensor_v2").Raw("(").Storage("torch", storage, key, count).Whole(offset).Tuple(sizes).Tuple(strides).Raw(0x89).Raw("}tR");

    /// <summary>A dictionary of one entry whose value follows.</summary>
    public PickleText Named(string name, Action<PickleText> value)
    {
        Raw("}").Text(name);
        value(this);
        return Raw("s");
    }

    public byte[] Stop() => [.. _bytes, (byte)'.'];

    private PickleText Int32(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return Raw(bytes);
    }

    /// <summary>An archive as PyTorch makes it, with a pickle and other files.</summary>
    public static byte[] Archive(byte[] pickle, params (string Name, byte[] Content)[] files) => Zip(CompressionLevel.NoCompression, [("a/data.pkl", pickle), .. files]);

    public static byte[] Zip(CompressionLevel level, params (string Name, byte[] Content)[] files)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
