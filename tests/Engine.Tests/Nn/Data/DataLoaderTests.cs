using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed class DataLoaderTests
{
    private readonly ReferenceDevice _device = new();

    private static IEnumerable<int> Prefetches => [0, 1, 3];

    [TestCaseSource(nameof(Prefetches))]
    public void Epoch_InOrder_CutsEverythingOnce(int prefetch)
    {
        DataLoader loader = new(Numbers(10), 4) { Device = _device, Prefetch = prefetch };
        Assert.That((loader.BatchCount, loader.SampleCount), Is.EqualTo((3, 10)));
        Assert.That(Read(loader, 0), Is.EqualTo((int[][])[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]));
    }

    [TestCaseSource(nameof(Prefetches))]
    public void Epoch_DropLast_LeavesThePartialBatchOut(int prefetch)
    {
        DataLoader loader = new(Numbers(10), 4) { Device = _device, Prefetch = prefetch, DropLast = true };
        Assert.That((loader.BatchCount, loader.SampleCount), Is.EqualTo((2, 8)));
        Assert.That(Read(loader, 0), Is.EqualTo((int[][])[[0, 1, 2, 3], [4, 5, 6, 7]]));
    }

    [Test]
    public void Epoch_Shuffled_DependsOnSeedAndEpochOnly()
    {
        DataLoader loader = new(Numbers(100), 7) { Device = _device, Shuffle = true, Seed = 5 };
        DataLoader same = new(Numbers(100), 7) { Device = _device, Shuffle = true, Seed = 5, Prefetch = 0 };
        DataLoader other = new(Numbers(100), 7) { Device = _device, Shuffle = true, Seed = 6 };
        int[] first = [.. Read(loader, 0).SelectMany(static b => b)];
        Assert.That(first, Is.EquivalentTo(Enumerable.Range(0, 100)).And.Not.Ordered);
        Assert.That(Read(loader, 1).SelectMany(static b => b), Is.EquivalentTo(first).And.Not.EqualTo(first));
        Assert.That(Read(loader, 0).SelectMany(static b => b), Is.EqualTo(first), "asked again");
        Assert.That(Read(same, 0).SelectMany(static b => b), Is.EqualTo(first));
        Assert.That(Read(other, 0).SelectMany(static b => b), Is.Not.EqualTo(first));
        Assert.That(loader.Shuffle, Is.True);
    }

    [TestCaseSource(nameof(Prefetches))]
    public void Epoch_FromTheMiddle_IsTheRestOfTheWhole(int prefetch)
    {
        ImageDataset images = new([.. Enumerable.Range(0, 20 * 12).Select(static i => (byte)i)], new byte[20], [1, 3, 4]);
        DataLoader loader = new(images.With(new RandomCrop(2), new RandomHorizontalFlip()), 3) { Device = _device, Shuffle = true, Seed = 1, Prefetch = prefetch };
        float[][] whole = ReadPixels(loader, 2, 0);
        Assert.That(ReadPixels(loader, 2, 4), Is.EqualTo(whole[4..]));
        Assert.That(ReadPixels(loader, 2, 7), Is.Empty);
        Assert.That(() => loader.Epoch(2, 8), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => loader.Epoch(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Epoch_RandomChanges_DoNotDependOnTheBatchSize()
    {
        ImageDataset images = new ImageDataset([.. Enumerable.Range(0, 20 * 12).Select(static i => (byte)i)], new byte[20], [1, 3, 4]).With(new RandomCrop(2));
        float[] small = [.. ReadPixels(new DataLoader(images, 3) { Device = _device, Seed = 3 }, 0, 0).SelectMany(static b => b)];
        float[] large = [.. ReadPixels(new DataLoader(images, 20) { Device = _device, Seed = 3 }, 0, 0).SelectMany(static b => b)];
        Assert.That(small, Is.EqualTo(large));
        Assert.That(ReadPixels(new DataLoader(images, 20) { Device = _device, Seed = 3 }, 1, 0)[0], Is.Not.EqualTo(large), "another epoch, other changes");
    }

    [Test]
    public void Epoch_FailingDataset_ThrowsAfterTheBatchesBefore()
    {
        DataLoader loader = new(new FailingDataset(failAt: 6), 2) { Device = _device };
        int seen = 0;
        InvalidOperationException? error = Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (Batch batch in loader.Epoch(0))
            {
                batch.Dispose();
                seen++;
            }
        });
        Assert.That(seen, Is.EqualTo(3));
        Assert.That(error!.Message, Is.EqualTo("sample 6"));
        Assert.That(error.StackTrace, Does.Contain(nameof(FailingDataset)), "the place where it happened");
    }

    [TestCaseSource(nameof(Prefetches))]
    public void Epoch_Cancelled_ThrowsAtTheNextBatch(int prefetch)
    {
        using CancellationTokenSource source = new();
        DataLoader loader = new(Numbers(1000), 1) { Device = _device, Prefetch = prefetch };
        int seen = 0;
        Assert.That(
            () =>
            {
                foreach (Batch batch in loader.Epoch(0, 0, source.Token))
                {
                    batch.Dispose();
                    if (++seen == 5)
                    {
                        source.Cancel();
                    }
                }
            },
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(seen, Is.EqualTo(5));
    }

    [TestCaseSource(nameof(Prefetches))]
    public void Epoch_LeftEarly_GivesEverythingBackAndStopsTheThread(int prefetch)
    {
        ReferenceDevice device = new();
        CountingDataset data = new(Numbers(1000));
        DataLoader loader = new(data, 1) { Device = device, Prefetch = prefetch };
        foreach (Batch batch in loader.Epoch(0))
        {
            batch.Dispose();
            break;
        }

        Assert.That(device.Pool.Report.Blocks, Is.Zero);

        // One taken, at most `prefetch` ready, one in the making.
        Assert.That(data.Batches, Is.LessThanOrEqualTo(prefetch + 2));
        int made = data.Batches;
        Thread.Sleep(20);
        Assert.That(data.Batches, Is.EqualTo(made), "nobody makes batches any more");
    }

    [Test]
    public void ManyEpochs_LeftAnywhere_EndCleanly()
    {
        ReferenceDevice device = new();
        DataLoader loader = new(Numbers(8), 1) { Device = device, Prefetch = 2 };
        for (int i = 0; i < 2000; i++)
        {
            int left = i % 9;
            foreach (Batch batch in loader.Epoch(0))
            {
                batch.Dispose();
                if (left-- == 0)
                {
                    break;
                }
            }
        }

        Assert.That(device.Pool.Report.Blocks, Is.Zero);
    }

    [TestCaseSource(nameof(Prefetches))]
    public void Epoch_BatchesInsideAScope_OutliveIt(int prefetch)
    {
        DataLoader loader = new(Numbers(4), 2) { Device = _device, Prefetch = prefetch };
        using IEnumerator<Batch> batches = loader.Epoch(0).GetEnumerator();
        Batch batch;
        using (TensorScope.Begin())
        {
            batches.MoveNext();
            batch = batches.Current;
        }

        Assert.That(batch.Inputs.IsDisposed, Is.False);
        batch.Dispose();
        Assert.That(batch.Inputs.IsDisposed && batch.Targets.IsDisposed, Is.True);
    }

    [Test]
    public void TwoEpochsAtOnce_DoNotDisturbEachOther()
    {
        DataLoader loader = new(Numbers(500), 3) { Device = _device, Shuffle = true };
        int[][] expected = Read(loader, 0);
        int[][][] results = new int[4][][];
        Parallel.For(0, 4, i => results[i] = Read(loader, 0));
        Assert.That(results, Is.All.EqualTo(expected));
    }

    [Test]
    public void EmptyDataset_HasNoBatches()
    {
        DataLoader loader = new(Numbers(0), 4) { Device = _device, Shuffle = true };
        Assert.That((loader.BatchCount, loader.SampleCount), Is.EqualTo((0, 0)));
        Assert.That(Read(loader, 0), Is.Empty);
    }

    [Test]
    public void WeightedSampler_DrawsInProportion()
    {
        DataLoader loader = new(Numbers(4), 1000) { Device = _device, Sampler = new WeightedSampler([0, 1, 3, 0], epochLength: 40_000) };
        Assert.That((loader.BatchCount, loader.SampleCount), Is.EqualTo((40, 40_000)));
        int[] drawn = [.. Read(loader, 0).SelectMany(static b => b)];
        Assert.That(drawn, Is.All.InRange(1, 2));
        Assert.That(drawn.Count(static d => d == 1), Is.InRange(9_700, 10_300));
        Assert.That(() => Read(new DataLoader(Numbers(5), 1) { Device = _device, Sampler = new WeightedSampler([1.0]) }, 0), Throws.ArgumentException.With.Message.Contains("5 samples, the sampler 1 weights"));
        Assert.That(() => new WeightedSampler([1, double.NaN]), Throws.ArgumentException);
        Assert.That(() => new WeightedSampler([-1.0]), Throws.ArgumentException);
        Assert.That(() => new WeightedSampler([0.0, 0]), Throws.ArgumentException.With.Message.Contains("sum to 0"));
    }

    [Test]
    public void BadSettings_Throw()
    {
        Assert.That(() => new DataLoader(Numbers(1), 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new DataLoader(Numbers(1), 1) { Prefetch = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static TensorDataset Numbers(int count) => new(
        Tensor.From<int>([.. Enumerable.Range(0, count)], device: ReferenceDevice.Shared),
        Tensor.From<long>([.. Enumerable.Range(0, count)], device: ReferenceDevice.Shared));

    private static int[][] Read(DataLoader loader, int epoch)
    {
        List<int[]> result = [];
        foreach (Batch batch in loader.Epoch(epoch))
        {
            using (batch)
            {
                Assert.That(batch.Targets.ToArray<int>(), Is.EqualTo(batch.Inputs.ToArray<int>()), "inputs and targets belong together");
                result.Add(batch.Inputs.ToArray<int>());
            }
        }

        return [.. result];
    }

    private static float[][] ReadPixels(DataLoader loader, int epoch, int firstBatch)
    {
        List<float[]> result = [];
        foreach (Batch batch in loader.Epoch(epoch, firstBatch))
        {
            using (batch)
            {
                result.Add(batch.Inputs.ToArray<float>());
            }
        }

        return [.. result];
    }

    private sealed class FailingDataset(int failAt) : IDataset
    {
        public int Count => 10;

        public Batch GetBatch(in BatchRequest request) => request.Indices.Contains(failAt)
            ? throw new InvalidOperationException($"sample {failAt}")
            : Numbers(10).GetBatch(request);
    }

    private sealed class CountingDataset(IDataset inner) : IDataset
    {
        private int _batches;

        public int Batches => Volatile.Read(ref _batches);

        public int Count => inner.Count;

        public Batch GetBatch(in BatchRequest request)
        {
            Interlocked.Increment(ref _batches);
            return inner.GetBatch(request);
        }
    }
}
