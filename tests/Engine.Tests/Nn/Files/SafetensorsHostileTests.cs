using System.Buffers.Binary;
using System.Text;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Files that are damaged or lie: always a typed error that names the file, never memory that the file does not pay for.</summary>
internal sealed class SafetensorsHostileTests
{
    private readonly ReferenceDevice _device = new();
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    // The reason that the message must give, the header, and how many bytes follow it.
    [TestCase("its header is not valid JSON", "", 0)]
    [TestCase("the header is not a JSON object", "[]", 0)]
    [TestCase("its header is not valid JSON", "{", 0)]
    [TestCase("its header is not valid JSON", "{}{}", 0)]
    [TestCase("its header is not valid JSON", "{\"a\":}", 0)]
    [TestCase("its tensors take 0 bytes, but 4 follow", "{}", 4)]
    [TestCase("tensor 'a' is not a JSON object", "{\"a\":1}", 0)]
    [TestCase("tensor 'a' lacks dtype", "{\"a\":{}}", 0)]
    [TestCase("tensor 'a' lacks shape", "{\"a\":{\"dtype\":\"F32\"}}", 0)]
    [TestCase("tensor 'a' lacks data_offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 0)]
    [TestCase("tensor 'a' has two fields shape", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("tensor 'a' has dtype 'I7'; the engine reads BOOL, U8", "{\"a\":{\"dtype\":\"I7\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("dtype of tensor 'a' is not a JSON string", "{\"a\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("shape of tensor 'a' is not a JSON array", "{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4)]
    [TestCase("size 0 of tensor 'a' is not a number", "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("size 0 of tensor 'a' is not a number", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("size 1 of tensor 'a' is not a number", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,4294967296],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("size 0 of tensor 'a' is not a number", "{\"a\":{\"dtype\":\"F32\",\"shape\":[[1]],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("tensor 'a' has more than 8 axes", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("which takes 8 bytes; its data_offsets give it 4", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("more bytes than can be counted", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,4]}}", 4)]
    [TestCase("more bytes than can be counted", "{\"a\":{\"dtype\":\"U8\",\"shape\":[65536,65536,65536,65536],\"data_offsets\":[0,0]}}", 0)]
    [TestCase("data_offsets of tensor 'a' are not two numbers", "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,0]}}", 4)]
    [TestCase("data_offsets of tensor 'a' are not two numbers", "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[-4,0]}}", 4)]
    [TestCase("data_offsets of tensor 'a' are not two numbers", "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,8]}}", 4)]
    [TestCase("data_offsets of tensor 'a' are not two numbers", "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0]}}", 4)]
    [TestCase("data_offsets of tensor 'a' are not two numbers", "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,9223372036854775808]}}", 4)]
    [TestCase("it is cut short", "{\"a\":{\"dtype\":\"U8\",\"shape\":[2000000000],\"data_offsets\":[0,2000000000]}}", 4)]
    [TestCase("there is a gap", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2)]
    [TestCase("they overlap", "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3)]
    [TestCase("they overlap", "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2)]
    [TestCase("its tensors take 1 bytes, but 2 follow", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 2)]
    [TestCase("tensor 'a' is listed twice", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2)]
    [TestCase("__metadata__ is not a JSON object", "{\"__metadata__\":\"x\"}", 0)]
    [TestCase("__metadata__ 'k' is not a JSON string", "{\"__metadata__\":{\"k\":1}}", 0)]
    [TestCase("__metadata__ is listed twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0)]
    [TestCase("__metadata__ 'k' is listed twice", "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0)]
    [TestCase("its header is not valid JSON", "{\"\\uD800\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1)]
    public void Open_LyingHeader_ThrowsWithTheReason(string reason, string header, int dataBytes)
    {
        string path = _folder.Write("bad.safetensors", Assemble(Encoding.UTF8.GetBytes(header), dataBytes));
        Assert.That(
            () => SafetensorsFile.Open(path),
            Throws.TypeOf<ModelFileException>().With.Message.Contains(reason).And.Message.Contains("bad.safetensors"));
    }

    [Test]
    public void Open_HeaderThatIsNotUtf8_Throws()
    {
        string path = _folder.Write("x", Assemble([.. "{\""u8, 0xC3, 0x28, .. "\":{}}"u8], 0));
        Assert.That(() => SafetensorsFile.Open(path), Throws.TypeOf<ModelFileException>().With.Message.Contains("not UTF-8"));
    }

    [Test]
    public void Open_DeepNesting_Throws()
    {
        byte[] header = Encoding.UTF8.GetBytes($"{{\"a\":{{\"later\":{new string('[', 100_000)}");
        Assert.That(() => SafetensorsFile.Open(_folder.Write("x", Assemble(header, 0))), Throws.TypeOf<ModelFileException>());
    }

    [TestCase(0)]
    [TestCase(7)]
    public void Open_ShorterThanAPrefix_Throws(int length)
    {
        string path = _folder.Write("x", new byte[length]);
        Assert.That(() => SafetensorsFile.Open(path), Throws.TypeOf<ModelFileException>().With.Message.Contains($"it has {length} bytes"));
    }

    [TestCase(9ul, "only 4 follow")]
    [TestCase(99_999_999ul, "only 4 follow")]
    [TestCase(100_000_001ul, "the format allows 100,000,000")]
    [TestCase(ulong.MaxValue, "the format allows 100,000,000")]
    public void Open_HeaderLongerThanTheFile_ThrowsWithoutTheMemory(ulong length, string reason)
    {
        byte[] bytes = new byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        string path = _folder.Write("x", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFileException error = Assert.Throws<ModelFileException>(() => SafetensorsFile.Open(path))!;
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(100_000));
        Assert.That(error.Message, Does.Contain(reason));
    }

    [Test]
    public void Open_HugeNames_AreCutInMessages()
    {
        byte[] header = Encoding.UTF8.GetBytes($"{{\"{new string('n', 1_000_000)}\":1}}");
        ModelFileException error = Assert.Throws<ModelFileException>(() => SafetensorsFile.Open(_folder.Write("x", Assemble(header, 0))))!;
        Assert.That(error.Message, Has.Length.LessThan(1000));
    }

    [Test]
    public void Open_UnknownFields_AreIgnored()
    {
        string path = _folder.Write("x", Assemble("""{"a":{"later":[{"x":1}],"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   """u8.ToArray(), 1));
        Assert.That(Safetensors.Load(path, _device)["a"].Item(), Is.EqualTo(1));
    }

    [Test]
    public void Read_BoolThatIsNeither_Throws()
    {
        byte[] bytes = Assemble("""{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}"""u8.ToArray(), 2);
        bytes[^1] = 2;
        Assert.That(() => Safetensors.Load(_folder.Write("x", bytes), _device), Throws.TypeOf<ModelFileException>().With.Message.Contains("other than 0 and 1"));
    }

    [Test]
    public void Read_FileCutWhileOpen_Throws()
    {
        string path = _folder.Write("x", Assemble("""{"a":{"dtype":"U8","shape":[100],"data_offsets":[0,100]}}"""u8.ToArray(), 100));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using (FileStream other = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            other.SetLength(other.Length - 50);
        }

        Assert.That(() => file.Read("a", _device), Throws.TypeOf<ModelFileException>().With.Message.Contains("cut short"));
    }

    [Test]
    public void Load_MutatedFiles_LoadOrThrowTyped_WithinAMemoryBound()
    {
        string path = _folder.File("valid");
        Safetensors.Save(
            path,
            new Dictionary<string, Tensor>
            {
                ["layer.0.weight"] = Tensor.From<float>([1, 2, 3, 4, 5, 6], [2, 3], _device),
                ["layer.0.bias"] = Tensor.From<double>([1, 2], device: _device),
                ["mask"] = Tensor.From<bool>([true, false, true], device: _device),
            },
            new Dictionary<string, string> { ["format"] = "pt" });
        byte[] valid = File.ReadAllBytes(path);
        int refused = 0;
        for (int seed = 0; seed < 2000; seed++)
        {
            byte[] bytes = Mutation.Apply(valid, seed);
            _folder.Write("mutated", bytes);
            ReferenceDevice device = new();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                foreach (Tensor tensor in Safetensors.Load(_folder.File("mutated"), device).Values)
                {
                    tensor.Dispose();
                }
            }
            catch (ModelFileException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}: {error}");
            }

            // Exceptions with their traces take the most of it.
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(200_000), $"managed bytes, seed {seed}");
            Assert.That(device.Pool.Report.Peak, Is.LessThan(bytes.Length + 4096), $"device bytes, seed {seed}");
        }

        Assert.That(refused, Is.GreaterThan(1000), "most damage must be noticed, or the test damages nothing");
    }

    private static byte[] Assemble(byte[] header, int dataBytes)
    {
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. Enumerable.Repeat((byte)1, dataBytes)];
    }
}
