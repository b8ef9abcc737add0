using NUnit.Framework;

namespace Engine.Data.Images.Tests;

/// <summary>Tensors as image files, and back.</summary>
internal sealed class EncoderTests
{
    private string _root = string.Empty;

    [SetUp]
    public void MakeFolder() => _root = Directory.CreateTempSubdirectory("images-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_root, recursive: true);

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(4)]
    public void Png_OfBytes_IsTheSameAgain(int channels)
    {
        byte[] pixels = [.. Enumerable.Range(0, channels * 5 * 7).Select(static i => (byte)(i * 37))];
        if (channels == 4)
        {
            // Without opacity there is no colour to come back.
            pixels.AsSpan(3 * 35).Fill(200);
        }

        string path = Path.Combine(_root, "new", "a.PNG");
        ImageEncoder.Save(path, Tensor.From<byte>(pixels, [channels, 5, 7]));
        DecodedImage back = ImageDecoder.ReadFile(path, new ImageOptions { Colors = channels switch { 1 => ImageColors.Gray, 3 => ImageColors.Rgb, _ => ImageColors.Rgba } });
        Assert.That(back.Shape, Is.EqualTo(new Shape(channels, 5, 7)));
        Assert.That(back.Pixels.ToArray(), Is.EqualTo(pixels));
        back.Save(Path.Combine(_root, "b.png"));
        Assert.That(File.ReadAllBytes(Path.Combine(_root, "b.png")), Is.EqualTo(File.ReadAllBytes(path)));
    }

    [Test]
    public void Floats_AreFrom0To1_AndWhatLiesOutsideIsCut()
    {
        Tensor image = Tensor.From<float>([0, 1, 0.5f, -3, 7, float.NaN, float.PositiveInfinity, 0.001f], [2, 4]);
        byte[] expected = [0, 255, 128, 0, 255, 0, 255, 0];
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64, DType.Float16])
        {
            Assert.That(Read(ImageEncoder.Encode(image.To(dtype))), Is.EqualTo(expected), $"{dtype}");
        }

        Assert.That(Read(ImageEncoder.Encode(image.T.Contiguous().T)), Is.EqualTo(expected), "a view");
        Assert.That(Read(ImageEncoder.Encode(image.WithGrad().Unsqueeze(0))), Is.EqualTo(expected), "with a gradient");
        static byte[] Read(byte[] file) => ImageDecoder.Decode(file, new ImageOptions { Colors = ImageColors.Gray }).Pixels.ToArray();
    }

    [TestCase("a.jpg", ImageFileFormat.Jpeg)]
    [TestCase("a.jpeg", ImageFileFormat.Jpeg)]
    [TestCase("a.webp", ImageFileFormat.WebP)]
    public void FormatsWithLoss_AreNear_AndQualityMatters(string name, ImageFileFormat format)
    {
        Tensor image = Tensor.MeshGrid([Tensor.Linspace(0, 1, 40), Tensor.Linspace(0, 1, 30)])[0].Expand([3, 40, 30]);
        string path = Path.Combine(_root, name);
        ImageEncoder.Save(path, image, quality: 95);
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(ImageEncoder.Encode(image, format, 95)));
        Tensor back = ImageDecoder.ReadFile(path).ToTensor().To(DType.Float32) / 255;
        Assert.That((back - image).Abs().Max().Item(), Is.LessThan(0.03));
        Assert.That(ImageEncoder.Encode(image, format, 10), Has.Length.LessThan(ImageEncoder.Encode(image, format, 95).Length));
    }

    [Test]
    public void Grid_PutsRowAfterRow()
    {
        Tensor images = Tensor.From<byte>([1, 2, 3, 4, 5, 6], [3, 1, 1, 2]);
        Tensor grid = ImageEncoder.Grid(images, columns: 2, padding: 1);
        Assert.That(grid.Shape, Is.EqualTo(new Shape(1, 5, 7)));
        Assert.That(grid.ToArray<byte>(), Is.EqualTo((byte[])
        [
            0, 0, 0, 0, 0, 0, 0,
            0, 1, 2, 0, 3, 4, 0,
            0, 0, 0, 0, 0, 0, 0,
            0, 5, 6, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0,
        ]));
        Assert.That(ImageEncoder.Grid(images, columns: 9, padding: 0).Shape, Is.EqualTo(new Shape(1, 1, 6)));
        Assert.That(ImageEncoder.Grid(Tensor.Ones([2, 3, 4, 4])).DType, Is.EqualTo(DType.UInt8));
    }

    [Test]
    public void WrongImages_AreRefused_WithAWayOut()
    {
        Tensor image = Tensor.Zeros([3, 4, 4]);
        Assert.Multiple(() =>
        {
            Assert.That(() => ImageEncoder.Encode(Tensor.Zeros([5, 4, 3])), Throws.ArgumentException.With.Message.Contains("image.Permute(2, 0, 1)"));
            Assert.That(() => ImageEncoder.Encode(Tensor.Zeros([8, 3, 4, 4])), Throws.ArgumentException.With.Message.Contains("images[0]"));
            Assert.That(() => ImageEncoder.Encode(Tensor.Zeros([2, 4, 5])), Throws.ArgumentException.With.Message.Contains("[2, 4, 5]"));
            Assert.That(() => ImageEncoder.Encode(Tensor.Zeros([3, 0, 4])), Throws.ArgumentException);
            Assert.That(() => ImageEncoder.Encode(Tensor.Zeros([4])), Throws.ArgumentException);
            Assert.That(() => ImageEncoder.Encode(Tensor.Zeros([3, 4, 4], DType.Int64)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("uint8"));
            Assert.That(() => ImageEncoder.Encode(Tensor.Zeros([1, 16400]), ImageFileFormat.WebP), Throws.ArgumentException.With.Message.Contains("WebP"));
            Assert.That(() => ImageEncoder.Encode(image, quality: 101), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ImageEncoder.Encode(image, quality: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ImageEncoder.Encode(image, (ImageFileFormat)9), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ImageEncoder.Encode(null!), Throws.ArgumentNullException);
            Assert.That(() => ImageEncoder.Save(Path.Combine(_root, "a.gif"), image), Throws.ArgumentException.With.Message.Contains(".webp"));
            Assert.That(() => ImageEncoder.Save(string.Empty, image), Throws.ArgumentException);
            Assert.That(() => ImageEncoder.Grid(image), Throws.ArgumentException.With.Message.Contains("[N, channels"));
            Assert.That(() => ImageEncoder.Grid(Tensor.Zeros([1, 3, 4, 4]), columns: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ImageEncoder.Grid(Tensor.Zeros([1, 3, 4, 4]), padding: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ImageEncoder.Grid(Tensor.Zeros([1, 3, 4, 4]), padding: int.MaxValue), Throws.TypeOf<OverflowException>());
        });
        Assert.That(Directory.GetFileSystemEntries(_root), Is.Empty, "nothing is left behind");
    }
}
