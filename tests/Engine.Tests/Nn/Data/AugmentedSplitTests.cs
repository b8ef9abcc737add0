using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Augmentation is for training: the obvious order of With and Split measures on images as they are.</summary>
internal sealed class AugmentedSplitTests
{
    private const int Count = 40;

    private static readonly Device s_device = ReferenceDevice.Shared;

    private static ImageDataset Images => new(
        [.. Enumerable.Range(0, Count * 4).Select(static i => (byte)i)], [.. Enumerable.Range(0, Count).Select(static i => (byte)(i % 5))], [1, 2, 2], new PixelNormalization(0.5, 0.25));

    [Test]
    public void WithThenSplit_ValidationPart_HasImagesAsTheyAre()
    {
        (IDataset plainTrain, IDataset plain) = Images.Split(0.25, seed: 3);
        (IDataset train, IDataset validation) = Images.With(new RandomHorizontalFlip(1), new RandomCrop(1)).Split(0.25, seed: 3);
        Assert.That(All(validation), Is.EqualTo(All(plain)), "no flip, no crop, and normalised");
        Assert.That(All(validation, seed: 9), Is.EqualTo(All(plain)), "in no epoch");
        Assert.That(All(train), Is.Not.EqualTo(All(plainTrain)));
        Assert.That(All(train, seed: 1), Is.Not.EqualTo(All(train, seed: 2)));
        Assert.That(Labels(train), Is.EqualTo(Labels(plainTrain)));
        Assert.That(Labels(validation), Is.EqualTo(Labels(plain)));
    }

    [Test]
    public void WithThenSplit_DeterministicTransforms_ActOnBothParts()
    {
        (IDataset _, IDataset negatives) = Images.With(new Invert()).Split(0.25);
        (IDataset _, IDataset mixed) = Images.With(new RandomHorizontalFlip(1), new Invert(), new RandomCrop(1), new Shift()).Split(0.25);
        (IDataset _, IDataset shifted) = Images.With(new Invert(), new Shift()).Split(0.25);
        (IDataset _, IDataset plain) = Images.Split(0.25);
        Assert.That(All(negatives), Is.Not.EqualTo(All(plain)));
        Assert.That(All(mixed), Is.EqualTo(All(shifted)));
    }

    [Test]
    public void WithThenSplit_TrainPart_HasTheBitsOfTheWholeDataSet()
    {
        ImageDataset augmented = Images.With(new RandomCrop(1), new RandomHorizontalFlip());
        int[] order = [.. Enumerable.Range(0, Count)];
        Assert.That(All(augmented.Split(0).Train.Subset(order)), Is.EqualTo(All(augmented.Subset(Order(augmented)))));

        static int[] Order(ImageDataset data)
        {
            // Which samples the parts hold follows from the seed alone.
            float[] labels = [.. Enumerable.Range(0, Count).Select(static i => (float)i)];
            TensorDataset numbers = new(Tensor.From<float>(labels, device: s_device), Tensor.Zeros([Count], device: s_device));
            using Batch batch = numbers.Split(0).Train.GetBatch(new BatchRequest([.. Enumerable.Range(0, Count)], s_device));
            return [.. batch.Inputs.ToArray<float>().Select(static x => (int)x)];
        }
    }

    [Test]
    public void SplitThenWith_OnAPart_ChangesThatPart()
    {
        (IDataset plainTrain, IDataset plain) = Images.Split(0.25);
        (IDataset train, IDataset validation) = Images.Split(0.25);
        train = train.With(new RandomHorizontalFlip(1));
        Assert.That(All(train), Is.EqualTo(All(plainTrain).Chunk(2).SelectMany(static row => row.Reverse())));
        Assert.That(All(validation), Is.EqualTo(All(plain)));

        // What is added to the validation part by hand is meant.
        Assert.That(All(validation.With(new RandomHorizontalFlip(1))), Is.EqualTo(All(plain).Chunk(2).SelectMany(static row => row.Reverse())));
    }

    [Test]
    public void PartsOfParts_PassItOn()
    {
        IDataset some = Images.With(new RandomHorizontalFlip(1)).Subset([.. Enumerable.Range(0, 20)]);
        (IDataset plainTrain, IDataset plain) = Images.Subset([.. Enumerable.Range(0, 20)]).Split(0.5);
        (IDataset train, IDataset validation) = some.Split(0.5);
        Assert.That(All(validation), Is.EqualTo(All(plain)));
        Assert.That(All(train), Is.Not.EqualTo(All(plainTrain)));
        Assert.That(All(train.Split(0.5).Validation), Is.EqualTo(All(plainTrain.Split(0.5).Validation)));
        Assert.That(All(validation.Split(0.5).Train), Is.EqualTo(All(plain.Split(0.5).Train)), "what is validated on stays so");
    }

    [Test]
    public void With_OfWhatIsNoImage_Throws()
    {
        TensorDataset table = new(Tensor.Ones([4, 2], device: s_device), Tensor.Zeros([4], device: s_device));
        Assert.That(() => table.With(new RandomCrop()), Throws.ArgumentException.With.Message.Contains("TensorDataset has no images"));
        Assert.That(() => table.Split(0.5).Train.With(new RandomCrop()), Throws.ArgumentException.With.Message.Contains("no images"));
        Assert.That(() => Images.With(null!), Throws.ArgumentNullException);
        Assert.That(() => Images.With(new RandomCrop(), null!), Throws.ArgumentNullException);
    }

    private static float[] All(IDataset data, ulong seed = 0)
    {
        using Batch batch = data.GetBatch(new BatchRequest([.. Enumerable.Range(0, data.Count)], s_device, seed));
        return batch.Inputs.ToArray<float>();
    }

    private static long[] Labels(IDataset data)
    {
        using Batch batch = data.GetBatch(new BatchRequest([.. Enumerable.Range(0, data.Count)], s_device));
        return batch.Targets.ToArray<long>();
    }

    /// <summary>A negative.</summary>
    private sealed class Invert : IImageTransform
    {
        public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
        {
            for (int i = 0; i < source.Length; i++)
            {
                destination[i] = (byte)(255 - source[i]);
            }
        }
    }

    /// <summary>Brighter by 7.</summary>
    private sealed class Shift : IImageTransform
    {
        public void Apply(ReadOnlySpan<byte> source, Span<byte> destination, Shape image, ref SampleRandom random)
        {
            for (int i = 0; i < source.Length; i++)
            {
                destination[i] = (byte)(source[i] + 7);
            }
        }
    }
}
