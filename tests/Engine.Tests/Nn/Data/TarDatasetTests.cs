using System.Text;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Tar shards as a stream: fields, orders, reading on from any sample with the same bits, and files that are no good.</summary>
internal sealed class TarDatasetTests
{
    private const int PerShard = 5;

    private readonly ReferenceDevice _device = new();
    private TemporaryFolder _folder = null!;

    private static readonly FieldDecoder s_noisy = new NoisyDecoder();

    private string Pattern => _folder.File("t-{0..3}.tar");

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Fields_BecomeInputsAndTargets_ByName()
    {
        Npy.Save(_folder.File("a.npy"), Tensor.From<float>([1, 2, 3, 4], [2, 2], _device));
        _folder.Write("t.tar", TarFiles.Of(false, ("a.npy", File.ReadAllBytes(_folder.File("a.npy"))), ("a.cls", "3\n"u8.ToArray()), ("a.json", "{\"box\": [1, 2.5], \"of\": {\"id\": 7, \"ids\": [4, 5]}}"u8.ToArray()), ("a.txt", "to be\r\n"u8.ToArray()), ("a.num", " 0.25"u8.ToArray())));
        TarDataset named = new(
            _folder.File("t.tar"),
            [new("x;npy", FieldDecoder.Npy, "array"), new("txt", FieldDecoder.Text(static text => text.Split(' ').Select(static word => (long)word.Length).ToArray()), "words"), new("txt", FieldDecoder.Bytes, "bytes"), new("num", FieldDecoder.Number, "number")],
            [new("cls", FieldDecoder.Class), new("json", FieldDecoder.JsonNumber("box")), new("json", FieldDecoder.JsonClass("of.id")), new("json", FieldDecoder.JsonClass("of.ids"))]);
        using Batch batch = new DataLoader(named, 2) { Device = _device }.Epoch(0).Single();
        Assert.That(batch.ToString(), Is.EqualTo("Batch(inputs array f32 [1, 2, 2], words i64 [1, 2], bytes u8 [1, 7], number f32 [1]; targets i64 [1], f32 [1, 2], i64 [1], i64 [1, 2])"));
        Assert.That(batch["array"].ToArray<float>(), Is.EqualTo((float[])[1, 2, 3, 4]));
        Assert.That(batch["words"].ToArray<long>(), Is.EqualTo((long[])[2, 2]));
        Assert.That(batch["number"].ToArray<float>(), Is.EqualTo((float[])[0.25f]));
        Assert.That(batch.AllTargets[1].ToArray<float>(), Is.EqualTo((float[])[1, 2.5f]));
        Assert.That((batch.AllTargets[0].Item<long>(), batch.AllTargets[2].Item<long>()), Is.EqualTo((3L, 7L)));
        using Batch bare = new DataLoader(new TarDataset([_folder.File("t.tar")], [new TarField("cls", FieldDecoder.Class)]), 2) { Device = _device }.Epoch(0).Single();
        Assert.That((bare.Inputs.Item<long>(), bare.AllTargets.Count), Is.EqualTo((3L, 0)));
    }

    [TestCase(false, 0, 1)]
    [TestCase(false, 3, 3)]
    [TestCase(true, 2, 2)]
    public void Epoch_FromAnyBatch_GoesOnWithTheSameBits(bool compress, int prefetch, int workers)
    {
        WriteShards(compress);
        IStreamDataset mixed = Shards(s_noisy).Shuffle(6);
        double[][] whole = Read(new DataLoader(mixed, 3) { Device = _device, Seed = 5, Prefetch = 0 }, 2);
        Assert.That(whole.SelectMany(static b => b).Select(Math.Floor), Is.EquivalentTo(Enumerable.Range(0, 4 * PerShard)).And.Not.Ordered);
        DataLoader loader = new(mixed, 3) { Device = _device, Seed = 5, Prefetch = prefetch, Workers = workers };
        DataLoader plain = new(Shards(s_noisy), 3) { Device = _device, Seed = 5, Prefetch = prefetch, Workers = workers };
        double[][] wholePlain = Read(plain, 2);
        for (int first = 0; first <= whole.Length; first++)
        {
            Assert.That(Read(loader, 2, first), Is.EqualTo(whole[first..]));
            Assert.That(Read(plain, 2, first), Is.EqualTo(wholePlain[first..]));
        }
    }

