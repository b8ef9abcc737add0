using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Parts of a data set: nothing is lost or used twice, counts are exact, classes in proportion.</summary>
internal sealed class SplitTests
{
    private static readonly Device s_device = ReferenceDevice.Shared;

    [Test]
    public void Split_IntoThree_HasExactCountsAndEachSampleOnce([Values(10, 97, 1000)] int count, [Values(0, 7)] long seed)
    {
        (IDataset train, IDataset validation, IDataset test) = Numbered(count).Split(0.2, 0.1, seed);
        Assert.That((validation.Count, test.Count), Is.EqualTo(((int)Math.Round(count * 0.2), (int)Math.Round(count * 0.1))));
        Assert.That(Samples(train).Concat(Samples(validation)).Concat(Samples(test)), Is.EquivalentTo(Enumerable.Range(0, count)));
        Assert.That(Samples(Numbered(count).Split(0.2, 0.1, seed).Test), Is.EqualTo(Samples(test)), "the same seed, the same parts");
        Assert.That(Samples(Numbered(count).Split(0.2, 0.1, seed + 1).Test), Is.Not.EqualTo(Samples(test)));
    }

    [Test]
    public void Split_SharesThatSumTo1_LeaveNothingOver()
    {
        (IDataset train, IDataset validation, IDataset test) = Numbered(3).Split(0.5, 0.5);
        Assert.That((train.Count, validation.Count, test.Count), Is.EqualTo((0, 2, 1)));
        (train, validation, test) = Numbered(10).Split(0.7 + 0.2, 0.1);
        Assert.That((train.Count, validation.Count, test.Count), Is.EqualTo((0, 9, 1)));
        Assert.That(Numbered(0).Split(0.2, 0.2).Test.Count, Is.Zero);
    }

