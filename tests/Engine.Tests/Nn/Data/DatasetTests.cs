using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed class DatasetTests
{
    private static ReferenceDevice Device => ReferenceDevice.Shared;

    [Test]
    public void TensorDataset_GathersRowsOfAnyType()
    {
        Tensor inputs = Tensor.From<double>([1, 2, 3, 4, 5, 6], [2, 3], Device).T;
        TensorDataset data = new(inputs, Tensor.From<bool>([true, false, true], [3], Device));
        using Batch batch = data.GetBatch(new BatchRequest([2, 0, 2], Device));
        Assert.That(batch.Inputs.DType, Is.EqualTo(DType.Float64));
        Assert.That(batch.Inputs.Shape, Is.EqualTo(new Shape(3, 2)));
        Assert.That(batch.Inputs.ToArray<double>(), Is.EqualTo((double[])[3, 6, 1, 4, 3, 6]));
        Assert.That(batch.Targets.ToArray<bool>(), Is.EqualTo((bool[])[true, true, true]));
        Assert.That(batch.Count, Is.EqualTo(3));
    }

    [Test]
    public void TensorDataset_DifferentRowCounts_Throws() => Assert.That(
        () => new TensorDataset(Tensor.From<float>([1, 2], device: Device), Tensor.From<float>([1], device: Device)),
        Throws.TypeOf<ShapeMismatchException>().With.Message.EqualTo("TensorDataset: inputs are [2], targets [1]; axis 0 must count the samples in both."));

    [Test]
    public void ImageDataset_NormalizesEachChannel()
    {
        ImageDataset data = new([0, 255, 51, 102], [3], [2, 1, 2], new PixelNormalization([0.5, 0], [0.25, 2]));
        using Batch batch = data.GetBatch(new BatchRequest([0], Device));
        Assert.That(batch.Inputs.ToArray<float>(), Is.EqualTo((float[])[-2, 2, 0.1f, 0.2f]));
        Assert.That(batch.Targets.ToArray<long>(), Is.EqualTo((long[])[3]));
    }

    [Test]
    public void ImageDataset_BadArguments_Throw()
    {
        Assert.That(() => new ImageDataset(new byte[5], [1], [1, 2, 2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("1 images of [1, 2, 2] need 4 pixels; there are 5"));
        Assert.That(() => new ImageDataset(new byte[4], [1], [2, 2]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[channels, height, width]"));
        Assert.That(() => new ImageDataset(new byte[4], [1], [1, 2, 2], new PixelNormalization([0, 0], [1, 1])), Throws.ArgumentException.With.Message.Contains("1 channels; the normalisation has 2"));
        Assert.That(() => new PixelNormalization(0, 0), Throws.ArgumentException.With.Message.Contains("must be positive"));
        Assert.That(() => new PixelNormalization([0.0], []), Throws.ArgumentException);
    }

    [Test]
    public void Flip_One_MirrorsEachRowOfEachChannel()
    {
        Assert.That(Apply(new RandomHorizontalFlip(1), [2, 2, 3]), Is.EqualTo((byte[])[3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]));
        Assert.That(Apply(new RandomHorizontalFlip(0), [2, 2, 3]), Is.EqualTo((byte[])[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
    }

    [Test]
    public void Flip_Half_FlipsAboutHalf()
    {
        int flipped = Enumerable.Range(0, 1000).Count(static stream => Apply(new RandomHorizontalFlip(), [1, 1, 12], stream)[0] == 12);
        Assert.That(flipped, Is.InRange(450, 550));
    }

    [Test]
    public void Crop_MovesTheImageAndFillsWithZeros()
    {
        // Each result must be the image moved by some (dy, dx) in [−2, 2]², and over many draws each of the 25 must occur.
        HashSet<(int, int)> seen = [];
        byte[] image = Numbers(2 * 3 * 4);
        for (int stream = 0; stream < 500; stream++)
        {
            byte[] moved = Apply(new RandomCrop(2), [2, 3, 4], stream);
            (int, int)? shift = null;
            for (int dy = -2; dy <= 2; dy++)
            {
                for (int dx = -2; dx <= 2; dx++)
                {
                    if (moved.AsSpan().SequenceEqual(Shifted(image, 2, 3, 4, dy, dx)))
                    {
                        shift = (dy, dx);
                    }
                }
            }

            Assert.That(shift, Is.Not.Null, $"stream {stream}");
            seen.Add(shift!.Value);
        }

        Assert.That(seen, Has.Count.EqualTo(25));
    }

    [Test]
    public void Crop_PaddingBeyondTheImage_CanLeaveItBlack()
    {
        byte[][] results = [.. Enumerable.Range(0, 200).Select(static stream => Apply(new RandomCrop(9), [1, 2, 3], stream))];
        Assert.That(results.Any(static r => r.All(static p => p == 0)), Is.True);
        Assert.That(results.Any(static r => r.Any(static p => p != 0)), Is.True);
    }

    [Test]
    public void Transforms_Chain_InOrder_AndKeepTheOriginal()
    {
        ImageDataset data = new(Numbers(4), [0], [1, 1, 4]);
        ImageDataset changed = data.With(new RandomHorizontalFlip(1), new RandomHorizontalFlip(1), new RandomHorizontalFlip(1));
        Assert.That(Row(changed), Is.EqualTo((float[])[4, 3, 2, 1]));
        Assert.That(Row(data), Is.EqualTo((float[])[1, 2, 3, 4]));
        static float[] Row(ImageDataset set)
        {
            using Batch batch = set.GetBatch(new BatchRequest([0], Device));
            return [.. batch.Inputs.ToArray<float>().Select(static x => MathF.Round(x * 255))];
        }
    }

    [Test]
    public void Split_PartsAreDisjointAndComplete_AndFollowFromTheSeed()
    {
        TensorDataset data = new(Tensor.From<int>([.. Enumerable.Range(0, 100)], device: Device), Tensor.From<int>(new int[100], device: Device));
        (IDataset train, IDataset validation) = data.Split(0.25, seed: 7);
        Assert.That((train.Count, validation.Count), Is.EqualTo((75, 25)));
        int[] left = All(train), right = All(validation);
        Assert.That(left.Concat(right), Is.EquivalentTo(Enumerable.Range(0, 100)));
        Assert.That(All(data.Split(0.25, seed: 7).Validation), Is.EqualTo(right));
        Assert.That(All(data.Split(0.25, seed: 8).Validation), Is.Not.EqualTo(right));
        Assert.That(() => data.Split(1.5), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => data.Split(double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(All(data.Subset([5, 3])), Is.EqualTo((int[])[5, 3]));
        Assert.That(() => data.Subset([100]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => data.Subset([-1]), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void TakeAndSkip_DivideTheSamplesInOrder()
    {
        TensorDataset data = new(Tensor.From<int>([.. Enumerable.Range(0, 10)], device: Device), Tensor.From<int>(new int[10], device: Device));
        Assert.That(All(data.Take(3)), Is.EqualTo((int[])[0, 1, 2]));
        Assert.That(All(data.Skip(7)), Is.EqualTo((int[])[7, 8, 9]));
        Assert.That(All(data.Skip(2).Take(2)), Is.EqualTo((int[])[2, 3]));
        Assert.That((data.Take(0).Count, data.Take(11).Count, data.Skip(11).Count), Is.EqualTo((0, 10, 0)));
        Assert.That(() => data.Take(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => data.Skip(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void SampleRandom_IsUniformAndItsStreamsDiffer()
    {
        SampleRandom random = new(1, 1);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.Next(7)]++;
        }

        Assert.That(counts, Is.All.InRange(9_700, 10_300));
        ulong first = new SampleRandom(1, 1).NextUInt64(), again = new SampleRandom(1, 1).NextUInt64();
        Assert.That(again, Is.EqualTo(first));
        Assert.That(new SampleRandom(1, 2).NextUInt64(), Is.Not.EqualTo(first), "another stream");
        Assert.That(new SampleRandom(2, 1).NextUInt64(), Is.Not.EqualTo(first), "another seed");
        Assert.That(() => random.Next(0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static byte[] Numbers(int count) => [.. Enumerable.Range(1, count).Select(static i => (byte)i)];

    private static byte[] Apply(IImageTransform transform, Shape image, int stream = 0)
    {
        byte[] result = [.. Enumerable.Repeat((byte)99, (int)image.ElementCount)];
        SampleRandom random = new(5, stream);
        transform.Apply(Numbers(result.Length), result, image, ref random);
        return result;
    }

    private static byte[] Shifted(byte[] image, int channels, int height, int width, int dy, int dx)
    {
        byte[] result = new byte[image.Length];
        for (int c = 0; c < channels; c++)
        {
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    if (y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width)
                    {
                        result[(((c * height) + y) * width) + x] = image[(((c * height) + y + dy) * width) + x + dx];
                    }
                }
            }
        }

        return result;
    }

    private static int[] All(IDataset data)
    {
        using Batch batch = data.GetBatch(new BatchRequest([.. Enumerable.Range(0, data.Count)], Device));
        return batch.Inputs.ToArray<int>();
    }
}
