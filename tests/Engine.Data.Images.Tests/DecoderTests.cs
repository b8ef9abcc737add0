using Engine.Nn;
using NUnit.Framework;
using SkiaSharp;

namespace Engine.Data.Images.Tests;

internal sealed class DecoderTests
{
    private static IEnumerable<string> Files => GoldenImages.Files.Select(static file => file.Name);

    /// <summary>Formats, channels and the eight orientations as PIL decodes them; both use libjpeg-turbo, whose versions may round a colour differently.</summary>
    [TestCaseSource(nameof(Files))]
    public void Decode_MatchesPil(string name)
    {
        (_, string mode, byte[] file, DecodedImage expected) = GoldenImages.Files.Single(one => one.Name == name);
        ImageOptions options = new() { Colors = mode switch { "L" => ImageColors.Gray, "RGBA" => ImageColors.Rgba, _ => ImageColors.Rgb } };
        DecodedImage actual = ImageDecoder.Decode(file, options);
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape));
        Assert.That(ImageDecoder.ReadShape(file, options), Is.EqualTo(expected.Shape));
        int most = Enumerable.Range(0, actual.Pixels.Length).Max(i => Math.Abs(actual.Pixels[i] - expected.Pixels[i]));
        Assert.That(most, Is.LessThanOrEqualTo(name.StartsWith("jpeg", StringComparison.Ordinal) || name.StartsWith("orient", StringComparison.Ordinal) ? 1 : 0));
    }

    [Test]
    public void Decode_WithoutOrientation_KeepsTheOrderOfTheFile()
    {
        byte[] turned = GoldenImages.File("orientation 6"), plain = GoldenImages.File("orientation 1");
        ImageOptions asStored = new() { HonorOrientation = false };
        Assert.That(ImageDecoder.Decode(turned, asStored).Pixels.ToArray(), Is.EqualTo(ImageDecoder.Decode(plain).Pixels.ToArray()));
    }

    /// <summary>A header that promises 65,000 × 65,000 pixels is refused before 16 GB are asked for.</summary>
    [Test]
    public void Decode_CapsPixelsByTheHeader()
    {
        byte[] bomb = Pictures.Plain(4, 4, 1, 2, 3);
        (bomb[18], bomb[19], bomb[22], bomb[23]) = (0xFD, 0xE8, 0xFD, 0xE8);
        uint crc = Crc32(bomb.AsSpan(12, 17));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bomb.AsSpan(29), crc);
        Assert.That(() => ImageDecoder.Decode(bomb, name: "bomb.png"), Throws.TypeOf<BadImageException>().With.Message.Contains("bomb.png").And.Message.Contains("MaxPixels"));
        Assert.That(() => ImageDecoder.Decode(Pictures.File(20, 30), new ImageOptions { MaxPixels = 599 }), Throws.TypeOf<BadImageException>());
        Assert.That(ImageDecoder.Decode(Pictures.File(20, 30), new ImageOptions { MaxPixels = 600 }).Shape, Is.EqualTo(new Shape(3, 20, 30)));
        Assert.That(() => ImageDecoder.Decode(Pictures.File(20, 30), new ImageOptions { MaxFileBytes = 100 }), Throws.TypeOf<BadImageException>().With.Message.Contains("MaxFileBytes"));
    }

    [TestCase(SKEncodedImageFormat.Jpeg)]
    [TestCase(SKEncodedImageFormat.Png)]
    [TestCase(SKEncodedImageFormat.Webp)]
    public void Decode_Truncated(SKEncodedImageFormat format)
    {
        byte[] file = Pictures.File(60, 80, format), half = file[..(file.Length / 2)];
        Assert.That(() => ImageDecoder.Decode(half, name: "half"), Throws.TypeOf<BadImageException>().With.Property(nameof(BadImageException.File)).EqualTo("half"));
        if (format != SKEncodedImageFormat.Webp)
        {
            DecodedImage whole = ImageDecoder.Decode(file), begun = ImageDecoder.Decode(half, new ImageOptions { AllowTruncated = true });
            Assert.That(begun.Shape, Is.EqualTo(whole.Shape));
            Assert.That(begun.Pixels[..(80 * 8)].ToArray(), Is.EqualTo(whole.Pixels[..(80 * 8)].ToArray()), "what is there");
        }
    }

    [Test]
    public void Decode_NoImage()
    {
        Assert.That(static () => ImageDecoder.Decode([], name: "nothing"), Throws.TypeOf<BadImageException>().With.Message.Contains("nothing: it is empty"));
        Assert.That(static () => ImageDecoder.Decode("a text, and no picture"u8, name: "text"), Throws.TypeOf<BadImageException>().With.Message.Contains("it is no JPEG"));
        Assert.That(static () => ImageDecoder.ReadFile("/there/is/none.jpg"), Throws.TypeOf<BadImageException>().With.Message.Contains("none.jpg").And.InnerException.InstanceOf<IOException>());
    }

    /// <summary>A crop is decoded by its rows alone; that must give the pixels that a cut of the whole image gives.</summary>
    [Test]
    public void Region_GivesTheSamePixelsAsTheWholeImage([Values(90, 40)] int quality)
    {
        byte[] file = Pictures.File(75, 91, quality: quality);
        RandomResizedCrop crop = new(20);
        DecodedImage whole = ImageDecoder.Decode(file);
        ImageFileDataset images = new([(ReadOnlyMemory<byte>)file], options: new ImageOptions { AsBytes = true, ScaledDecode = false });
        for (int position = 0; position < 40; position++)
        {
            SampleRandom random = new(5, position);
            byte[] expected = new byte[3 * 400];
            crop.Apply(whole.Pixels, expected, whole.Shape, ref random);
            using Batch batch = images.With(crop).GetBatch(new BatchRequest([0], Device.Cpu, 5, position));
            Assert.That(batch.Inputs.ToArray<byte>(), Is.EqualTo(expected), $"position {position}");
        }
    }

    /// <summary>Of a file of 800 × 1000 pixels, an eighth is decoded for 40 × 50: near the whole image scaled, and not the same.</summary>
    [Test]
    public void ScaledDecode_IsClose()
    {
        byte[] file = Pictures.File(800, 1000, noise: 4);
        ImageFileDataset exact = new([(ReadOnlyMemory<byte>)file], options: new ImageOptions { AsBytes = true, ScaledDecode = false }), scaled = new([(ReadOnlyMemory<byte>)file], options: new ImageOptions { AsBytes = true });
        foreach (IImageTransform transform in (IImageTransform[])[new Resize(40), new RandomResizedCrop(40, scale: (0.4, 0.4))])
        {
            byte[] a = Bytes(exact, transform), b = Bytes(scaled, transform);
            double error = Enumerable.Range(0, a.Length).Average(i => Math.Abs(a[i] - b[i]));
            Assert.That(error, Is.InRange(1e-9, 1.5), transform.GetType().Name);
        }

        static byte[] Bytes(ImageFileDataset images, IImageTransform transform)
        {
            using Batch batch = images.With(transform).GetBatch(new BatchRequest([0], Device.Cpu, 1, 2));
            return batch.Inputs.ToArray<byte>();
        }
    }

    [Test]
    public void BadImage_IsCaughtWithAllBadFilesOfData() =>
        Assert.That(Assert.Catch<DataFileException>(static () => ImageDecoder.Decode("a text"u8, name: "text")), Is.InstanceOf<DamagedFileException>().And.TypeOf<BadImageException>());

    /// <summary>Whatever the bytes are, it is an image or a <see cref="BadImageException"/>.</summary>
    [TestCase(SKEncodedImageFormat.Jpeg)]
    [TestCase(SKEncodedImageFormat.Png)]
    [TestCase(SKEncodedImageFormat.Webp)]
    [TestCase(null)]
    public void Decode_DamagedFiles(SKEncodedImageFormat? format)
    {
        byte[][] files = format is { } one ? [Pictures.File(24, 40, one)] : [GoldenImages.File("gif"), GoldenImages.File("bmp"), GoldenImages.File("jpeg progressive"), GoldenImages.File("orientation 5")];
        SampleRandom random = new(2026, (long)(format ?? 0));
        ImageOptions[] all = [new() { MaxPixels = 1 << 20 }, new() { MaxPixels = 1 << 20, AllowTruncated = true, Colors = ImageColors.Rgba }];
        int good = 0, bad = 0;
        for (int i = 0; i < 1000; i++)
        {
            byte[] file = [.. files[i % files.Length]];
            int length = random.Next(4) == 0 ? random.Next(file.Length) : file.Length;
            int flips = random.Next(8);
            for (int flip = 0; flip < flips; flip++)
            {
                // Headers decide most, so that half of the damage is there.
                int at = random.Next(random.Next(2) == 0 ? Math.Min(64, file.Length) : file.Length);
                file[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)(file[at] ^ (1 << random.Next(8))), _ => (byte)(255 * random.Next(2)) };
            }

            ImageFileDataset images = new([(ReadOnlyMemory<byte>)file.AsMemory(0, length)], options: all[i % 2]);
            try
            {
                using Batch batch = images.With(new RandomResizedCrop(8)).GetBatch(new BatchRequest([0], Device.Cpu, (ulong)i));
                good++;
            }
            catch (BadImageException)
            {
                bad++;
            }
        }

        Assert.That(Math.Min(good, bad), Is.GreaterThan(100), "damage was met and missed");
    }

    private static uint Crc32(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte one in data)
        {
            crc ^= one;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
            }
        }

        return ~crc;
    }
}
