using Engine.Nn;
using NUnit.Framework;
using SkiaSharp;

namespace Engine.Data.Images.Tests;

internal sealed class ImageFolderTests
{
    private string _root = string.Empty;

    [SetUp]
    public void MakeFolder() => _root = Directory.CreateTempSubdirectory("images-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_root, recursive: true);

    [Test]
    public void Layout_IsTorchvisions()
    {
        Write("dog/b.png", 1);
        Write("dog/a.PNG", 2);
        Write("cat/sub/x.png", 3);
        Write("cat/z.png", 4);
        Write("Zebra/1.png", 5);
        File.WriteAllText(Path.Combine(_root, "cat", "notes.txt"), "no image");
        File.WriteAllText(Path.Combine(_root, "readme.txt"), "no class");
        ImageFolder folder = new(_root);
        Assert.Multiple(() =>
        {
            Assert.That(folder.ClassNames, Is.EqualTo((string[])["Zebra", "cat", "dog"]));
            Assert.That(folder.ClassToIndex["dog"], Is.EqualTo(2));
            Assert.That(folder.ToString(), Is.EqualTo($"ImageFolder({_root}: 5 images of 3 classes: Zebra, cat, dog)"));
            Assert.That(ImageFolder.Unlabeled(_root).ToString(), Is.EqualTo("ImageFileDataset(5 images)"));
            Assert.That(folder.Files.Select(path => Path.GetRelativePath(_root, path).Replace('\\', '/')), Is.EqualTo((string[])["Zebra/1.png", "cat/z.png", "cat/sub/x.png", "dog/a.PNG", "dog/b.png"]));
            Assert.That(folder.Targets, Is.EqualTo((long[])[0, 1, 1, 2, 2]));
            Assert.That(folder.ClassNumbers(), Is.EqualTo((long[])[0, 1, 1, 2, 2]));
            Assert.That(new ImageFolder(_root, isValid: static path => Path.GetFileName(path) is "1.png" or "z.png" or "a.PNG").Count, Is.EqualTo(3));
            Assert.That(ImageFolder.Unlabeled(_root).Count, Is.EqualTo(5));
            Assert.That(() => new ImageFolder(_root, extensions: [".jpg"]), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("Zebra, cat, dog"));
            Assert.That(() => new ImageFolder(Path.Combine(_root, "none")), Throws.TypeOf<DirectoryNotFoundException>());
            Assert.That(() => new ImageFolder(Path.Combine(_root, "cat", "sub")), Throws.TypeOf<DirectoryNotFoundException>().With.Message.Contains("Unlabeled"));
        });

        using Batch batch = folder.GetBatch(new BatchRequest([4, 0], Device.Cpu));
        Assert.That(batch.Inputs.Shape, Is.EqualTo(new Shape(2, 3, 6, 5)));
        Assert.That(batch.Targets.ToArray<long>(), Is.EqualTo((long[])[2, 0]));
        Assert.That(batch.Inputs.ToArray<float>()[0], Is.EqualTo(1 / 255f));
        Assert.That(batch.Inputs.ToArray<float>()[90], Is.EqualTo(5 / 255f));
        using Batch unlabeled = ImageFolder.Unlabeled(_root).GetBatch(new BatchRequest([3, 1], Device.Cpu));
        Assert.That(unlabeled.Targets.ToArray<long>(), Is.EqualTo((long[])[3, 1]), "the numbers of the samples");
    }

    /// <summary>The same sample has the same bits in batches of any size, on any number of threads, and in a run that begins in the middle.</summary>
    [Test]
    public void Samples_DoNotDependOnTheBatch()
    {
        ImageFileDataset images = Made(12).With(
            new RandomResizedCrop(16), new RandomHorizontalFlip(), new ColorJitter(0.2, 0.2, 0.2, 0.1), new RandomApply([new GaussianBlur(3)]), new RandomErasing(), new RandomRotation(10));
        float[] together = Epoch(new DataLoader(images, 12) { Shuffle = true, Seed = 4, Device = Device.Cpu, Prefetch = 0 }, 2);
        Assert.That(Epoch(new DataLoader(images, 5) { Shuffle = true, Seed = 4, Device = Device.Cpu }, 2), Is.EqualTo(together));
        Assert.That(Epoch(new DataLoader(images, 1) { Shuffle = true, Seed = 4, Device = Device.Cpu, Prefetch = 3 }, 2), Is.EqualTo(together));
        Assert.That(Epoch(new DataLoader(images, 12) { Shuffle = true, Seed = 4, Device = Device.Cpu }, 3), Is.Not.EqualTo(together));
        float[] end = [.. new DataLoader(images, 4) { Shuffle = true, Seed = 4, Device = Device.Cpu }.Epoch(2, firstBatch: 2).SelectMany(Taken)];
        Assert.That(end, Is.EqualTo(together[^end.Length..]));
    }

    [Test]
    public void Split_LeavesValidationUnchanged()
    {
        ImageFileDataset images = Made(10);
        (IDataset train, IDataset validation) = images.With(new RandomResizedCrop(16), new RandomHorizontalFlip(), new ColorJitter(0.5)).Split(0.4, seed: 3);
        (IDataset _, IDataset plain) = images.With(new Resize(19), new CenterCrop(16)).Split(0.4, seed: 3);
        Assert.That(Taken(validation, 4, seed: 1), Is.EqualTo(Taken(plain, 4, seed: 2)));
        Assert.That(Taken(train, 6, seed: 1), Is.Not.EqualTo(Taken(train, 6, seed: 2)));
        Assert.That(Taken(images.Split(0.4, seed: 3).Train.With(new CenterCrop(8)), 6, 0), Has.Length.EqualTo(6 * 3 * 64), "With of a part");
        Assert.That(images.StratifiedSplit(0.4).Train.Count, Is.EqualTo(6));
    }

    [Test]
    public void Bytes_AndNormalization()
    {
        byte[] file = Pictures.Plain(4, 4, 10, 20, 30);
        using Batch bytes = new ImageFileDataset([(ReadOnlyMemory<byte>)file], [7], new ImageOptions { AsBytes = true }).GetBatch(new BatchRequest([0, 0], Device.Cpu));
        Assert.That(bytes.Inputs.DType, Is.EqualTo(DType.UInt8));
        Assert.That(bytes.Inputs.ToArray<byte>()[12..20], Is.EqualTo((byte[])[10, 10, 10, 10, 20, 20, 20, 20]));
        Assert.That(bytes.Targets.ToArray<long>(), Is.EqualTo((long[])[7, 7]));
        using Batch floats = new ImageFileDataset([(ReadOnlyMemory<byte>)file], options: new ImageOptions { Normalization = PixelNormalization.ImageNet }).GetBatch(new BatchRequest([0], Device.Cpu));
        Assert.That(floats.Inputs.ToArray<float>()[16], Is.EqualTo(((20 / 255f) - 0.456f) / 0.224f));
        Assert.That(
            () => new ImageFileDataset([(ReadOnlyMemory<byte>)file], options: new ImageOptions { Normalization = PixelNormalization.ImageNet }).With(new Grayscale()).GetBatch(new BatchRequest([0], Device.Cpu)),
            Throws.ArgumentException.With.Message.Contains("channels"));
    }

    [Test]
    public void TwoSizesInABatch_NamesTheFileAndTheWayOut()
    {
        ImageFileDataset images = new([(ReadOnlyMemory<byte>)Pictures.Plain(4, 4, 1, 1, 1), (ReadOnlyMemory<byte>)Pictures.Plain(4, 5, 1, 1, 1)]);
        Assert.That(() => images.GetBatch(new BatchRequest([0, 1], Device.Cpu)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("image 1").And.Message.Contains("RandomResizedCrop"));
    }

    [Test]
    public void BadSample_Throws_WithItsFile()
    {
        Write("a/good.png", 1);
        File.WriteAllText(Path.Combine(_root, "a", "worse.png"), "no picture");
        Assert.That(() => new ImageFolder(_root).GetBatch(new BatchRequest([0, 1], Device.Cpu)), Throws.TypeOf<BadImageException>().With.Message.Contains("worse.png"));
        File.Delete(Path.Combine(_root, "a", "good.png"));
        ImageFolder none = new(_root, new ImageOptions { OnBadSample = OnBadSample.Replace });
        Assert.That(() => none.GetBatch(new BatchRequest([0], Device.Cpu)), Throws.TypeOf<BadImageException>().With.Message.Contains("BadSamples"));
    }

    /// <summary>The next good one of the same part stands in, whatever was read before, and every bad one is listed once.</summary>
    [Test]
    public void BadSample_IsReplacedByTheNextGoodOne()
    {
        byte[][] files = [.. Enumerable.Range(0, 10).Select(static i => i is 2 or 3 or 9 ? Pictures.File(6, 5)[..40] : Pictures.Plain(6, 5, (byte)i, 0, 0))];
        ImageOptions options = new() { AsBytes = true, OnBadSample = OnBadSample.Replace };
        ImageFileDataset images = Made();
        Assert.That(Firsts(images, 0, 2, 3, 9, 5), Is.EqualTo((byte[])[0, 4, 4, 0, 5]));
        Assert.That(Firsts(images, 2), Is.EqualTo((byte[])[4]), "and again");
        Assert.That(images.BadSamples.Select(static bad => bad.Index), Is.EqualTo((int[])[2, 3, 9]));
        Assert.That(images.BadSamples[0].File, Is.EqualTo("image 2"));
        Assert.That(images.ReplacementCount, Is.EqualTo(4));
        using Batch batch = images.GetBatch(new BatchRequest([2], Device.Cpu));
        Assert.That(batch.Targets.ToArray<long>(), Is.EqualTo((long[])[104]), "its own class comes with it");

        // Of a part, and of a part of a part: only its own samples.
        IDataset part = Made().Subset([0, 1, 2, 7, 9]);
        Assert.That(Firsts(part, 2, 4), Is.EqualTo((byte[])[7, 0]));
        Assert.That(Firsts(part.Subset([1, 2]), 1), Is.EqualTo((byte[])[1]));
        Assert.That(Firsts(part.WithoutRandomChanges(), 2), Is.EqualTo((byte[])[7]));
        Assert.That(Made().FindBadSamples().Select(static bad => bad.Index), Is.EqualTo((int[])[2, 3, 9]));

        ImageFileDataset Made() => new(files.Select(static file => (ReadOnlyMemory<byte>)file), Enumerable.Range(100, 10).Select(static i => (long)i), options);

        static byte[] Firsts(IDataset data, params int[] indices)
        {
            using Batch batch = data.GetBatch(new BatchRequest(indices, Device.Cpu));
            byte[] bytes = batch.Inputs.ToArray<byte>();
            return [.. Enumerable.Range(0, indices.Length).Select(i => bytes[i * 90])];
        }
    }

    [Test]
    public void WrongLists_AreRefused()
    {
        Assert.That(static () => new ImageFileDataset(["a.jpg", "b.jpg"], [1L]), Throws.ArgumentException.With.Message.Contains("2 files and 1 classes"));
        Assert.That(static () => new ImageFileDataset((IEnumerable<string>)null!), Throws.ArgumentNullException);
        Assert.That(static () => new ImageFileDataset(["a.jpg"]).Read(1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(static () => new ImageOptions { MaxPixels = 0 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(static () => new ImageOptions { Colors = (ImageColors)2 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static ImageFileDataset Made(int count) => new(
        Enumerable.Range(0, count).Select(static i => (ReadOnlyMemory<byte>)Pictures.File(30 + i, 40 - i, i % 2 == 0 ? SKEncodedImageFormat.Jpeg : SKEncodedImageFormat.Png, seed: i)),
        Enumerable.Range(0, count).Select(static i => (long)(i % 2)));

    private static float[] Epoch(DataLoader loader, int epoch) => [.. loader.Epoch(epoch).SelectMany(Taken)];

    private static float[] Taken(IDataset data, int count, ulong seed)
    {
        int[] indices = [.. Enumerable.Range(0, count)];
        return Taken(data.GetBatch(new BatchRequest(indices, Device.Cpu, seed)));
    }

    private static float[] Taken(Batch batch)
    {
        using (batch)
        {
            return batch.Inputs.ToArray<float>();
        }
    }

    private void Write(string path, byte red)
    {
        string file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, Pictures.Plain(6, 5, red, 0, 0));
    }
}
