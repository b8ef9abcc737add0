using Engine.Nn;
using NUnit.Framework;

namespace Engine.Data.Images.Tests;

/// <summary>Transforms by closed forms: what is drawn, what is kept, what is refused.</summary>
internal sealed class TransformTests
{
    private static readonly IImageTransform[] s_random =
    [
        new RandomResizedCrop(8), new RandomCrop(8, 9, padding: 2), new RandomCrop(2), new RandomHorizontalFlip(), new RandomVerticalFlip(), new RandomRotation(40, ImageInterpolation.Bilinear, 9),
        new RandomAffine(30, (0.1, 0.2), (0.8, 1.2), 10), new ColorJitter(0.4, 0.4, 0.4, 0.1), new RandomGrayscale(0.5), new GaussianBlur(3), new RandomErasing(1), new RandomErasing(1, null, null, null),
        new RandomAutocontrast(), new RandomEqualize(), new RandomPosterize(2), new RandomSolarize(100), new RandomInvert(), new RandomAdjustSharpness(2),
        new RandomApply([new ColorJitter(0.5), new GaussianBlur(3, (1, 1))]), new OneOf(new RandomInvert(1), new RandomPosterize(1, 1)),
    ];

    private static IEnumerable<IImageTransform> All => [.. s_random, new Resize(7), new Resize(5, 9, ImageInterpolation.Nearest), new CenterCrop(4), new Pad(2), new Grayscale(), new Compose(new Resize(9), new CenterCrop(6))];

    /// <summary>Odd sizes, sizes below a vector, and one pixel: nothing is read or written outside, every byte of the output is written.</summary>
    [TestCaseSource(nameof(All))]
    public void Apply_AnySize_FillsTheOutput(IImageTransform transform)
    {
        foreach (Shape shape in (Shape[])[[3, 10, 12], [1, 13, 7], [3, 17, 33], [3, 3, 2], [1, 1, 1], [3, 1, 40], [3, 40, 1]])
        {
            DecodedImage image = Noise(shape);
            Shape output;
            try
            {
                output = transform.OutputShape(shape);
            }
            catch (ShapeMismatchException e)
            {
                Assert.That(e.Message, Does.Contain(shape.ToString()), "a refusal names the image");
                continue;
            }

            for (int seed = 0; seed < 4; seed++)
            {
                // Two backgrounds: what the transform does not write differs.
                byte[] low = new byte[output.ElementCount + 16], high = [.. Enumerable.Repeat((byte)255, low.Length)];
                SampleRandom first = new((ulong)seed, 0), second = first;
                transform.Apply(image.Pixels, low.AsSpan(0, (int)output.ElementCount), shape, ref first);
                transform.Apply(image.Pixels, high.AsSpan(0, (int)output.ElementCount), shape, ref second);
                Assert.That(low[..^16], Is.EqualTo(high[..^16]), $"{transform.GetType().Name} of {shape}");
                Assert.That(low[^16..].Concat(high[^16..]).Distinct(), Is.EquivalentTo((byte[])[0, 255]), "nothing behind the output");
            }
        }
    }

    [TestCaseSource(nameof(s_random))]
    public void Apply_FollowsFromTheSeed(IImageTransform transform)
    {
        DecodedImage image = Noise([3, 20, 24]);
        byte[][] made = [.. Enumerable.Range(0, 30).Select(seed => image.Apply(transform, seed).Pixels.ToArray())];
        Assert.That(made.Skip(1).Any(other => !other.AsSpan().SequenceEqual(made[0])), "seeds differ");
        Assert.That(image.Apply(transform, 7).Pixels.ToArray(), Is.EqualTo(made[7]));
    }

    [TestCaseSource(nameof(s_random))]
    public void WithoutRandomness_DrawsNothing(IImageTransform transform)
    {
        DecodedImage image = Noise([3, 20, 24]);
        IImageTransform @fixed = new Compose(transform).WithoutRandomness;
        Assert.That(@fixed.OutputShape(image.Shape), Is.EqualTo(transform.OutputShape(image.Shape)));
        Assert.That(image.Apply(@fixed, 1).Pixels.ToArray(), Is.EqualTo(image.Apply(@fixed, 2).Pixels.ToArray()));
    }

    /// <summary>Lines stay lines: a ramp is scaled to a ramp, away from its ends.</summary>
    [TestCase(64, 16)]
    [TestCase(66, 22)]
    [TestCase(20, 100)]
    public void Resize_OfARamp_IsARamp(int from, int to)
    {
        byte[] ramp = [.. Enumerable.Range(0, 3 * from).Select(i => (byte)(2 * (i % from)))];
        DecodedImage resized = new DecodedImage(ramp, [3, 1, from]).Apply(new Resize(1, to));
        double scale = (double)from / to;
        int edge = (int)Math.Ceiling(Math.Max(1, scale) / scale);
        for (int i = edge; i < to - edge; i++)
        {
            Assert.That((double)resized.Pixels[i], Is.EqualTo(2 * (((i + 0.5) * scale) - 0.5)).Within(0.501));
        }
    }

