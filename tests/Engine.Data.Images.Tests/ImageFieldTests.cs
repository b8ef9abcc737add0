using System.Formats.Tar;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Data.Images.Tests;

/// <summary>Pictures in tar shards are those of an image folder; workers decode them.</summary>
internal sealed class ImageFieldTests
{
    private const int Count = 12;

    private string _folder = string.Empty;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("shards-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(false)]
    [TestCase(true)]
    public void Shards_HaveTheBitsOfFiles_AtAnyNumberOfWorkers(bool asBytes)
    {
        byte[][] files = Files();
        string path = Write(files);
        ImageOptions options = new() { AsBytes = asBytes, Normalization = asBytes ? null : PixelNormalization.ImageNet };
        IImageTransform[] transforms = [new RandomResizedCrop(16), new RandomHorizontalFlip(), new ColorJitter(0.2)];
        TarDataset shards = new(path, [new("jpg", new ImageFieldDecoder(options, transforms))], [new("cls", FieldDecoder.Class)]);
        ImageFileDataset images = new ImageFileDataset(files.Select(static file => (ReadOnlyMemory<byte>)file), options: options).With(transforms);
        byte[] wanted = Epoch(new DataLoader(images, 5) { Seed = 3, Device = Device.Cpu, Prefetch = 0 });
        foreach (int workers in (int[])[1, 2, 3])
        {
            Assert.That(Epoch(new DataLoader(shards, 5) { Seed = 3, Device = Device.Cpu, Workers = workers }), Is.EqualTo(wanted), $"{workers} workers, shards");
            Assert.That(Epoch(new DataLoader(images, 5) { Seed = 3, Device = Device.Cpu, Workers = workers }), Is.EqualTo(wanted), $"{workers} workers, files");
        }

        byte[] plain = Epoch(new DataLoader(images.WithoutRandomChanges(), 5) { Seed = 3, Device = Device.Cpu });
        Assert.That(Epoch(new DataLoader(shards.WithoutRandomChanges(), 5) { Seed = 4, Device = Device.Cpu }), Is.EqualTo(plain));
        Assert.That(plain, Is.Not.EqualTo(wanted));
    }

    /// <summary>Every worker decodes: two samples are in the making at the same time, of files and of shards.</summary>
    [Test]
    public void Workers_DecodeAtTheSameTime()
    {
        byte[][] files = Files();
        using Barrier both = new(2);
        Meeting meeting = new(both);
        ImageFileDataset images = new ImageFileDataset(files.Select(static file => (ReadOnlyMemory<byte>)file)).With(new CenterCrop(8), meeting);
        TarDataset shards = new(Write(files), [new("jpg", new ImageFieldDecoder(null, new CenterCrop(8), meeting))]);
        Epoch(new DataLoader(images, 1) { Device = Device.Cpu, Workers = 2 });
        Epoch(new DataLoader(shards, 1) { Device = Device.Cpu, Workers = 2 });
        Assert.That(both.CurrentPhaseNumber, Is.EqualTo(Count), "12 images of each, two at a time");
    }

    [Test]
    public void BadPictures_NameShardAndFile()
    {
        string path = Write([.. Files()[..2], [1, 2, 3]]);
        TarDataset shards = new(path, [new("jpg", new ImageFieldDecoder(null, new CenterCrop(8)))]);
        Assert.That(() => Epoch(new DataLoader(shards, 1) { Device = Device.Cpu }), Throws.TypeOf<BadImageException>().With.Message.Contains(path).And.Message.Contains("002.jpg"));
        TarDataset small = new(path, [new("jpg", new ImageFieldDecoder(new ImageOptions { MaxFileBytes = 10 }))]);
        Assert.That(() => Epoch(new DataLoader(small, 1) { Device = Device.Cpu }), Throws.TypeOf<BadImageException>().With.Message.Contains("MaxFileBytes"));
    }

    private static byte[][] Files() => [.. Enumerable.Range(0, Count).Select(static i => Pictures.File(40 + i, 50 - i, seed: i))];

    private string Write(byte[][] files)
    {
        string path = Path.Combine(_folder, "t.tar");
        using FileStream stream = File.Create(path);
        using TarWriter tar = new(stream, TarEntryFormat.Ustar);
        for (int i = 0; i < files.Length; i++)
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"{i:D3}.jpg") { DataStream = new MemoryStream(files[i]) });
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"{i:D3}.cls") { DataStream = new MemoryStream([.. System.Text.Encoding.ASCII.GetBytes($"{i}")]) });
        }

        return path;
    }

    private static byte[] Epoch(DataLoader loader) => [.. loader.Epoch(1).SelectMany(static batch =>
    {
        using (batch)
        {
            return ((HostArray)batch.Inputs).Bytes.ToArray().Concat(batch.AllTargets.Count == 0 ? [] : ((HostArray)batch.Targets).Bytes.ToArray()).ToArray();
        }
    })];

    /// <summary>Waits until another thread is in the same place.</summary>
    private sealed class Meeting(Barrier barrier) : IImageTransform
    {
        public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
        {
            if (!barrier.SignalAndWait(TimeSpan.FromSeconds(30)))
            {
                throw new TimeoutException("nobody else decodes");
            }

            source.CopyTo(destination);
        }
    }
}