    [Test]
    public void Split_BadShares_Throw()
    {
        IDataset data = Numbered(10);
        foreach (double bad in (double[])[-0.1, 1.1, double.NaN, double.NegativeInfinity])
        {
            Assert.That(() => data.Split(bad, 0.1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("a share lies in [0, 1]").And.Property("ParamName").EqualTo("validation"));
            Assert.That(() => data.Split(0.1, bad), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("test"));
            Assert.That(() => data.StratifiedSplit(bad), Throws.TypeOf<ArgumentOutOfRangeException>());
        }

        Assert.That(() => data.Split(0.6, 0.5), Throws.ArgumentException.With.Message.Contains("nothing is left to learn on"));
    }

    [Test]
    public void StratifiedSplit_OfProportionsThatComeOutEven_IsExact()
    {
        long[] classes = Classes((0, 50), (1, 30), (7, 20));
        (IDataset train, IDataset validation, IDataset test) = Labelled(classes).StratifiedSplit(0.2, 0.1, seed: 3);
        Assert.That(Histogram(train), Is.EqualTo(new Dictionary<long, int> { [0] = 35, [1] = 21, [7] = 14 }));
        Assert.That(Histogram(validation), Is.EqualTo(new Dictionary<long, int> { [0] = 10, [1] = 6, [7] = 4 }));
        Assert.That(Histogram(test), Is.EqualTo(new Dictionary<long, int> { [0] = 5, [1] = 3, [7] = 2 }));
    }

    [Test]
    public void StratifiedSplit_AnyProportions_IsWithinOneSampleAndHasAllClasses([Range(0, 19)] int seed)
    {
        Random random = new(seed);
        long[] classes = Classes([.. Enumerable.Range(0, 2 + random.Next(6)).Select(c => ((long)(c * 3), 3 + random.Next(60)))]);
        double forValidation = 0.1 + (random.NextDouble() * 0.25), forTest = 0.1 + (random.NextDouble() * 0.25);
        int kinds = classes.Distinct().Count(), count = classes.Length;
        IDataset data = Labelled(classes);
        if (Math.Round(count * forValidation) < kinds || Math.Round(count * forTest) < kinds)
        {
            Assert.That(() => data.StratifiedSplit(forValidation, forTest, seed), Throws.ArgumentException.With.Message.Contains("cannot hold one of each"));
            return;
        }

        (IDataset train, IDataset validation, IDataset test) = data.StratifiedSplit(forValidation, forTest, seed);
        Assert.That((validation.Count, test.Count), Is.EqualTo(((int)Math.Round(count * forValidation), (int)Math.Round(count * forTest))), "the counts of a plain split");
        Assert.That(Samples(train).Concat(Samples(validation)).Concat(Samples(test)), Is.EquivalentTo(Enumerable.Range(0, count)));
        foreach (IDataset part in (IDataset[])[train, validation, test])
        {
            Dictionary<long, int> histogram = Histogram(part);
            Assert.That(histogram.Keys, Is.EquivalentTo(classes.Distinct()));
            foreach ((long c, int has) in histogram)
            {
                double quota = (double)classes.Count(other => other == c) * part.Count / count;

                // What one small class gets beyond its quota, so that it is there at all, others go without; the training part gets what the two others leave.
                Assert.That(has, Is.EqualTo(quota).Within(ReferenceEquals(part, train) ? 2.0001 : 1.0001).Or.EqualTo(1), $"class {c} of {classes.Length}");
            }
        }
    }

    [Test]
    public void StratifiedSplit_IntoTwo_HasBothKindsOfEveryClass()
    {
        long[] classes = Classes((0, 2), (1, 2), (2, 96));
        (IDataset train, IDataset validation) = Labelled(classes).StratifiedSplit(0.1);
        Assert.That(validation.Count, Is.EqualTo(10));
        Assert.That(Histogram(train), Is.EqualTo(new Dictionary<long, int> { [0] = 1, [1] = 1, [2] = 88 }));
        Assert.That(Histogram(validation), Is.EqualTo(new Dictionary<long, int> { [0] = 1, [1] = 1, [2] = 8 }));
    }

    [Test]
    public void StratifiedSplit_ClassTooSmall_SaysWhich()
    {
        Assert.That(() => Labelled(Classes((0, 50), (4, 2))).StratifiedSplit(0.2, 0.2), Throws.ArgumentException.With.Message.Contains("class 4 has 2 samples, and each of the 3 parts needs one"));
        Assert.That(() => Labelled(Classes((0, 50), (4, 1))).StratifiedSplit(0.2), Throws.ArgumentException.With.Message.Contains("class 4 has 1 sample, and each of the 2 parts needs one"));
        Assert.That(() => Labelled(Classes((0, 50), (4, 50))).StratifiedSplit(0.01), Throws.ArgumentException.With.Message.Contains("a part of 1 of the 100 samples cannot hold one of each of 2 classes"));
        Assert.That(() => Labelled(Classes((0, 50), (4, 50))).StratifiedSplit(0), Throws.ArgumentException);
        Assert.That(() => Numbered(0).StratifiedSplit(0.2), Throws.ArgumentException.With.Message.Contains("no samples"));
    }

    [Test]
    public void StratifiedSplit_ClassesOfOnesOwn_AreTaken()
    {
        long[] classes = [.. Enumerable.Range(0, 40).Select(static i => (long)(i / 20))];
        (_, IDataset validation) = Numbered(40).StratifiedSplit(0.5, classes: classes);
        Assert.That(Samples(validation).Count(static i => i < 20), Is.EqualTo(10));
        Assert.That(() => Numbered(40).StratifiedSplit(0.5, classes: [0, 1]), Throws.ArgumentException.With.Message.Contains("2 classes for 40 samples"));
    }

    [Test]
    public void ClassNumbers_AreThoseOfTheTargets()
    {
        long[] classes = [3, 1, 0, 3];
        Tensor numbers = Tensor.From<long>(classes, s_device), x = Tensor.Ones([4, 2], device: s_device);
        foreach (Tensor targets in (Tensor[])[numbers, numbers.To(DType.Int32), numbers.To(DType.UInt8), numbers.Unsqueeze(1), numbers.OneHot(4), numbers.OneHot(4) * 0.5 + 0.1])
        {
            Assert.That(new TensorDataset(x, targets).ClassNumbers(), Is.EqualTo(classes), $"{targets.DType} {targets.Shape}");
        }

        ImageDataset images = new(new byte[4], [3, 1, 0, 3], [1, 1, 1]);
        Assert.That(images.ClassNumbers(), Is.EqualTo(classes));
        Assert.That(images.Subset([2, 0]).ClassNumbers(), Is.EqualTo((long[])[0, 3]));
        Assert.That(new TensorDataset(x, numbers).Subset([2, 0]).ClassNumbers(), Is.EqualTo((long[])[0, 3]));
        Assert.That(() => new TensorDataset(x, Tensor.Ones([4], device: s_device)).ClassNumbers(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("pass the classes"));
        Assert.That(() => new TensorDataset(x, Tensor.Ones([4, 3], DType.Int64, s_device)).ClassNumbers(), Throws.TypeOf<DTypeMismatchException>());
    }

    [Test]
    public void ClassNumbers_OfManySamples_AreReadInPieces()
    {
        long[] classes = [.. Enumerable.Range(0, 1000).Select(static i => (long)(i % 7))];
        Assert.That(Labelled(classes).ClassNumbers(), Is.EqualTo(classes));
    }

    [Test]
    public void Parts_ForMeasuring_HaveNoRandomChanges()
    {
        ImageDataset images = new([.. Enumerable.Range(0, 80).Select(static i => (byte)i)], [.. Enumerable.Range(0, 40).Select(static i => (byte)(i % 2))], [1, 1, 2]);
        ImageDataset flipped = images.With(new RandomHorizontalFlip(1));
        (IDataset train, IDataset validation, IDataset test) = flipped.Split(0.25, 0.25);
        Assert.That(Rising(train), Is.False);
        Assert.That(Rising(validation) && Rising(test), Is.True);
        (train, validation, test) = flipped.StratifiedSplit(0.25, 0.25);
        Assert.That(Rising(train), Is.False);
        Assert.That(Rising(validation) && Rising(test), Is.True);
        foreach (Fold fold in (Fold[])[.. flipped.KFold(3), .. flipped.StratifiedKFold(3)])
        {
            Assert.That(Rising(fold.Train), Is.False);
            Assert.That(Rising(fold.Validation), Is.True);
        }

        static bool Rising(IDataset part)
        {
            using Batch batch = part.GetBatch(new BatchRequest([0], s_device));
            float[] pixels = batch.Inputs.ToArray<float>();
            return pixels[1] > pixels[0];
        }
    }

    [Test]
    public void KFold_EachSampleIsValidatedOnOnce([Values(2, 3, 10)] int k, [Values(10, 23)] int count)
    {
        IReadOnlyList<Fold> folds = Numbered(count).KFold(k, seed: 5);
        Assert.That(folds.SelectMany(static f => Samples(f.Validation)), Is.EquivalentTo(Enumerable.Range(0, count)));
        for (int i = 0; i < k; i++)
        {
            Assert.That(folds[i].Number, Is.EqualTo(i));
            Assert.That(folds[i].Validation.Count, Is.EqualTo((count / k) + (i < count % k ? 1 : 0)));
            Assert.That(Samples(folds[i].Train).Concat(Samples(folds[i].Validation)), Is.EquivalentTo(Enumerable.Range(0, count)));
            Assert.That(folds[i].ValidationIndices, Is.EqualTo(Samples(folds[i].Validation)));
        }

        Assert.That(Samples(Numbered(count).KFold(k, seed: 5)[0].Validation), Is.EqualTo(Samples(folds[0].Validation)));
        Assert.That(Samples(Numbered(count).KFold(k, seed: 6)[0].Validation), Is.Not.EqualTo(Samples(folds[0].Validation)));
    }

    [Test]
    public void StratifiedKFold_ClassesAndSizesDifferByOne([Range(0, 9)] int seed)
    {
        Random random = new(seed);
        int k = 2 + random.Next(4);
        long[] classes = Classes([.. Enumerable.Range(0, 2 + random.Next(5)).Select(c => ((long)c, k + random.Next(20)))]);
        IReadOnlyList<Fold> folds = Labelled(classes).StratifiedKFold(k, seed);
        Assert.That(folds.SelectMany(static f => Samples(f.Validation)), Is.EquivalentTo(Enumerable.Range(0, classes.Length)));
        Assert.That(folds.Max(static f => f.Validation.Count) - folds.Min(static f => f.Validation.Count), Is.LessThanOrEqualTo(1));
        foreach (long c in classes.Distinct())
        {
            int[] has = [.. folds.Select(f => Histogram(f.Validation).GetValueOrDefault(c))];
            Assert.That(has.Max() - has.Min(), Is.LessThanOrEqualTo(1));
            Assert.That(has.Min(), Is.GreaterThan(0));
        }
    }

    [Test]
    public void KFold_BadArguments_Throw()
    {
        foreach (int k in (int[])[-1, 0, 1, 11])
        {
            Assert.That(() => Numbered(10).KFold(k), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("at most as many as samples (10)"));
            Assert.That(() => Labelled(Classes((0, 10))).StratifiedKFold(k), Throws.TypeOf<ArgumentOutOfRangeException>());
        }

        Assert.That(() => Labelled(Classes((0, 10), (5, 2))).StratifiedKFold(3), Throws.ArgumentException.With.Message.Contains("class 5 has 2 samples, and each of the 3 parts needs one"));
    }

    /// <summary>Sample i has input i and target i.</summary>
    private static TensorDataset Numbered(int count) =>
        new(Tensor.From<float>([.. Enumerable.Range(0, count).Select(static i => (float)i)], [count, 1], s_device), Tensor.Zeros([count], DType.Int64, s_device));

    private static TensorDataset Labelled(long[] classes) =>
        new(Tensor.From<float>([.. Enumerable.Range(0, classes.Length).Select(static i => (float)i)], [classes.Length, 1], s_device), Tensor.From<long>(classes, s_device));

    /// <summary>Interleaved, as real data is.</summary>
    private static long[] Classes(params (long Class, int Count)[] parts)
    {
        long[] classes = [.. parts.SelectMany(static p => Enumerable.Repeat(p.Class, p.Count))];
        new Random(1).Shuffle(classes);
        return classes;
    }

    private static Batch All(IDataset data) => data.GetBatch(new BatchRequest([.. Enumerable.Range(0, data.Count)], s_device));

    private static int[] Samples(IDataset data)
    {
        using Batch batch = All(data);
        return [.. batch.Inputs.ToArray<float>().Select(static x => (int)x)];
    }

    private static Dictionary<long, int> Histogram(IDataset data)
    {
        using Batch batch = All(data);
        return batch.Targets.ToArray<long>().CountBy(static c => c).ToDictionary();
    }
}