    [Test]
    public void RandomResizedCrop_DrawsAreaAndProportions()
    {
        RandomResizedCrop crop = new(16, scale: (0.2, 0.5), ratio: (0.5, 2));
        Shape image = [3, 200, 300];
        double[] areas = new double[500];
        for (int i = 0; i < areas.Length; i++)
        {
            SampleRandom random = new(3, i);
            CropRegion region = crop.Region(image, ref random);
            areas[i] = region.Height * region.Width / 60_000;
            Assert.That(region.Top, Is.InRange(0, 200 - region.Height));
            Assert.That(region.Left, Is.InRange(0, 300 - region.Width));
            Assert.That(region.Width / region.Height, Is.InRange(0.48, 2.1));
        }

        Assert.That(areas.Min(), Is.InRange(0.19, 0.22));
        Assert.That(areas.Max(), Is.InRange(0.47, 0.51));
        Assert.That(areas.Average(), Is.EqualTo(0.35).Within(0.02), "uniform between both");
    }

    /// <summary>No rectangle of these proportions fits: the largest in the middle is taken.</summary>
    [Test]
    public void RandomResizedCrop_FallsBackToTheMiddle()
    {
        SampleRandom random = new(1, 1);
        Assert.That(new RandomResizedCrop(8, scale: (1, 1)).Region([3, 10, 100], ref random), Is.EqualTo(new CropRegion(0, 43, 10, 13)));
        Assert.That(new RandomResizedCrop(8, scale: (1, 1)).Region([3, 100, 10], ref random), Is.EqualTo(new CropRegion(43, 0, 13, 10)));
    }

    [Test]
    public void RandomResizedCrop_WithoutRandomness_IsTheUsualEvaluation()
    {
        DecodedImage image = Noise([3, 50, 70]);
        IImageTransform evaluation = new Compose(new RandomResizedCrop(28)).WithoutRandomness;
        Assert.That(image.Apply(evaluation).Pixels.ToArray(), Is.EqualTo(image.Apply(new Compose(new Resize(32), new CenterCrop(28))).Pixels.ToArray()));
    }

    [Test]
    public void RandomCrop_VisitsEveryPlace()
    {
        byte[] numbered = [.. Enumerable.Range(0, 12).Select(static i => (byte)i)];
        HashSet<byte> corners = [.. Enumerable.Range(0, 200).Select(seed => new DecodedImage(numbered, [1, 3, 4]).Apply(new RandomCrop(2, 3), seed).Pixels[0])];
        Assert.That(corners, Is.EquivalentTo((byte[])[0, 1, 4, 5]));
    }

