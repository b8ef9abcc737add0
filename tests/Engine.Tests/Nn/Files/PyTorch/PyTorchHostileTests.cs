using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Checkpoints of PyTorch that lie: each is refused with the one declared exception, in little memory and time.</summary>
internal sealed class PyTorchHostileTests
{
    private readonly ReferenceDevice _device = new();
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("os", "system")]
    [TestCase("posix", "system")]
    [TestCase("builtins", "eval")]
    [TestCase("__builtin__", "exec")]
    [TestCase("builtins", "getattr")]
    [TestCase("subprocess", "Popen")]
    [TestCase("torch", "load")]
    [TestCase("torch.storage", "_load_from_bytes")]
    [TestCase("torch._utils", "_rebuild_qtensor")]
    [TestCase("collections", "defaultdict")]
    [TestCase("a\u202Eb", "c\u0007d")]
    public void Load_NameOfCode_IsRefusedByName(string module, string name)
    {
        byte[] global = new PickleText().Global(module, name).Raw("(").Text("touch x").Raw("tR").Stop();
        byte[] stackGlobal = new PickleText().Text(module).Text(name).Raw(0x93).Raw("(").Text("touch x").Raw("tR").Stop();
        foreach (byte[] pickle in (byte[][])[global, stackGlobal])
        {
            ModelFileException error = Assert.Throws<ModelFileException>(() => Load(PickleText.Archive(pickle)))!;
            Assert.That(error.Message, Does.Contain(FileText.Quote($"{module}.{name}")).And.Contains("torch.save(model.state_dict(), path)").And.Not.Contains("\u202E"));
        }
    }

    // Each is a whole pickle but for its first two bytes, the protocol.
    [TestCase("(ios\nsystem\n.", "instruction 0x69")]
    [TestCase("cos\nsystem\n(o.", "'os.system'")]
    [TestCase("(ccollections\nOrderedDict\no.", "instruction 0x6F")]
    [TestCase("\u0082\u0001.", "instruction 0x82")]
    [TestCase("\u0097.", "instruction 0x97")]
    [TestCase("I1\n.", "instruction 0x49")]
    [TestCase(".", "takes a value that is not there")]
    [TestCase("(.", "takes a value that is not there")]
    [TestCase("NN.", "values left over")]
    [TestCase("t.", "a mark that is not there")]
    [TestCase("1.", "a mark that is not there")]
    [TestCase("N(N(R.", "takes a value that is not there")]
    [TestCase("NR.", "without a tuple of arguments")]
    [TestCase("N)R.", "calls None")]
    [TestCase("])R.", "calls something that is no function")]
    [TestCase("ctorch\nSize\n)R.", "Size with arguments that it does not take")]
    [TestCase("ccollections\nOrderedDict\n(NtR.", "OrderedDict with arguments that it does not take")]
    [TestCase("c__builtin__\nset\n((NltR.", "Set with arguments that it does not take")]
    [TestCase("(NNNtQ.", "names a storage in a way")]
    [TestCase("NQ.", "names a storage in a way")]
    [TestCase("N}b.", "sets attributes of something")]
    [TestCase("Na.", "takes a value that is not there")]
    [TestCase("NNa.", "what is not a list")]
    [TestCase("NNNs.", "what is not a dictionary")]
    [TestCase("}NNs.", "a key that is neither text nor a number")]
    [TestCase("}(K\u0001u.", "without a value")]
    [TestCase("\u008F(N\u0090.", "a member that is neither text nor a number")]
    [TestCase("N\u0093.", "takes a value that is not there")]
    [TestCase("NN\u0093.", "names something by no text")]
    [TestCase("h\u0000.", "recalls value 0 of 0")]
    [TestCase("Nr\u00FF\u00FF\u00FF\u00FF.", "under number 4294967295 after 0")]
    [TestCase("X\u00FF\u00FF\u00FF\u007Fabc.", "claims 2,147,483,647 bytes, but 4 follow")]
    [TestCase("X\u00FF\u00FF\u00FF\u00FFabc.", "claims 4,294,967,295 bytes, but 4 follow")]
    [TestCase("\u008D\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u007Fx.", "but 2 follow")]
    [TestCase("\u008E\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FFx.", "claims -1 bytes")]
    [TestCase("\u008B\u00FF\u00FF\u00FF\u00FF.", "claims -1 bytes")]
    [TestCase("N", "ends too early")]
    [TestCase("cos", "ends too early")]
    [TestCase("G\u0001", "ends too early")]
    public void Load_BrokenPickle_ThrowsWithTheReason(string pickle, string reason) =>
        Assert.That(() => Load(PickleText.Archive([0x80, 2, .. pickle.Select(static c => (byte)c)])), Refused(reason));

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(6)]
    public void Load_OtherProtocol_IsRefused(int protocol) => Assert.That(() => Load(PickleText.Archive([0x80, (byte)protocol, (byte)'N', (byte)'.'])), Refused("protocol 2 to 5"));

    [Test]
    public void Load_NameWithoutEnd_IsRefused() => Assert.That(() => Load(PickleText.Archive(new PickleText().Raw("c").Raw(new string('a', 5000)).Stop())), Refused("a name without an end"));

    [Test]
    public void LoadAll_MemoBomb_IsSmall()
    {
        // Each list holds the one before twice: 2^200 paths lead to the innermost.
        PickleText pickle = new();
        pickle.Raw("]q\u0000");
        for (int i = 1; i <= 200; i++)
        {
            pickle.Raw("0](h").Raw((byte)(i - 1)).Raw("h").Raw((byte)(i - 1)).Raw("eq").Raw((byte)i);
        }

        byte[] itself = new PickleText().Raw("]q\u0000h\u0000a").Stop();
        Assert.That(PyTorchFile.LoadAll(_folder.Write("x", PickleText.Archive(pickle.Stop())), _device), Is.Not.Null);
        List<object?> loop = (List<object?>)PyTorchFile.LoadAll(_folder.Write("x", PickleText.Archive(itself)), _device)!;
        Assert.That(ReferenceEquals(loop[0], loop));
    }

    [Test]
    public void Load_DeepNesting_TakesNoStack()
    {
        byte[] tuples = new PickleText().Raw("N").Raw([.. Enumerable.Repeat((byte)0x85, 500_000)]).Stop();
        byte[] marks = new PickleText().Raw([.. Enumerable.Repeat((byte)'(', 500_000)]).Stop();
        Assert.That(() => Load(PickleText.Archive(tuples)), Refused("does not hold a dictionary"));
        Assert.That(() => Load(PickleText.Archive(marks)), Refused("takes a value that is not there"));
    }

    [Test]
    public void Load_MillionsOfCollections_AreRefused()
    {
        byte[] many = new PickleText().Raw([.. Enumerable.Repeat((byte)'}', PickleMachine.MaxObjects + 1)]).Stop();
        Assert.That(() => Load(PickleText.Archive(many)), Refused("more than 2,000,000 objects"));
    }

    [Test]
    public void LoadAll_KeysThatWouldCollide_TakeNoTime()
    {
        const int Keys = 50_000;
        PickleText pickle = new();
        pickle.Raw("}(");
        for (long i = 0; i < Keys; i++)
        {
            // The two halves of a 64-bit number cancel out in its usual hash.
            pickle.Whole((i << 32) | i).Raw("N");
        }

        byte[] archive = PickleText.Archive(pickle.Raw("u").Stop());
        string path = _folder.Write("x", archive);
        long start = Stopwatch.GetTimestamp();
        Assert.That(((OrderedDictionary<object, object?>)PyTorchFile.LoadAll(path, _device)!).Count, Is.EqualTo(Keys));
        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(3)), "a hash that collides takes a minute");
    }

    [TestCase(0L, 3L, 1L, "reaches over 3, but its storage has 2")]
    [TestCase(1L, 2L, 1L, "begins at element 1 and reaches over 2")]
    [TestCase(3L, 1L, 1L, "begins at element 3")]
    [TestCase(-1L, 1L, 1L, "reaches farther than any file does")]
    [TestCase(0L, 2L, 2L, "reaches over 3")]
    [TestCase(0L, 2L, long.MaxValue, "reaches farther than any file does")]
    [TestCase(long.MaxValue, 1L, 1L, "begins at element 9,223,372,036,854,775,807")]
    [TestCase(0L, -1L, 1L, "is not a number from 0 on")]
    [TestCase(0L, 2L, -1L, "is not a number from 0 on")]
    [TestCase(0L, 1L << 40, 0L, "is not a number from 0 on")]
    [TestCase(0L, (long)int.MaxValue, 0L, "show the same elements many times")]
    public void Load_TensorOutsideOfItsStorage_IsRefused(long offset, long size, long stride, string reason) =>
        Assert.That(() => Load(Archive(2, offset, [size], [stride])), Refused(reason));

    [Test]
    public void Load_ImpossibleShapes_AreRefused()
    {
        Assert.That(() => Load(Archive(1, 0, [1, 1], [1])), Refused("2 sizes and 1 strides"));
        Assert.That(() => Load(Archive(1, 0, [1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1])), Refused("9 sizes"));
        Assert.That(() => Load(Archive(1, 0, [int.MaxValue, int.MaxValue, int.MaxValue], [0, 0, 0])), Refused("farther than any file"));
        Assert.That(() => Load(Archive(-1, 0, [1], [1])), Refused("claims -1 elements"));
        Assert.That(() => Load(Archive(long.MaxValue, 0, [1L << 30], [1])), Refused("claims 9,223,372,036,854,775,807 elements"));
        Assert.That(() => Load(Archive(long.MaxValue / 8, 0, [1L << 30], [1])), Refused("but its storage has 2"));
        Assert.That(() => Load(PickleText.Archive(new PickleText().Named("w", static p => p.Tensor("0", 2, 0, [2], [1])).Stop())), Refused("no file 'a/data/0'"));
        Assert.That(() => Load(PickleText.Archive(new PickleText().Named("w", static p => p.Tensor("0", 2, 0, [2], [1], "BoolStorage")).Stop(), ("a/data/0", [1, 2]))), Refused("bytes other than 0 and 1"));
        Assert.That(() => Load(PickleText.Archive(new PickleText().Named("w", static p => p.Tensor("0", 2, 0, [2], [1], "UntypedStorage")).Stop(), ("a/data/0", [1, 2]))), Refused("has no element type"));
        Assert.That(Load(Archive(2, 0, [0, 5], [7, 1L << 60]))["w"].Shape, Is.EqualTo(new Shape(0, 5)), "nothing is read for no elements");
    }

    [Test]
    public void Load_ManyViewsOfOneStorage_AreBounded()
    {
        const int Elements = 1 << 18;
        PickleText pickle = new();
        pickle.Raw("}");
        for (int i = 0; i < 100; i++)
        {
            pickle.Text($"w{i}").Tensor("0", Elements, 0, [2], [Elements - 1]).Raw("s");
        }

        byte[] archive = PickleText.Archive(pickle.Stop(), ("a/data/0", new byte[Elements * 4]));
        Assert.That(() => Load(archive), Refused("show the same elements many times"));
        Assert.That(_device.Pool.Report.Peak, Is.LessThan(10 * archive.Length));
    }

    [Test]
    public void Load_CompressedOrForeignArchives_AreRefused()
    {
        byte[] pickle = new PickleText().Named("w", static p => p.Tensor("0", 1, 0, [1], [1])).Stop();
        byte[] zeros = new byte[4 << 20];
        Assert.That(() => Load(PickleText.Zip(CompressionLevel.Optimal, ("a/data.pkl", [.. pickle, .. zeros]))), Refused("is compressed, which PyTorch never does"));
        Assert.That(() => Load(PickleText.Zip(CompressionLevel.NoCompression, ("b", pickle))), Refused("with 0 files data.pkl"));
        Assert.That(() => Load(PickleText.Archive(pickle, ("b/data.pkl", pickle))), Refused("with 2 files data.pkl"));
        Assert.That(() => Load(PickleText.Archive(pickle, ("a/byteorder", "middle"u8.ToArray()))), Refused("its byte order is 'middle'"));
        Assert.That(() => Load(PickleText.Archive(pickle, ("a/../../etc/x", []))), Refused("leads out of it"));
        Assert.That(() => Load(PickleText.Archive(pickle, ("/etc/x", []))), Refused("leads out of it"));
        Assert.That(() => Load(PickleText.Archive(pickle, ("a\\x", []))), Refused("leads out of it"));
        Assert.That(() => Load(PickleText.Archive(pickle, ("a/data/0", []), ("a/data/0", []))), Refused("'a/data/0' is twice"));
        Assert.That(() => Load("safetensors?"u8.ToArray()), Refused("neither a zip archive nor a pickle"));
        Assert.That(() => Load([0x50]), Refused("it has 1 bytes"));
    }

    // Where the directory's record of the second file lies, its fields follow: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12.
    [TestCase(24, 5u, "claims 5 bytes and takes 4")]
    [TestCase(20, 5u, "claims 5 bytes, which do not lie within the archive")]
    [TestCase(20, 3u, "claims 4 bytes and takes 3")]
    [TestCase(20, 0x7FFFFFFFu, "do not lie within the archive")]
    [TestCase(20, 0xFFFFFFFFu, "64-bit sizes of 'a/data/0' in its zip archive are missing")]
    [TestCase(42, 0u, "is not where the directory")]
    [TestCase(42, 0xFFFFFFF0u, "is not where the directory")]
    [TestCase(10, 12u, "compressed by method 12")]
    [TestCase(8, 1u, "encrypted")]
    [TestCase(28, 0xFFFFu, "is cut short")]
    [TestCase(0, 0u, "entry 1 of its zip archive is damaged")]
    public void Load_DirectoryThatLies_IsRefused(int field, uint value, string reason)
    {
        byte[] archive = Archive(1, 0, [1], [1], 4);
        int entry = archive.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        if (field is 8 or 10 or 28)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(archive.AsSpan(entry + field), (ushort)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(entry + field), value);
        }

        Assert.That(() => Load(archive), Refused(reason));
    }

    [Test]
    public void Load_OverlappingFiles_AreRefused()
    {
        // The first file claims the bytes of the second as well.
        byte[] archive = Archive(1, 0, [1], [1], 4);
        int first = archive.AsSpan().IndexOf("PK\u0001\u0002"u8);
        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(archive.AsSpan(first + 24)) + 20;
        BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(first + 20), bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(first + 24), bytes);
        Assert.That(() => Load(archive), Refused("overlap in its zip archive"));
    }

    [TestCase(0x1, "not one that torch.save wrote")]
    [TestCase(0x2, "of a version")]
    public void Load_ForeignPickle_IsRefused(int kind, string reason)
    {
        byte[] magic = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];
        byte[] file = kind == 1 ? new PickleText().Whole(5).Stop() : [.. magic, .. new PickleText().Whole(5).Stop()];
        Assert.That(() => Load(file), Refused(reason));
    }

    [TestCase("tensors.pth")]
    [TestCase("tensors_legacy.pth")]
    public void Load_EveryBeginning_IsRefused(string name)
    {
        byte[] valid = File.ReadAllBytes(Data(name));
        for (int length = 0; length < valid.Length; length += 13)
        {
            byte[] part = valid[..length];
            Assert.That(() => Load(part), Throws.TypeOf<ModelFileException>(), $"{length} bytes");
        }
    }

    [TestCase("tensors.pth")]
    [TestCase("checkpoint_legacy.pth")]
    [TestCase("checkpoint_4.pth")]
    public void LoadAll_MutatedFiles_LoadOrThrowTyped_WithinAMemoryBound(string name)
    {
        byte[] valid = File.ReadAllBytes(Data(name));
        int refused = 0;
        for (int seed = 0; seed < 1000; seed++)
        {
            string path = _folder.Write("mutated", Mutation.Apply(valid, seed));
            ReferenceDevice device = new();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                PyTorchFile.LoadAll(path, device);
            }
            catch (ModelFileException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}: {error}");
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000), $"managed bytes, seed {seed}");
            Assert.That(device.Pool.Report.Peak, Is.LessThan(100_000), $"device bytes, seed {seed}");
        }

        Assert.That(refused, Is.GreaterThan(300), "most damage must be noticed, or the test damages nothing");
    }

    private Dictionary<string, Tensor> Load(byte[] file) => PyTorchFile.Load(_folder.Write("x.pth", file), _device);

    /// <summary>A file with one tensor, whose storage holds two floats or so many bytes.</summary>
    private static byte[] Archive(long count, long offset, long[] sizes, long[] strides, int bytes = 8) =>
        PickleText.Archive(new PickleText().Named("w", p => p.Tensor("0", count, offset, sizes, strides)).Stop(), ("a/data/0", new byte[bytes]));

    private static NUnit.Framework.Constraints.IResolveConstraint Refused(string reason) =>
        Throws.TypeOf<ModelFileException>().With.Message.Contains(reason).And.Message.Contains("Cannot read");

    private static string Data(string file) => Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "pytorch", file);
}
