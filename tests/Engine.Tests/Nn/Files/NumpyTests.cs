using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Files that NumPy wrote (tests/golden_tools/make_numpy_files.py), files for it, and files that lie.</summary>
internal sealed class NumpyTests
{
    private readonly ReferenceDevice _device = new();
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("arrays.npz")]
    [TestCase("compressed.npz")]
    public void Load_EveryTypeAndOrder_HasNumPysValues(string file)
    {
        Dictionary<string, Tensor> loaded = Npz.Load(Data(file), _device);
        double[] ramp = [.. Enumerable.Range(0, 24).Select(static i => (double)i)];
        Check("f4", DType.Float32, [2, 3, 4], ramp);
        Check("fortran", DType.Float32, [2, 3, 4], ramp);
        Check("fortran_row", DType.Float32, [1, 24], ramp);
        Check("f8_big", DType.Float64, [24], [.. ramp.Select(static v => v / 4)]);
        Check("f2", DType.Float16, [3], [1.5, -2, double.PositiveInfinity]);
        Check("i4_big", DType.Int32, [2, 1], [-1, int.MaxValue]);
        Check("i8", DType.Int64, [1], [-(1L << 40)]);
        Check("i2_big", DType.Int32, [2], [-300, 300]);
        Check("i1", DType.Int32, [2], [-100, 100]);
        Check("u1", DType.UInt8, [2], [0, 255]);
        Check("u2", DType.Int32, [1], [65535]);
        Check("u4", DType.Int64, [1], [uint.MaxValue]);
        Check("b1", DType.Bool, [2], [1, 0]);
        Check("scalar", DType.Float64, [], [2.5]);
        Check("empty", DType.Float32, [3, 0, 2], []);
        Assert.That(loaded, Has.Count.EqualTo(15));

        void Check(string name, DType dtype, int[] shape, double[] values)
        {
            Assert.That(loaded[name].DType, Is.EqualTo(dtype), name);
            Assert.That(loaded[name].Shape.ToArray(), Is.EqualTo(shape), name);
            Assert.That(loaded[name].IsContiguous, name);
            Assert.That(loaded[name].ToArray<double>(), Is.EqualTo(values), name);
        }
    }

    [TestCase("f4.npy")]
    [TestCase("version2.npy")]
    [TestCase("version3.npy")]
    public void Load_EveryVersion_Works(string file) =>
        Assert.That(Npy.Load(Data(file), _device).ToArray<float>(), Is.EqualTo(Enumerable.Range(0, 24).Select(static i => (float)i)));

    [TestCase("object", "Python objects, which are code")]
    [TestCase("record", "it holds records")]
    [TestCase("complex", "complex numbers")]
    [TestCase("text", "texts")]
    [TestCase("u8", "unsigned 64-bit numbers")]
    [TestCase("date", "dates")]
    public void Load_OtherTypes_AreRefusedByName(string type, string reason) =>
        Assert.That(() => Npy.Load(Data($"refused_{type}.npy"), _device), Refused(reason));

    [Test]
    public void Save_MakesTheBytesOfNumPy()
    {
        Npy.Save(_folder.File("x.npy"), Tensor.From<float>([.. Enumerable.Range(0, 24).Select(static i => (float)i)], [2, 3, 4], _device));
        Assert.That(File.ReadAllBytes(_folder.File("x.npy")), Is.EqualTo(File.ReadAllBytes(Data("f4.npy"))));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void SaveThenLoad_KeepsTypesShapesAndValues(bool compress)
    {
        Dictionary<string, Tensor> saved = new()
        {
            ["bool"] = Tensor.From<bool>([true, false], device: _device),
            ["u8"] = Tensor.From<byte>([0, 255], device: _device),
            ["i32"] = Tensor.From<int>([-1, int.MaxValue], device: _device),
            ["folder/i64"] = Tensor.From<long>([1L << 40], device: _device),
            ["f16"] = Tensor.From<Half>([(Half)1.5], device: _device),
            ["f32"] = Tensor.From<float>([1, 2, 3, 4, 5, 6], [2, 3], _device).T,
            ["f64"] = Tensor.From<double>([3.5], Shape.Scalar, _device),
            ["empty"] = Tensor.Empty([3, 0], DType.Float32, _device),
            ["large"] = Tensor.From<int>([.. Enumerable.Range(0, 300_000)], device: _device),
        };
        Npz.Save(_folder.File("x.npz"), saved, compress);
        Dictionary<string, Tensor> loaded = Npz.Load(_folder.File("x.npz"), _device);
        Assert.That(loaded.Keys, Is.EquivalentTo(saved.Keys));
        foreach ((string name, Tensor tensor) in saved)
        {
            Assert.That(loaded[name].DType, Is.EqualTo(tensor.DType), name);
            Assert.That(loaded[name].Shape, Is.EqualTo(tensor.Shape), name);
            Assert.That(loaded[name].ToArray<double>().AsSpan().SequenceEqual(tensor.ToArray<double>()), name);
        }

        Npz.Save(_folder.File("y.npz"), new Dictionary<string, Tensor> { ["bf16"] = Tensor.From<BFloat16>([new BFloat16(0xC000)], device: _device) }, compress);
        Assert.That(Npz.Load(_folder.File("y.npz"), _device)["bf16"].DType, Is.EqualTo(DType.Float32), "NumPy has no bfloat16");
    }

    [TestCase("../x")]
    [TestCase("/x")]
    [TestCase("a\\b")]
    [TestCase("")]
    public void Save_NameThatLeadsAway_Throws(string name) => Assert.That(
        () => Npz.Save(_folder.File("x.npz"), new Dictionary<string, Tensor> { [name] = Tensor.From<float>([1], device: _device) }), Throws.ArgumentException.With.Message.Contains("cannot be named"));

    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8, null)]
    [TestCase("{\"shape\":(2L,),\"descr\":\"<f4\",\"fortran_order\":False}", 8, null)]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, "claims 8 bytes of elements, but 7 follow")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, "claims 8 bytes of elements, but 9 follow")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647), }", 8, "more elements than can be counted")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483648,), }", 8, "sizes from 0 to")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 8, "sizes from 0 to")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 8, "at most 8 sizes")]
    [TestCase("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }", 8, "not a dictionary of")]
    [TestCase("{'descr': '<f4', 'fortran_order': False}", 8, "not a dictionary of")]
    [TestCase("{'descr': '<f4', 'descr': '<f4'}", 8, "once too often")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", 8, "once too often")]
    [TestCase("{'descr': '<f3', 'fortran_order': False, 'shape': (2,)}", 8, "a type that is not known")]
    [TestCase("{'descr': '', 'fortran_order': False, 'shape': (2,)}", 8, "a type that is not known")]
    [TestCase("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", 2, "other than 0 and 1")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", 8, "not a dictionary of")]
    [TestCase("{'descr", 8, "not a dictionary of")]
    [TestCase("", 8, "not a dictionary of")]
    public void Load_Header_IsReadOrRefused(string header, int dataBytes, string? reason)
    {
        byte[] text = Encoding.ASCII.GetBytes(header);
        string path = _folder.Write("x.npy", [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. text, .. Enumerable.Repeat((byte)7, dataBytes)]);
        Assert.That(() => Npy.Load(path, _device), reason is null ? Throws.Nothing : Refused(reason));
    }

    [Test]
    public void Load_BrokenFiles_AreRefused()
    {
        Assert.That(() => Npy.Load(_folder.Write("x", "NUMPY"u8.ToArray()), _device), Refused("begins with"));
        Assert.That(() => Npy.Load(_folder.Write("x", [0x93, .. "NUMPY"u8, 9, 0, 0, 0]), _device), Refused("version 9"));
        Assert.That(() => Npy.Load(_folder.Write("x", [0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 127]), _device), Refused("its header claims 2,147,483,647 bytes"));
        Assert.That(() => Npy.Load(_folder.Write("x", [0x93, .. "NUMPY"u8, 1, 0, 200, 0, 1]), _device), Refused("ends within its header"));
        Assert.That(() => Npz.Load(Data("f4.npy"), _device), Refused("no directory of a zip archive"));
    }

    [Test]
    public void Load_CompressionBomb_IsRefusedBeforeItsMemory()
    {
        byte[] header = NpyHeader.Write(DType.Float32, [1 << 22]);
        byte[] bomb = PickleText.Zip(CompressionLevel.Optimal, ("x.npy", [.. header, .. new byte[1 << 24]]));
        Assert.That(bomb, Has.Length.LessThan(100_000));
        string path = _folder.Write("bomb.npz", bomb);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => Npz.Load(path, _device, maxBytes: 1 << 20), Refused("takes 16,777,216 bytes, more than the limit of 1,048,576"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        Assert.That(_device.Pool.Report.Peak, Is.Zero);

        // A directory that claims more than its compression can hold.
        int entry = bomb.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(bomb.AsSpan(entry + 24), 0x7FFFFFFF);
        Assert.That(() => Npz.Load(_folder.Write("lie.npz", bomb), _device), Refused("which cannot be"));
    }

    [Test]
    public void Load_WrongChecksum_IsRefused()
    {
        byte[] file = PickleText.Zip(CompressionLevel.NoCompression, ("x.npy", [.. NpyHeader.Write(DType.Float32, [2]), .. PickleText.Floats(1, 2)]));
        int at = file.AsSpan().IndexOf(PickleText.Floats(1, 2));
        file[at] ^= 1;
        Assert.That(() => Npz.Load(_folder.Write("x.npz", file), _device), Refused("its checksum is another"));
    }

    [TestCase("arrays.npz")]
    [TestCase("compressed.npz")]
    [TestCase("f4.npy")]
    public void Load_MutatedFiles_LoadOrThrowTyped_WithinAMemoryBound(string name)
    {
        byte[] valid = File.ReadAllBytes(Data(name));
        int refused = 0;
        for (int seed = 0; seed < 700; seed++)
        {
            string path = _folder.Write("mutated", Mutation.Apply(valid, seed));
            ReferenceDevice device = new();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                _ = name.EndsWith('y') ? Npy.Load(path, device).Rank : Npz.Load(path, device).Count;
            }
            catch (DataFileException)
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

        Assert.That(refused, Is.GreaterThan(200), "most damage must be noticed, or the test damages nothing");
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Refused(string reason) => Throws.TypeOf<DataFileException>().With.Message.Contains(reason);

    private static string Data(string file) => Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "numpy", file);
}