    [Test]
    public void RandomCrop_PadIfNeeded_HoldsTheWholeImage()
    {
        DecodedImage crop = new DecodedImage([1, 2, 3, 4], [1, 2, 2]).Apply(new RandomCrop(3, 3, padIfNeeded: true, fill: 9), 3);
        Assert.That(crop.Pixels.ToArray().Count(static p => p == 9), Is.EqualTo(5));
        Assert.That(() => new RandomCrop(3, 3).OutputShape([1, 2, 2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("padIfNeeded"));
    }

    [Test]
    public void RandomAffine_Moves()
    {
        DecodedImage image = Noise([1, 10, 20]);
        for (int seed = 0; seed < 20; seed++)
        {
            // The numbers that it draws: an angle, then both ways.
            SampleRandom random = new((ulong)seed, 0);
            random.NextDouble();
            int right = (int)Math.Round(-6 + (12 * random.NextDouble())), down = (int)Math.Round(-5 + (10 * random.NextDouble()));
            byte[] moved = image.Apply(new RandomAffine(0, translate: (0.3, 0.5), fill: 7), seed).Pixels.ToArray();
            for (int i = 0; i < moved.Length; i++)
            {
                int y = (i / 20) - down, x = (i % 20) - right;
                Assert.That(moved[i], Is.EqualTo(y is >= 0 and < 10 && x is >= 0 and < 20 ? image.Pixels[(20 * y) + x] : 7));
            }
        }
    }

    [Test]
    public void RandomRotation_QuarterTurns()
    {
        DecodedImage image = new([1, 2, 3, 4], [1, 2, 2]);
        Assert.That(image.Apply(new RandomRotation((90, 90))).Pixels.ToArray(), Is.EqualTo((byte[])[2, 4, 1, 3]), "counter-clockwise");
        Assert.That(image.Apply(new RandomRotation((90, 90), ImageInterpolation.Bilinear)).Pixels.ToArray(), Is.EqualTo((byte[])[2, 4, 1, 3]));
        Assert.That(image.Apply(new RandomAffine((90, 90), null, null, null, null)).Pixels.ToArray(), Is.EqualTo((byte[])[3, 1, 4, 2]), "clockwise");
    }

    [Test]
    public void RandomErasing_ErasesOneRectangle()
    {
        DecodedImage white = new([.. Enumerable.Repeat((byte)255, 3 * 40 * 50)], [3, 40, 50]);
        double area = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            byte[] pixels = white.Apply(new RandomErasing(1, (0.1, 0.2), null, [1, 2, 3]), seed).Pixels.ToArray();
            int[] erased = [.. Enumerable.Range(0, 2000).Where(i => pixels[i] != 255)];
            int height = (erased.Max() / 50) - (erased.Min() / 50) + 1, width = erased.Max(static i => i % 50) - erased.Min(static i => i % 50) + 1;
            Assert.That(height * width, Is.EqualTo(erased.Length), "a full rectangle");
            Assert.That(erased.All(i => pixels[i] == 1 && pixels[2000 + i] == 2 && pixels[4000 + i] == 3));
            area += erased.Length / 2000.0 / 100;
        }

        Assert.That(area, Is.EqualTo(0.15).Within(0.01));
        Assert.That(white.Apply(new RandomErasing(0)).Pixels.ToArray(), Is.EqualTo(white.Pixels.ToArray()));
    }

    [Test]
    public void RandomApply_AppliesAllOrNothing()
    {
        DecodedImage image = Noise([3, 6, 6]);
        byte[] both = image.Apply(new Compose(new RandomInvert(1), new RandomHorizontalFlip(1))).Pixels.ToArray();
        bool[] applied = [.. Enumerable.Range(0, 400).Select(seed => image.Apply(new RandomApply([new RandomInvert(1), new RandomHorizontalFlip(1)], 0.3), seed).Pixels.SequenceEqual(both))];
        Assert.That(applied.Count(static yes => yes) / 400.0, Is.EqualTo(0.3).Within(0.07));
        Assert.That(() => new RandomApply([new Resize(4)]).OutputShape([3, 6, 6]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3, 4, 4]"));
        Assert.That(() => new OneOf(new CenterCrop(4)).OutputShape([3, 6, 6]), Throws.TypeOf<ShapeMismatchException>());
    }

    /// <summary>A transform of a stranger that makes random pieces and does not say what stands in its place.</summary>
    [Test]
    public void WithoutRandomness_OfARandomSize_SaysWhatIsMissing()
    {
        IImageTransform evaluation = new Compose(new CutAnywhere()).WithoutRandomness;
        Assert.That(() => Noise([1, 4, 4]).Apply(evaluation), Throws.InvalidOperationException.With.Message.Contains("CutAnywhere"));
    }

    [Test]
    public void ImageDataset_TransformsMayChangeTheSize()
    {
        byte[] pixels = [.. Enumerable.Range(0, 6 * 3 * 8 * 10).Select(static i => (byte)(i * 7))];
        ImageDataset images = new ImageDataset(pixels, new byte[6], [3, 8, 10]).With(new Resize(5, 6), new Grayscale());
        Assert.That(images.Image, Is.EqualTo(new Shape(1, 5, 6)));
        using Batch batch = images.GetBatch(new BatchRequest([2, 4], Device.Cpu));
        Assert.That(batch.Inputs.Shape, Is.EqualTo(new Shape(2, 1, 5, 6)));
        byte[] one = new DecodedImage(pixels[(4 * 240)..(5 * 240)], [3, 8, 10]).Apply(new Compose(new Resize(5, 6), new Grayscale())).Pixels.ToArray();
        Assert.That(batch.Inputs.ToArray<float>()[30..], Is.EqualTo(one.Select(static p => p / 255f)).Within(1e-7f));
    }

    [Test]
    public void BadSettings_AreRefused()
    {
        Assert.Multiple(static () =>
        {
            Assert.That(static () => new RandomResizedCrop(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new RandomResizedCrop(8, scale: (1, 0.5)), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("min ≤ max"));
            Assert.That(static () => new RandomResizedCrop(8, ratio: (0, 1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new ColorJitter(hue: 0.6), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new ColorJitter(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new GaussianBlur(4), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new Grayscale(2), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new RandomErasing(1, (0.1, 1.2)), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new RandomAffine(10, translate: (2, 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new Resize(10) { MaxSize = 5 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new RandomPosterize(9), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(static () => new Pad(5, mode: ImagePadding.Reflect).OutputShape([3, 4, 4]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(static () => new ColorJitter(0.1).OutputShape([4, 4, 4]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(static () => new OneOf(), Throws.ArgumentException);
        });
    }

    private static DecodedImage Noise(Shape shape)
    {
        SampleRandom random = new(17, 0);
        byte[] pixels = new byte[shape.ElementCount];
        foreach (ref byte pixel in pixels.AsSpan())
        {
            pixel = (byte)random.Next(256);
        }

        return new DecodedImage(pixels, shape);
    }

    private sealed class CutAnywhere : IImageTransform
    {
        public Shape OutputShape(Shape image) => [image[0], 1, 1];

        public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random) => destination[0] = source[random.Next(source.Length)];
    }
}
