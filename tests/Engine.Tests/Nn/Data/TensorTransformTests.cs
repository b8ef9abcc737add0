using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Transforms of floating-point images: what they make of bytes as numbers is what they make of the bytes, which is compared with torchvision.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class TensorTransformTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly Shape s_image = new(3, 13, 17);

    /// <summary>Levels of 255 by which results may differ: those of bytes are rounded, twice where axes are resized one after the other.</summary>
    private static readonly (string Name, IImageTransform Transform, double Within)[] s_transforms =
    [
        ("horizontal flip", new RandomHorizontalFlip(), 0),
        ("vertical flip", new RandomVerticalFlip(0.4), 0),
        ("crop with frame", new RandomCrop(3), 0),
        ("crop", new RandomCrop(5, 9), 0),
        ("crop of a mirror", new RandomCrop(15, 16, padding: 2, mode: ImagePadding.Reflect), 0),
        ("crop of a symmetric mirror", new RandomCrop(15, 16, padding: 3, mode: ImagePadding.Symmetric), 0),
        ("crop that needs a frame", new RandomCrop(20, 20, padIfNeeded: true, fill: 7), 0),
        ("centre", new CenterCrop(6, 9), 0),
        ("centre of more", new CenterCrop(20, 8), 0),
        ("frame", new Pad(1, 2, 3, 4, fill: 9), 0),
        ("frame of edges", new Pad(2, mode: ImagePadding.Edge), 0),
        ("erasing", new RandomErasing(0.8, values: [1, 2, 3], scale: null, ratio: null), 0),
        ("smaller", new Resize(6), 1),
        ("larger", new Resize(20, 31), 1),
        ("as it is", new Resize(13, 17), 0),
        ("nearest", new Resize(7, 25, ImageInterpolation.Nearest), 0),
        ("resized crop", new RandomResizedCrop(8), 1),
        ("resized crop, nearest", new RandomResizedCrop(9, 11, interpolation: ImageInterpolation.Nearest), 0),
    ];

    private static IEnumerable<string> Names => s_transforms.Select(static t => t.Name);

    [TestCaseSource(nameof(Names))]
    public void OfBytesAsNumbers_IsThatOfBytes(string name)
    {
        (_, IImageTransform transform, double within) = s_transforms.Single(t => t.Name == name);
        byte[] bytes = [.. Enumerable.Range(0, 4 * (int)s_image.ElementCount).Select(static i => (byte)((i * i * 7) + (i / 3)))];
        Shape output = transform.OutputShape(s_image);
        SampleRandom random = new(3, 5), same = random, one = random;
        byte[] wanted = new byte[4 * output.ElementCount];
        for (int i = 0; i < 4; i++)
        {
            transform.Apply(bytes.AsSpan(i * (int)s_image.ElementCount, (int)s_image.ElementCount), wanted.AsSpan(i * (int)output.ElementCount, (int)output.ElementCount), s_image, ref random);
        }

        Tensor images = Tensor.From<float>([.. bytes.Select(static b => (float)b)], [4, .. s_image.AsSpan()], Device);
        Tensor changed = ((ITensorTransform)transform).Apply(images, ref same);
        Assert.That(changed.Shape, Is.EqualTo(new Shape([4, .. output.AsSpan()])));
        Assert.That(changed.ToArray<float>(), Is.EqualTo(wanted.Select(static b => (float)b)).Within(within));
        Assert.That(images.ToArray<float>(), Is.EqualTo(bytes.Select(static b => (float)b)), "the images stay");
        Assert.That(same.NextUInt64(), Is.EqualTo(random.NextUInt64()), "as many random numbers");
        Tensor single = ((ITensorTransform)transform).Apply(images.Select(0, 0), ref one);
        Assert.That(single.ToArray<float>(), Is.EqualTo(changed.Select(0, 0).ToArray<float>()).Within(1e-4));
        Assert.That(single.Shape, Is.EqualTo(output));
        using Tensor none = ((ITensorTransform)transform).Apply(images.Narrow(0, 0, 0), ref one);
        Assert.That(none.Shape, Is.EqualTo(new Shape([0, .. output.AsSpan()])));
    }

    [Test]
    public void Normalize_IsTheFormula()
    {
        SampleRandom random = default;
        Tensor images = Tensor.From<float>([1, 2, 3, 4], [2, 2, 1, 1], Device);
        Assert.That(new Normalize([1, 3], [2, 4]).Apply(images, ref random).ToArray<float>(), Is.EqualTo((float[])[0, -0.25f, 1, 0.25f]));
        Assert.That(new Normalize([1], [2]).Apply(images.Select(0, 1), ref random).ToArray<float>(), Is.EqualTo((float[])[1, 1.5f]));
        Assert.That(() => new Normalize([1, 2, 3], [1, 1, 1]).Apply(images, ref random), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("2 channels"));
        foreach ((double[] mean, double[] std) in ((double[], double[])[])[([], []), ([1], [1, 2]), ([1], [0]), ([double.NaN], [1]), ([1], [double.PositiveInfinity])])
        {
            Assert.That(() => new Normalize(mean, std), Throws.ArgumentException);
        }
    }

    [Test]
    public void Erasing_ByChance_IsNormalNumbersInARectangle()
    {
        SampleRandom random = new(1, 1);
        Tensor erased = new RandomErasing(1, null, null, null).Apply(Tensor.Full([2, 3, 40, 40], 100, device: Device), ref random);
        float[] values = erased.ToArray<float>(), noise = [.. values.Where(static v => v != 100)];
        Assert.That(noise, Has.Length.InRange(2 * 3 * 16, 2 * 3 * 800));
        Assert.That(noise.Average(), Is.EqualTo(0).Within(0.3));
        Assert.That(noise.Average(static v => v * v), Is.EqualTo(1).Within(0.4));
    }

    [Test]
    public void InALoader_ImagesAreChanged_OtherInputsAreNot()
    {
        Device.Default = Device;
        Tensor images = Tensor.Rand([6, 1, 4, 4], device: Device), tables = Tensor.Rand([6, 2], device: Device);
        DataLoader loader = new(new TensorDataset(new Tensors(("image", images), ("table", tables)), Tensor.Arange(6, device: Device)), 3) { Device = Device };
        IBatchSource flipped = loader.With(seed: 1, new RandomHorizontalFlip(1), new Normalize([0], [0.5]), new MixUpNothing());
        using (Batch batch = flipped.Epoch(0).First())
        {
            Assert.That(batch["image"].ToArray<float>(), Is.EqualTo((images.Narrow(0, 0, 3).Flip(-1) * 2).ToArray<float>()));
            Assert.That(batch["table"].ToArray<float>(), Is.EqualTo(tables.Narrow(0, 0, 3).ToArray<float>()));
        }

        DataLoader two = new(new TensorDataset(new Tensors(("a", images), ("b", images))), 3) { Device = Device };
        Assert.That(() => two.With(1, new RandomVerticalFlip()).Epoch(0).First(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("exactly one"));
    }

    [Test]
    public void Gradients_FlowThroughWhatIsCut()
    {
        SampleRandom random = new(2, 2);
        Tensor images = Tensor.Rand([2, 1, 5, 5], device: Device).WithGrad();
        new CenterCrop(3).Apply(images, ref random).Sum().Backward();
        Assert.That(images.Grad!.Sum().Item(), Is.EqualTo(18));
    }

    [Test]
    public void Mistakes_AreNamed()
    {
        SampleRandom random = default;
        Assert.That(() => new Resize(4).Apply(Tensor.Zeros([3, 4], device: Device), ref random), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[N, C, H, W]"));
        Assert.That(() => new RandomHorizontalFlip().Apply(Tensor.Zeros([1, 3, 0, 4], device: Device), ref random), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => new CenterCrop(4).Apply(Tensor.Zeros([3, 4, 4], DType.UInt8, Device), ref random), Throws.TypeOf<DTypeMismatchException>());
        Assert.That(() => new RandomCrop(9, 9).Apply(Tensor.Zeros([3, 4, 4], device: Device), ref random), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => new RandomCrop(int.MaxValue).Apply(Tensor.Zeros([3, 4, 4], device: Device), ref random), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("larger than an image can be"));
        Assert.That(() => new Pad(int.MaxValue).OutputShape([3, 4, 4]), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => new RandomErasing(1, null, null, [1, 2]).Apply(Tensor.Zeros([3, 4, 4], device: Device), ref random), Throws.TypeOf<ShapeMismatchException>());
    }

    /// <summary>A transform that hands the batch on.</summary>
    private sealed class MixUpNothing : IBatchTransform
    {
        public Batch Apply(Batch batch, ref SampleRandom random) => batch;
    }
}
