using System.Globalization;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>The rows of arrays in .npz files.</summary>
internal sealed class NpzDatasetTests
{
    private readonly ReferenceDevice _device = new();
    private TemporaryFolder _folder = null!;

    private string Path => _folder.File("x.npz");

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase(false)]
    [TestCase(true)]
    public void Rows_AreSamples_ByName(bool compress)
    {
        Write(compress);
        TensorDataset data = TensorDataset.FromNpz(Path, ["image", "table"], ["label"], weights: "w");
        using Batch batch = data.GetBatch(new BatchRequest([2, 0], _device));
        Assert.That(data.Count, Is.EqualTo(3));
        Assert.That(batch.ToString(), Is.EqualTo("Batch(inputs image u8 [2, 2, 2], table f64 [2, 1]; targets label i64 [2]; weights f32 [2])"));
        Assert.That(batch["image"].ToArray<byte>(), Is.EqualTo((byte[])[8, 9, 10, 11, 0, 1, 2, 3]));
        Assert.That(batch["label"].ToArray<long>(), Is.EqualTo((long[])[7, 5]));
        Assert.That(batch.Weights!.ToArray<float>(), Is.EqualTo((float[])[3, 1]));
        using Batch inputsAlone = TensorDataset.FromNpz(Path, ["label"]).GetBatch(new BatchRequest([1], _device));
        Assert.That((inputsAlone.Inputs.Item<long>(), inputsAlone.AllTargets.Count), Is.EqualTo((6L, 0)));
        Assert.That(new DataLoader(data, 2) { Device = _device }.Epoch(0).Count(static b => { b.Dispose(); return true; }), Is.EqualTo(2));
    }

    /// <summary>Fortran's order, big-endian numbers and small integers come out of host reading as they come out of <see cref="Npy.Load"/>.</summary>
    [TestCase("'>f4'", true, "2, 3, 2", 4)]
    [TestCase("'<f8'", true, "3, 4", 8)]
    [TestCase("'<i2'", true, "2, 3, 2", 2)]
    [TestCase("'>u2'", false, "12", 2)]
    [TestCase("'|i1'", false, "3, 4", 1)]
    [TestCase("'<f4'", true, "0, 3", 4)]
    [TestCase("'<f4'", false, "", 4)]
    public void NpyDecoder_ReadsWhatNpyLoads(string type, bool fortran, string shape, int size)
    {
        int count = shape.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static s => int.Parse(s, CultureInfo.InvariantCulture)).Aggregate(1, static (a, b) => a * b);
        string header = $"{{'descr': {type}, 'fortran_order': {(fortran ? "True" : "False")}, 'shape': ({shape}{(shape.Contains(',', StringComparison.Ordinal) || shape.Length == 0 ? "" : ",")}), }}\n";
        byte[] elements = [.. Enumerable.Range(0, count * size).Select(static i => (byte)(i * 37))];
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(header), .. elements];
        using Tensor loaded = Npy.Load(_folder.Write("x.npy", file), _device);
        SampleRandom random = default;
        HostArray array = FieldDecoder.Npy.Decode(file, "x", ref random);
        HostArray wanted = loaded;
        Assert.That(array.ToString(), Is.EqualTo(wanted.ToString()));
        Assert.That(array.Bytes.SequenceEqual(wanted.Bytes), Is.True);
    }

    [Test]
    public void Mistakes_AreNamed()
    {
        Write(compress: false);
        Assert.That(() => TensorDataset.FromNpz(Path, ["image"], ["target"]), Throws.TypeOf<DataFileException>().With.Message.Contains("has no array 'target'; it has image, table, label, w, short, one"));
        Assert.That(() => TensorDataset.FromNpz(Path, ["image", "short"]), Throws.TypeOf<DataFileException>().With.Message.Contains("'image' [3, 2, 2], 'short' [2]"));
        Assert.That(() => TensorDataset.FromNpz(Path, ["one"]), Throws.TypeOf<DataFileException>().With.Message.Contains("axis 0"));
        Assert.That(() => TensorDataset.FromNpz(Path, ["image"], weights: "table"), Throws.TypeOf<DataFileException>().With.Message.Contains("'weights' [3, 1]"));
        Assert.That(() => TensorDataset.FromNpz(Path, ["image"], ["label"], maxBytes: 20), Throws.TypeOf<DataFileException>().With.Message.Contains("more than the limit of 8"));
        Assert.That(() => TensorDataset.FromNpz(Path, []), Throws.ArgumentException);
        Assert.That(() => TensorDataset.FromNpz(Path, ["image"], ["image"]), Throws.ArgumentException);
        Assert.That(() => TensorDataset.FromNpz(Path, [""]), Throws.ArgumentException);
        Assert.That(() => TensorDataset.FromNpz(_folder.File("none"), ["a"]), Throws.TypeOf<FileNotFoundException>());
    }

    [TestCase(false)]
    [TestCase(true)]
    public void DamagedFiles_AreRefused(bool compress)
    {
        Write(compress);
        byte[] valid = File.ReadAllBytes(Path);
        int refused = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            _folder.Write("x.npz", Mutation.Apply(valid, seed));
            try
            {
                TensorDataset.FromNpz(Path, ["image", "table"], ["label"]);
            }
            catch (DataFileException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(100));
    }

    private void Write(bool compress) => Npz.Save(
        Path,
        new Dictionary<string, Tensor>
        {
            ["image"] = Tensor.From<byte>([.. Enumerable.Range(0, 12).Select(static i => (byte)i)], [3, 2, 2], _device),
            ["table"] = Tensor.From<double>([1, 2, 3], [3, 1], _device),
            ["label"] = Tensor.From<long>([5, 6, 7], _device),
            ["w"] = Tensor.From<float>([1, 2, 3], _device),
            ["short"] = Tensor.From<float>([1, 2], _device),
            ["one"] = Tensor.Scalar(1, device: _device),
        },
        compress);
}
