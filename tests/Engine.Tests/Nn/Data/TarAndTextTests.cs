using System.Text;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed class TarAndTextTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase(false)]
    [TestCase(true)]
    public void Shards_FilesOfOneName_AreOneSample(bool compress)
    {
        _folder.Write("t-08.tar", Tar(compress, ("./a/1.jpg", "one"), ("./a/1.CLS", "3"), ("a/2.seg.png", "two"), ("folder.d/.hidden", "x"), ("nodot", "x"), ("a/2.cls", "")));
        _folder.Write("t-09.tar", Tar(compress, ("a/2.cls", "5")));
        TarSample[] samples = [.. TarShards.Read(_folder.File("t-{08..09}.tar"))];
        Assert.That(samples.Select(static s => s.Key), Is.EqualTo((string[])["a/1", "a/2", "a/2"]), "shards are apart");
        Assert.That(samples[0].Files.Keys, Is.EqualTo((string[])["jpg", "cls"]));
        Assert.That(Encoding.UTF8.GetString(samples[0].Files["jpg"]), Is.EqualTo("one"));
        Assert.That(samples[1].Files["seg.png"], Is.EqualTo("two"u8.ToArray()));
        Assert.That(samples[1].Files["cls"], Is.Empty);
        Assert.That(samples[2].Shard, Is.EqualTo(_folder.File("t-09.tar")));
        Assert.That(TarShards.Read(_folder.Write("empty.tar", Tar(compress))), Is.Empty);
    }

    [Test]
    public void Shards_Patterns_AreExpanded()
    {
        Assert.That(TarShards.Expand("a-{08..11}.tar"), Is.EqualTo((string[])["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]));
        Assert.That(TarShards.Expand("a.tar"), Is.EqualTo((string[])["a.tar"]));
        foreach (string pattern in (string[])["{", "}", "{}", "}{1..2}", "{2..1}", "{1..x}", "{1..2..3}", "{0..1000000}", "{-1..2}"])
        {
            Assert.That(() => TarShards.Expand(pattern), Throws.ArgumentException.With.Message.Contains("no pattern of shards"), pattern);
        }
    }

    [Test]
    public void Shards_BadFiles_AreRefused()
    {
        byte[] valid = Tar(false, ("1.jpg", "one"), ("1.cls", "3"));
        Assert.That(() => Read(Tar(false, ("1.jpg", "one"), ("1.jpg", "two"))), Refused("'1' has 'jpg' twice"));
        Assert.That(() => TarShards.Read(_folder.Write("x", valid), maxSampleBytes: 3).ToArray(), Refused("more than the limit of 3 bytes"));
        Assert.That(() => Read(valid[..700]), Refused("damaged or cut short"));
        Assert.That(() => Read([.. Enumerable.Repeat((byte)'x', 2000)]), Refused("damaged or cut short"));
        Assert.That(() => Read(valid[..1024]), Refused("does not end with a block of zeros"), "the first file alone");
        byte[] noChecksum = [.. valid];
        noChecksum.AsSpan(1024 + 148, 8).Clear();
        Assert.That(() => Read(noChecksum), Refused("does not end with a block of zeros"), "a header that .NET's reader takes for the end");
        Assert.That(Read([]), Is.Empty);
        byte[] gzip = Tar(true, ("1.jpg", new string('x', 5000)));
        gzip[gzip.Length / 2] ^= 0x55;
        Assert.That(() => Read(gzip), Refused("damaged"));
        int refused = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            try
            {
                Read(Mutation.Apply(valid, seed));
            }
            catch (DataFileException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(50), "most damage to headers must be noticed");
    }

    [TestCase("", "")]
    [TestCase("a", "a")]
    [TestCase("a\n", "a")]
    [TestCase("a\nb", "a|b")]
    [TestCase("\n\na\r\n\r\nb\r", "||a||b")]
    [TestCase("\uFEFFä\n\uFEFF", "ä|\uFEFF")]
    [TestCase("\uFEFF", "")]
    public void Lines_AreThoseOfTheFile(string text, string expected)
    {
        using TextLines lines = new(_folder.Write("x.txt", Encoding.UTF8.GetBytes(text)));
        string[] wanted = text.Trim('\uFEFF').Length == 0 ? [] : expected.Split('|');
        Assert.That(lines, Is.EqualTo(wanted));
        Assert.That(lines.Count, Is.EqualTo(wanted.Length));
        Assert.That(() => lines[lines.Count], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => lines[-1], Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Lines_LongerThanABuffer_FromManyThreads()
    {
        string[] written = [.. Enumerable.Range(0, 2000).Select(static i => new string((char)('a' + (i % 26)), i * 37 % 5000))];
        File.WriteAllLines(_folder.File("x.txt"), written);
        using TextLines lines = new(_folder.File("x.txt"));
        string[] read = new string[lines.Count];
        Parallel.For(0, read.Length, i => read[read.Length - 1 - i] = lines[read.Length - 1 - i]);
        Assert.That(read.AsSpan().SequenceEqual(written));
    }

    [Test]
    public void Lines_NotUtf8_NamesTheLine()
    {
        using TextLines lines = new(_folder.Write("x.txt", [.. "good\n"u8, 0xC3, 0x28]));
        Assert.That(lines[0], Is.EqualTo("good"));
        Assert.That(() => lines[1], Refused("line 2 is not UTF-8"));
        Assert.That(() => new TextLines(_folder.File("none.txt")), Throws.TypeOf<FileNotFoundException>());
    }

    private TarSample[] Read(byte[] file) => [.. TarShards.Read(_folder.Write("x.tar", file))];

    private static byte[] Tar(bool compress, params (string Name, string Content)[] files) => TarFiles.OfTexts(compress, files);

    private static NUnit.Framework.Constraints.IResolveConstraint Refused(string reason) => Throws.TypeOf<DataFileException>().With.Message.Contains(reason);
}
