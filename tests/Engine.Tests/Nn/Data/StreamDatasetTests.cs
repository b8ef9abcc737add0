using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Streams: order, shuffling, shards, and reading on from any position with the same bits.</summary>
internal sealed class StreamDatasetTests
{
    private static readonly SampleTransform s_noise = static (Sample sample, ref SampleRandom random) => new Sample(sample.Inputs, (HostArray)random.NextDouble());

    private readonly ReferenceDevice _device = new();

    private static IStreamDataset Numbers(int count) => StreamDataset.From(Enumerable.Range(0, count), static i => new Sample(i));

    private static IStreamDataset Mixed(int count) => Numbers(count).Shuffle(7).With(s_noise);

    [Test]
    public void Loader_InOrder_CutsEverythingOnce()
    {
        DataLoader loader = new(Numbers(10), 4) { Device = _device };
        Assert.That((loader.BatchCount, loader.SampleCount), Is.EqualTo((-1, -1)));
        Assert.That(Read(loader, 0), Is.EqualTo((long[][])[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]));
        Assert.That(Read(new DataLoader(Numbers(10), 4) { Device = _device, DropLast = true }, 0), Has.Length.EqualTo(2));
        Assert.That(Read(new DataLoader(Numbers(0), 4) { Device = _device }, 0), Is.Empty);
        Assert.That(() => new DataLoader(Numbers(10), 4) { Shuffle = true }, Throws.InvalidOperationException.With.Message.Contains("stream.Shuffle"));
        Assert.That(() => loader.Dataset, Throws.InvalidOperationException);
        Assert.That(loader.Stream, Is.Not.Null);
    }

    [Test]
    public void Shuffle_DependsOnSeedAndEpochOnly()
    {
        long[] first = Order(seed: 1, epoch: 0);
        Assert.That(first, Is.EquivalentTo(Enumerable.Range(0, 40)).And.Not.Ordered);
        Assert.That(Order(1, 0), Is.EqualTo(first));
        Assert.That(Order(1, 1), Is.EquivalentTo(first).And.Not.EqualTo(first));
        Assert.That(Order(2, 0), Is.Not.EqualTo(first));
        Assert.That(Enumerable.Range(0, 40).All(i => first[i] < i + 7), Is.True, "nothing comes before it was read");
        Assert.That(Read(new DataLoader(Numbers(5).Shuffle(100), 5) { Device = _device }, 0)[0], Is.EquivalentTo(Enumerable.Range(0, 5)));

        long[] Order(long seed, int epoch) => [.. Read(new DataLoader(Numbers(40).Shuffle(7), 6) { Device = _device, Seed = seed }, epoch).SelectMany(static b => b)];
    }

    [TestCase(0, 1)]
    [TestCase(2, 1)]
    [TestCase(3, 3)]
    public void Epoch_FromAnyBatch_GoesOnWithTheSameBits(int prefetch, int workers)
    {
        DataLoader loader = new(Mixed(23), 4) { Device = _device, Seed = 5, Prefetch = prefetch, Workers = workers };
        DataLoader plain = new(Mixed(23), 4) { Device = _device, Seed = 5, Prefetch = 0 };
        double[][] whole = Noise(plain, 2, 0);
        Assert.That(whole, Has.Length.EqualTo(6));
        for (int first = 0; first <= 6; first++)
        {
            Assert.That(Noise(loader, 2, first), Is.EqualTo(whole[first..]));
            Assert.That(Read(loader, 2, first), Is.EqualTo(Read(plain, 2)[first..]));
        }
    }

    [Test]
    public void Resuming_MakesNoSamplesThatItPassesOver()
    {
        int made = 0;
        IStreamDataset stream = StreamDataset.From(Enumerable.Range(0, 100), i =>
        {
            Interlocked.Increment(ref made);
            return new Sample(i);
        }).Shuffle(10);
        _ = Read(new DataLoader(stream, 10) { Device = _device }, 0, 8);
        Assert.That(made, Is.EqualTo(20));
    }

    [Test]
    public void TakeAndShard_ArePartsThatResume()
    {
        Assert.That(Read(new DataLoader(Endless().Take(5), 2) { Device = _device }, 0), Is.EqualTo((long[][])[[0, 1], [2, 3], [4]]));
        Assert.That(Read(new DataLoader(Endless().Take(5), 2) { Device = _device }, 0, 2), Is.EqualTo((long[][])[[4]]));
        Assert.That(Read(new DataLoader(Numbers(4).Take(0), 2) { Device = _device }, 0), Is.Empty);
        Assert.That(Read(new DataLoader(Numbers(10).Shard(1, 3), 2) { Device = _device }, 0), Is.EqualTo((long[][])[[1, 4], [7]]));
        Assert.That(Read(new DataLoader(Numbers(10).Shard(1, 3), 2) { Device = _device }, 0, 1), Is.EqualTo((long[][])[[7]]));
        Assert.That(() => Numbers(1).Shard(3, 3), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Numbers(1).Shuffle(0), Throws.TypeOf<ArgumentOutOfRangeException>());

        static IStreamDataset Endless() => StreamDataset.From(static _ => Count(), static i => new Sample(i));

        static IEnumerable<int> Count()
        {
            for (int i = 0; ; i++)
            {
                yield return i;
            }
        }
    }

    [Test]
    public void FromAsync_IsReadByTheLoader_AndEndsWithIt()
    {
        bool ended = false;
        IStreamDataset stream = StreamDataset.FromAsync((epoch, token) => Items(epoch, token), static i => new Sample(i));
        Assert.That(Read(new DataLoader(stream.Take(4), 2) { Device = _device }, 3), Is.EqualTo((long[][])[[300, 301], [302, 303]]));
        ended = false;
        foreach (Batch batch in new DataLoader(stream, 1) { Device = _device }.Epoch(0))
        {
            batch.Dispose();
            break;
        }

        Assert.That(ended, Is.True, "the reader is told that the loader was left");
        Assert.That(_device.Pool.Report.Blocks, Is.Zero);

        async IAsyncEnumerable<int> Items(int epoch, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    await Task.Delay(i > 5 ? 60_000 : 1, token);
                    yield return (100 * epoch) + i;
                }
            }
            finally
            {
                ended = true;
            }
        }
    }

    [Test]
    public void WithoutRandomChanges_KeepsTheOrder()
    {
        DataLoader plain = new(Mixed(9).WithoutRandomChanges(), 3) { Device = _device }, mixed = new(Mixed(9), 3) { Device = _device };
        Assert.That(Read(plain, 0), Is.EqualTo(Read(mixed, 0)));
        Assert.That(plain.Epoch(0).First().AllTargets.Count, Is.Zero);
    }

    private static long[][] Read(DataLoader loader, int epoch, int first = 0) => [.. loader.Epoch(epoch, first).Select(static batch =>
    {
        using (batch)
        {
            return batch.Inputs.ToArray<long>();
        }
    })];

    private static double[][] Noise(DataLoader loader, int epoch, int first) => [.. loader.Epoch(epoch, first).Select(static batch =>
    {
        using (batch)
        {
            return batch.Targets.ToArray<double>();
        }
    })];
}