    [Test]
    public void ShuffleShards_FollowsFromSeedAndEpoch()
    {
        WriteShards(compress: false);
        double[] first = Order(1, 0);
        Assert.That(first, Is.EquivalentTo(Enumerable.Range(0, 4 * PerShard)));
        Assert.That(first.Chunk(PerShard), Has.All.Ordered, "samples of a shard stay in order");
        Assert.That(Order(1, 0), Is.EqualTo(first));
        Assert.That(Enumerable.Range(1, 5).Select(epoch => Order(1, epoch)), Has.Some.Not.EqualTo(first));
        Assert.That(Enumerable.Range(2, 5).Select(seed => Order(seed, 0)), Has.Some.Not.EqualTo(first));
        Assert.That(Read(new DataLoader(new TarDataset(Pattern, [new("num", FieldDecoder.Number)]), 100) { Device = _device }, 3).Single(), Is.Ordered);

        double[] Order(long seed, int epoch) => Read(new DataLoader(Shards(FieldDecoder.Number), 4) { Device = _device, Seed = seed }, epoch).SelectMany(static b => b).ToArray();
    }

    [Test]
    public void Resuming_DecodesNothingThatItPassesOver()
    {
        int decoded = 0;
        WriteShards(compress: false);

        TarDataset counted = new(Pattern, [new("num", FieldDecoder.From(file => { Interlocked.Increment(ref decoded); return float.Parse(file, System.Globalization.CultureInfo.InvariantCulture); }))]);
        Assert.That(Read(new DataLoader(counted, 4) { Device = _device }, 0, 4).SelectMany(static b => b), Is.EqualTo((double[])[16, 17, 18, 19]));
        Assert.That(decoded, Is.EqualTo(4));
    }

