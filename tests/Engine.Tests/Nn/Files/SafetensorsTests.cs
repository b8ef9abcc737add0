using System.Buffers.Binary;
using System.Text;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed class SafetensorsTests
{
    private readonly ReferenceDevice _device = new();
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void SaveThenLoad_EveryDType_KeepsTypeShapeAndBits()
    {
        Dictionary<string, Tensor> saved = new()
        {
            ["bool"] = Tensor.From<bool>([true, false, true], device: _device),
            ["u8"] = Tensor.From<byte>([0, 1, 255], device: _device),
            ["i32"] = Tensor.From<int>([int.MinValue, -1, int.MaxValue, 0], [2, 2], _device),
            ["i64"] = Tensor.From<long>([long.MinValue, 1L << 40], device: _device),
            ["f16"] = Tensor.From<Half>([(Half)1.5, Half.NaN, Half.NegativeInfinity], device: _device),
            ["bf16"] = Tensor.From<BFloat16>([new BFloat16(0x3F80), new BFloat16(0xFFFF)], device: _device),
            ["f32"] = Tensor.From<float>([float.Epsilon, -0f, float.NaN, 1f / 3], [1, 4, 1], _device),
            ["f64"] = Tensor.From<double>([Math.PI], Shape.Scalar, _device),
            ["empty"] = Tensor.Empty([3, 0, 2], DType.Float32, _device),
        };
        string path = _folder.File("all.safetensors");
        Safetensors.Save(path, saved);
        Dictionary<string, Tensor> loaded = Safetensors.Load(path, _device);

        Assert.That(loaded.Keys, Is.EquivalentTo(saved.Keys));
        foreach ((string name, Tensor tensor) in saved)
        {
            Assert.That(loaded[name].DType, Is.EqualTo(tensor.DType), name);
            Assert.That(loaded[name].Shape, Is.EqualTo(tensor.Shape), name);
            Assert.That(Bits(loaded[name]), Is.EqualTo(Bits(tensor)), name);
        }
    }

    [Test]
    public void Save_StridedViews_WritesRowMajorElements()
    {
        Tensor x = Tensor.From<float>([1, 2, 3, 4, 5, 6], [2, 3], _device);
        string path = _folder.File("views.safetensors");
        Safetensors.Save(path, new Dictionary<string, Tensor> { ["t"] = x.T, ["slice"] = x.Slice(1, 1, 3), ["row"] = x.Select(0, 1) });
        Dictionary<string, Tensor> loaded = Safetensors.Load(path, _device);
        Assert.That(loaded["t"].ToArray<float>(), Is.EqualTo((float[])[1, 4, 2, 5, 3, 6]));
        Assert.That(loaded["slice"].ToArray<float>(), Is.EqualTo((float[])[2, 3, 5, 6]));
        Assert.That(loaded["row"].ToArray<float>(), Is.EqualTo((float[])[4, 5, 6]));
    }

    [Test]
    public void Save_LargerThanABuffer_KeepsEveryElement()
    {
        int[] values = [.. Enumerable.Range(0, 3_000_001)];
        string path = _folder.File("large.safetensors");
        Safetensors.Save(path, new Dictionary<string, Tensor> { ["x"] = Tensor.From<int>(values, device: _device) });
        Assert.That(Safetensors.Load(path, _device)["x"].ToArray<int>().AsSpan().SequenceEqual(values), Is.True);
    }

    [Test]
    public void Save_TensorThatNeedsGrad_Works()
    {
        Tensor w = Tensor.From<float>([1, 2], device: _device).WithGrad();
        Safetensors.Save(_folder.File("grad.safetensors"), new Dictionary<string, Tensor> { ["w"] = w });
        Assert.That(Safetensors.Load(_folder.File("grad.safetensors"), _device)["w"].ToArray<float>(), Is.EqualTo((float[])[1, 2]));
    }

    [Test]
    public void Save_Bytes_AreTheFormats()
    {
        string path = _folder.File("bytes.safetensors");
        Safetensors.Save(
            path,
            new Dictionary<string, Tensor> { ["b"] = Tensor.From<byte>([7], device: _device), ["c"] = Tensor.From<float>([1f], device: _device) },
            new Dictionary<string, string> { ["format"] = "pt" });
        byte[] bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);

        // The float first, so that it is aligned; padded with blanks to a multiple of eight.
        string header = Encoding.UTF8.GetString(bytes, 8, length);
        Assert.That(header.TrimEnd(' '), Is.EqualTo(
            """{"__metadata__":{"format":"pt"},"c":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}"""));
        Assert.That(length % 8, Is.Zero);
        Assert.That(bytes[(8 + length)..], Is.EqualTo((byte[])[0, 0, 0x80, 0x3F, 7]));
    }

    [Test]
    public void SaveTwice_EqualInput_EqualBytes()
    {
        Dictionary<string, Tensor> tensors = new() { ["z"] = Tensor.From<float>([1], device: _device), ["é\"\\\n"] = Tensor.From<float>([2], device: _device) };
        Dictionary<string, string> metadata = new() { ["k\u2028"] = "v\0", ["a"] = string.Empty };
        Safetensors.Save(_folder.File("1"), tensors, metadata);
        Safetensors.Save(_folder.File("2"), tensors.Reverse().ToDictionary(), metadata.Reverse().ToDictionary());
        Assert.That(File.ReadAllBytes(_folder.File("2")), Is.EqualTo(File.ReadAllBytes(_folder.File("1"))));

        using SafetensorsFile file = SafetensorsFile.Open(_folder.File("1"));
        Assert.That(file.Names, Is.EqualTo((string[])["z", "é\"\\\n"]));
        Assert.That(file.Metadata, Is.EquivalentTo(metadata));
    }

    [TestCase("")]
    [TestCase("__metadata__")]
    public void Save_ImpossibleName_ThrowsAndLeavesTheOldFile(string name)
    {
        string path = _folder.Write("old", [1, 2, 3]);
        Assert.That(
            () => Safetensors.Save(path, new Dictionary<string, Tensor> { [name] = Tensor.From<float>([1], device: _device) }),
            Throws.ArgumentException.With.Message.Contains("cannot be named"));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo((byte[])[1, 2, 3]));
        Assert.That(Directory.GetFiles(_folder.Path), Has.Length.EqualTo(1), "no temporary file stays behind");
    }

    [Test]
    public void Read_UnknownName_NamesTheOnesThatAreThere()
    {
        string path = _folder.File("x");
        Safetensors.Save(path, new Dictionary<string, Tensor> { ["conv.weight"] = Tensor.From<float>([1], device: _device) });
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.That(() => file.Read("weight", _device), Throws.TypeOf<ModelFileException>().With.Message.Contains("has no tensor 'weight'; it has 1: conv.weight"));
    }

    [Test]
    public void Open_WhileAnotherSaves_SeesTheOldFile()
    {
        string path = _folder.File("x");
        Safetensors.Save(path, new Dictionary<string, Tensor> { ["x"] = Tensor.From<float>([1], device: _device) });
        using SafetensorsFile old = SafetensorsFile.Open(path);
        Safetensors.Save(path, new Dictionary<string, Tensor> { ["x"] = Tensor.From<float>([2], device: _device) });
        Assert.That(old.Read("x", _device).Item(), Is.EqualTo(1));
        Assert.That(Safetensors.Load(path, _device)["x"].Item(), Is.EqualTo(2));
    }

    [Test]
    public void Load_FileOfAnotherWriter_AndBack_KeepsEveryBit()
    {
        Dictionary<string, Tensor> golden = Safetensors.Load(Path.Combine(AppContext.BaseDirectory, "Golden", "data", "golden.safetensors"), _device);
        Assert.That(golden, Has.Count.GreaterThan(500));
        Safetensors.Save(_folder.File("ours"), golden);
        Dictionary<string, Tensor> ours = Safetensors.Load(_folder.File("ours"), _device);
        Assert.That(ours.Keys, Is.EquivalentTo(golden.Keys));
        foreach ((string name, Tensor tensor) in golden)
        {
            Assert.That(Bits(ours[name]).AsSpan().SequenceEqual(Bits(tensor)), Is.True, name);
        }
    }

    private static byte[] Bits(Tensor tensor)
    {
        byte[] bits = new byte[tensor.ElementCount * tensor.DType.SizeInBytes()];
        tensor.Device.Download(tensor.Storage, 0, bits);
        return bits;
    }
}
