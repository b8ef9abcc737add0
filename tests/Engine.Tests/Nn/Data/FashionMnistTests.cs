using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed class FashionMnistTests
{
    private static readonly string s_shipped = Path.Combine(AppContext.BaseDirectory, FashionMnist.ShippedDirectory);

    [TestCase(true, 10_000)]
    [TestCase(false, 2_000)]
    public void Shipped_HasAsManyOfEachClass(bool train, int count)
    {
        ImageDataset data = FashionMnist.Load(s_shipped, train);
        Assert.That(data.Count, Is.EqualTo(count));
        Assert.That(data.Image, Is.EqualTo(new Shape(1, 28, 28)));
        Assert.That(data.Labels.ToArray().CountBy(static label => label).OrderBy(static c => c.Key).Select(static c => c.Value), Is.EqualTo(Enumerable.Repeat(count / 10, 10)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Shipped_IsTheFirstOfEachClassOfTheFullSet(bool train)
    {
        if (!Directory.Exists(FashionMnist.SystemDirectory))
        {
            Assert.Ignore($"the full set is not installed in {FashionMnist.SystemDirectory}");
        }

        ImageDataset shipped = FashionMnist.Load(s_shipped, train), full = FashionMnist.Load(FashionMnist.SystemDirectory, train);
        int[] taken = new int[10];
        int next = 0;
        for (int i = 0; i < full.Count && next < shipped.Count; i++)
        {
            if (taken[full.Labels[i]]++ >= shipped.Count / 10)
            {
                continue;
            }

            Assert.That(shipped.Labels[next], Is.EqualTo(full.Labels[i]), $"label {next}");
            Assert.That(shipped.Pixels(next).SequenceEqual(full.Pixels(i)), Is.True, $"image {next}");
            next++;
        }

        Assert.That(next, Is.EqualTo(shipped.Count));
    }

    [Test]
    public void FindDirectory_PrefersWhatIsNamed()
    {
        Assert.That(FashionMnist.FindDirectory(s_shipped), Is.EqualTo(s_shipped));
        Assert.That(() => FashionMnist.FindDirectory("/nowhere"), Throws.TypeOf<DirectoryNotFoundException>().With.Message.Contains("/nowhere").And.Message.Contains("ENGINE_FASHION_MNIST"));
        Assert.That(FashionMnist.FindDirectory(), Is.EqualTo(Directory.Exists(FashionMnist.SystemDirectory) ? FashionMnist.SystemDirectory : s_shipped));
    }

    [Test]
    public void Load_FilesThatDoNotBelongTogether_Throws()
    {
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(s_shipped, "train-images-idx3-ubyte.gz"), folder.File("train-images-idx3-ubyte.gz"));
        Assert.That(() => FashionMnist.Load(folder.Path, train: true), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("train-labels-idx1-ubyte"));

        File.Copy(Path.Combine(s_shipped, "t10k-labels-idx1-ubyte.gz"), folder.File("train-labels-idx1-ubyte.gz"));
        Assert.That(() => FashionMnist.Load(folder.Path, train: true), Throws.TypeOf<DataFileException>().With.Message.Contains("10000 images and 2000 labels"));

        folder.Write("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0x27, 0x10, .. Enumerable.Repeat((byte)10, 10_000)]);
        Assert.That(() => FashionMnist.Load(folder.Path, train: true), Throws.TypeOf<DataFileException>().With.Message.Contains("Label 0").And.Message.Contains("is 10"));

        File.Copy(Path.Combine(s_shipped, "train-images-idx3-ubyte.gz"), folder.File("train-labels-idx1-ubyte"), overwrite: true);
        Assert.That(() => FashionMnist.Load(folder.Path, train: true), Throws.TypeOf<DataFileException>().With.Message.Contains("u8 [N] belong there"));
    }

    [Test]
    public void Load_NormalizedPixels_HaveMeanZeroAndDeviationOne()
    {
        ImageDataset data = FashionMnist.Load(s_shipped, train: true);
        using Batch batch = data.GetBatch(new BatchRequest([.. Enumerable.Range(0, data.Count)], ReferenceDevice.Shared));
        HostSpan<float> pixels = batch.Inputs.AsSpan<float>();
        double sum = 0, squares = 0;
        foreach (float pixel in pixels)
        {
            sum += pixel;
            squares += pixel * pixel;
        }

        // Mean and Std are those of all 60,000 images; a sixth of them comes this near.
        Assert.That(sum / pixels.Length, Is.EqualTo(0).Within(0.01));
        Assert.That(Math.Sqrt(squares / pixels.Length), Is.EqualTo(1).Within(0.01));
        Assert.That(batch.Inputs.Shape, Is.EqualTo(new Shape(10_000, 1, 28, 28)));
        Assert.That(batch.Targets.DType, Is.EqualTo(DType.Int64));
    }
}