    [TestCase(false, 19 << 20)]
    [TestCase(true, 19 << 20)]
    public void Resuming_TakesNoMemoryForWhatItPassesOver(bool compress, int contentBytes)
    {
        _folder.Write("t.tar", TarFiles.Of(compress, Enumerable.Range(0, 20).Select(static i => ($"{i}.num", new byte[1 << 20]))));
        StreamRequest last = new(0, FirstSample: 19);
        TarDataset shards = new(_folder.File("t.tar"), [new("num", FieldDecoder.Bytes)]);
        _ = shards.Read(last).Count();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(shards.Read(last).Count(), Is.EqualTo(1));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(contentBytes / 4), "the last sample's file and the headers");
    }

    [Test]
    public void WithoutRandomChanges_KeepsTheOrder_AndDecodesPlainly()
    {
        WriteShards(compress: false);
        double[] noisy = Read(new DataLoader(Shards(s_noisy), 20) { Device = _device, Seed = 1 }, 0)[0];
        IStreamDataset plain = ((IStreamDataset)Shards(s_noisy)).WithoutRandomChanges();
        Assert.That(Read(new DataLoader(plain, 20) { Device = _device, Seed = 1 }, 0)[0], Is.EqualTo(noisy.Select(Math.Floor)));
        Assert.That(noisy, Is.Not.EqualTo(noisy.Select(Math.Floor)));
    }

    [TestCase("cls", "x", "'x' is no whole number")]
    [TestCase("cls", "", "'' is no whole number")]
    [TestCase("cls", "1.5", "no whole number")]
    [TestCase("num", "1,5", "'1,5' is no number")]
    [TestCase("txt", "\u00e4", "is not UTF-8")]
    [TestCase("npy", "no", "\\x93NUMPY")]
    [TestCase("json", "{", "no JSON text")]
    [TestCase("json", "{}", "has no property 'a.b'")]
    [TestCase("json", "{\"a\": [1]}", "has no property 'a.b'")]
    [TestCase("json", "{\"a\": {\"b\": {}}}", "an object, not a number")]
    [TestCase("json", "{\"a\": {\"b\": [[1]]}}", "an array, not a number")]
    [TestCase("json", "{\"a\": {\"b\": \"1\"}}", "\"1\", not a number")]
    [TestCase("whole", "{\"a\": {\"b\": 1.5}}", "1.5, not a whole number")]
    [TestCase("none", "", "sample 'f/s' has no none or one; it has cls, num")]
    public void BadFiles_AreNamed(string field, string content, string reason)
    {
        Dictionary<string, FieldDecoder> decoders = new() { ["cls"] = FieldDecoder.Class, ["num"] = FieldDecoder.Number, ["txt"] = FieldDecoder.Text(static t => t.Length), ["npy"] = FieldDecoder.Npy, ["json"] = FieldDecoder.JsonNumber("a.b"), ["whole"] = FieldDecoder.JsonClass("a.b"), ["none"] = FieldDecoder.Bytes };
        string[] there = field == "none" ? ["cls", "num"] : [field];
        _folder.Write("t.tar", TarFiles.Of(false, there.Select(name => ($"f/s.{name}", Encoding.Latin1.GetBytes(content)))));
        TarDataset shards = new(_folder.File("t.tar"), [new(field == "none" ? "none;one" : field, decoders[field])]);
        Assert.That(() => Read(new DataLoader(shards, 1) { Device = _device }, 0), Throws.TypeOf<DataFileException>().With.Message.Contains(reason).And.Message.Contains(_folder.File("t.tar")));
    }

    [Test]
    public void Arguments_AreChecked()
    {
        WriteShards(compress: false);
        TarField one = new("cls", FieldDecoder.Class), named = new("cls", FieldDecoder.Class, "a");
        Assert.That(() => new TarDataset("a.tar", []), Throws.ArgumentException.With.Message.Contains("no inputs"));
        Assert.That(() => new TarDataset("a.tar", [one, named]), Throws.ArgumentException.With.Message.Contains("name of their own"));
        Assert.That(() => new TarDataset("a.tar", [one], [named, named]), Throws.ArgumentException.With.Message.Contains("name of their own"));
        Assert.That(() => new TarDataset("a{.tar", [one]), Throws.ArgumentException);
        Assert.That(() => new TarDataset(Pattern, [one]) { MaxSampleBytes = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        foreach (string extensions in (string[])["", ";", "JPG", ".jpg", "jpg; png"])
        {
            Assert.That(() => new TarField(extensions, FieldDecoder.Bytes), Throws.ArgumentException, extensions);
        }

        Assert.That(() => Read(new DataLoader(new TarDataset(Pattern, [new("num", FieldDecoder.Number)]) { MaxSampleBytes = 0 }, 1) { Device = _device }, 0), Throws.TypeOf<DataFileException>().With.Message.Contains("limit of 0 bytes"));
        Assert.That(() => new TarDataset(_folder.File("none.tar"), [one]), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("none.tar"));
    }

    [Test]
    public void DamagedShards_AreRefusedOrRead_AtAnyFirstSample()
    {
        byte[] valid = TarFiles.OfTexts(false, Enumerable.Range(0, 6).Select(static i => ($"{i}.num", $"{i}")));
        int refused = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            _folder.Write("x.tar", Mutation.Apply(valid, seed));
            try
            {
                Read(new DataLoader(new TarDataset(_folder.File("x.tar"), [new("num", FieldDecoder.Number)]), 1) { Device = _device, Prefetch = 0 }, 0, seed % 4);
            }
            catch (DataFileException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(30));
        Assert.That(_device.Pool.Report.Blocks, Is.Zero);
    }

    private TarDataset Shards(FieldDecoder decoder) => new(Pattern, [new("num", decoder)]) { ShuffleShards = true };

    private void WriteShards(bool compress)
    {
        for (int shard = 0; shard < 4; shard++)
        {
            _folder.Write($"t-{shard}.tar", TarFiles.OfTexts(compress, Enumerable.Range(shard * PerShard, PerShard).SelectMany(static i => ((string, string)[])[($"{i:D3}.num", $"{i}"), ($"{i:D3}.txt", new string('x', 50 * i))])));
        }
    }

    private static double[][] Read(DataLoader loader, int epoch, int first = 0) => [.. loader.Epoch(epoch, first).Select(static batch =>
    {
        using (batch)
        {
            return batch.Inputs.ToArray<float>().Select(static v => (double)v).ToArray();
        }
    })];

    /// <summary>The number in a file and something below one.</summary>
    private sealed class NoisyDecoder : FieldDecoder
    {
        public override HostArray Decode(byte[] file, string name, ref SampleRandom random) =>
            float.Parse(file, System.Globalization.CultureInfo.InvariantCulture) + (float)(0.9 * random.NextDouble());

        public override FieldDecoder WithoutRandomChanges() => Number;
    }
}
