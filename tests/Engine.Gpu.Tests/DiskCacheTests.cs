using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed class DiskCacheTests
{
    private static readonly KernelSource s_source = new("k", "text of a kernel", 64, 0);
    private static readonly byte[] s_binary = [.. Enumerable.Range(0, 1000).Select(static i => (byte)(i * 7))];

    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("engine-kernels-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Write_ThenReadByAnotherProcess_GivesTheSameBytes()
    {
        new DiskCache(_folder).Write(s_source, "device", s_binary);
        Assert.That(new DiskCache(_folder).TryRead(s_source, "device"), Is.EqualTo(s_binary));
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(1));
    }

    [Test]
    public void TryRead_OtherDeviceTextOrName_FindsNothing()
    {
        DiskCache cache = new(_folder);
        cache.Write(s_source, "device", s_binary);
        Assert.That(cache.TryRead(s_source, "newer driver"), Is.Null);
        Assert.That(cache.TryRead(s_source with { Text = "another text" }, "device"), Is.Null);
        Assert.That(cache.TryRead(s_source with { Name = "other" }, "device"), Is.Null);
    }

    [Test]
    public void TryRead_AnyByteChanged_IsNotBelievedAndWrittenAnew()
    {
        DiskCache cache = new(_folder);
        cache.Write(s_source, "device", s_binary);
        string file = Directory.GetFiles(_folder).Single();
        byte[] intact = File.ReadAllBytes(file);
        for (int i = 0; i < intact.Length; i += 13)
        {
            byte[] damaged = [.. intact];
            damaged[i] ^= 0x10;
            File.WriteAllBytes(file, damaged);
            Assert.That(cache.TryRead(s_source, "device"), Is.Null, $"byte {i}");
        }

        cache.Write(s_source, "device", s_binary);
        Assert.That(cache.TryRead(s_source, "device"), Is.EqualTo(s_binary));
    }

    [Test]
    public void TryRead_Truncated_IsNotBelieved([Values(0, 1, 4, 36, 67, 68, 69, 1000, 1067)] int length)
    {
        DiskCache cache = new(_folder);
        cache.Write(s_source, "device", s_binary);
        string file = Directory.GetFiles(_folder).Single();
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..length]);
        Assert.That(cache.TryRead(s_source, "device"), Is.Null);
    }

    [Test]
    public void TryRead_FileOfAnotherKernelUnderThisName_IsNotBelieved()
    {
        DiskCache cache = new(_folder);
        cache.Write(s_source, "device", s_binary);
        string file = Directory.GetFiles(_folder).Single();
        KernelSource other = s_source with { Text = "another text" };
        cache.Write(other, "device", [1, 2, 3]);
        string otherFile = Directory.GetFiles(_folder).Single(f => f != file);
        File.Copy(otherFile, file, overwrite: true);
        Assert.That(cache.TryRead(s_source, "device"), Is.Null);
    }

    [Test]
    public void Write_WhileOthersReadAndWrite_ShowsWholeEntriesOnly()
    {
        byte[][] contents = [.. Enumerable.Range(0, 4).Select(static i => Enumerable.Repeat((byte)i, 100_000 + i).ToArray())];
        new DiskCache(_folder).Write(s_source, "device", contents[0]);
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            DiskCache cache = new(_folder);
            if (i % 2 == 0)
            {
                cache.Write(s_source, "device", contents[i % 4]);
            }

            byte[]? read = cache.TryRead(s_source, "device");
            Assert.That(read is null || contents.Any(content => content.AsSpan().SequenceEqual(read)), Is.True);
        });
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(1));
        Assert.That(new DiskCache(_folder).TryRead(s_source, "device"), Is.Not.Null);
    }

    [Test]
    public void Folder_ThatCannotBeMade_IsNoError()
    {
        string file = Path.Combine(_folder, "a file");
        File.WriteAllText(file, "in the way");
        foreach (string folder in (string[])[file, Path.Combine(file, "below"), "bad\0name"])
        {
            DiskCache cache = new(folder);
            Assert.That(() => cache.Write(s_source, "device", s_binary), Throws.Nothing);
            Assert.That(cache.TryRead(s_source, "device"), Is.Null);
        }
    }

    [Test]
    public void Start_BeyondTheLimit_DeletesTheOldest()
    {
        DiskCache cache = new(_folder);
        KernelSource[] sources = [.. Enumerable.Range(0, 5).Select(static i => s_source with { Text = $"kernel {i}" })];
        foreach (KernelSource source in sources)
        {
            HashSet<string> before = [.. Directory.GetFiles(_folder)];
            cache.Write(source, "device", s_binary);
            string added = Directory.GetFiles(_folder).Single(file => !before.Contains(file));
            File.SetLastWriteTimeUtc(added, new DateTime(2020, 1, 1 + before.Count, 0, 0, 0, DateTimeKind.Utc));
        }

        cache = new DiskCache(_folder, limit: 2500);
        Assert.That(sources.Select(source => cache.TryRead(source, "device") is not null), Is.EqualTo(new[] { false, false, false, true, true }));
    }

    [Test]
    public void Start_WithLeftoversOfDeadWriters_DeletesOldOnes()
    {
        string entry = new string('a', 64) + ".kernel";
        string old = Path.Combine(_folder, entry + ".1.1.unfinished"), turn = Path.Combine(_folder, entry + ".turn");
        string young = Path.Combine(_folder, entry + ".2.1.unfinished"), foreign = Path.Combine(_folder, "notes.unfinished");
        foreach (string file in (string[])[old, turn, young, foreign])
        {
            File.WriteAllText(file, "x");
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(file == young ? 0 : -1));
        }

        _ = new DiskCache(_folder);
        Assert.That(Directory.GetFiles(_folder), Is.EquivalentTo(new[] { young, foreign }));
    }

    [Test]
    public void FromSetting_Off_KeepsNothing()
    {
        Assert.That(DiskCache.FromSetting("off"), Is.Null);
        Assert.That(DiskCache.FromSetting("OFF"), Is.Null);
        DiskCache? cache = DiskCache.FromSetting(_folder);
        cache!.Write(s_source, "device", s_binary);
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(1));
    }
}
