using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Several threads that make batches: the same batches in the same order, bounded memory, errors and cancellation as with one.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LoaderWorkersTests
{
    private readonly ReferenceDevice _device = new();
    private int _made;

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    public void Epoch_AnyNumberOfWorkers_HasTheSameBatchesInOrder(int workers)
    {
        DataLoader one = new(Uneven(60), 4) { Device = _device, Shuffle = true, Seed = 3, Prefetch = 0 };
        DataLoader several = new(Uneven(60), 4) { Device = _device, Shuffle = true, Seed = 3, Workers = workers };
        double[][] wanted = Read(one.Epoch(1));
        Assert.That(wanted, Has.Length.EqualTo(15));
        Assert.That(Read(several.Epoch(1)), Is.EqualTo(wanted));
        Assert.That(Read(several.Epoch(1, 6)), Is.EqualTo(wanted[6..]));
        Assert.That(_device.Pool.Report.Blocks, Is.Zero);
    }

    [Test]
    public void Epoch_WorkersAhead_AreBounded()
    {
        DataLoader loader = new(Uneven(400), 1) { Device = _device, Workers = 3, Prefetch = 2 };
        foreach (Batch batch in loader.Epoch(0))
        {
            batch.Dispose();
            Thread.Sleep(30);
            break;
        }

        // One taken, two ready, three in the making.
        Assert.That(_made, Is.LessThanOrEqualTo(1 + 2 + 3));
        int made = _made;
        Thread.Sleep(20);
        Assert.That(_made, Is.EqualTo(made), "nobody makes batches any more");
        Assert.That(_device.Pool.Report.Blocks, Is.Zero);
    }

    [Test]
    public void Epoch_FailingSample_ThrowsAfterTheBatchesBefore()
    {
        for (int i = 0; i < 20; i++)
        {
            DataLoader loader = new(Dataset.From([.. Enumerable.Range(0, 40)], static n => n == 13 ? throw new InvalidDataException("sample 13") : new Sample(n)), 2) { Device = _device, Workers = 3 };
            int seen = 0;
            InvalidDataException? error = Assert.Throws<InvalidDataException>(() =>
            {
                foreach (Batch batch in loader.Epoch(0))
                {
                    batch.Dispose();
                    seen++;
                }
            });
            Assert.That(seen, Is.EqualTo(6));
            Assert.That(error!.Message, Is.EqualTo("sample 13"));
        }

        Assert.That(_device.Pool.Report.Blocks, Is.Zero);
    }

    [Test]
    public void Epoch_FailingReader_ThrowsAfterTheBatchesBefore()
    {
        DataLoader loader = new(StreamDataset.From(static _ => Items(), static i => new Sample(i)), 2) { Device = _device, Workers = 2 };
        List<long> seen = [];
        Assert.That(
            () =>
            {
                foreach (Batch batch in loader.Epoch(0))
                {
                    seen.AddRange(batch.Inputs.ToArray<long>());
                    batch.Dispose();
                }
            },
            Throws.TypeOf<InvalidDataException>());
        Assert.That(seen, Is.EqualTo((long[])[0, 1, 2, 3]));

        static IEnumerable<int> Items()
        {
            for (int i = 0; i < 5; i++)
            {
                yield return i;
            }

            throw new InvalidDataException("the file ends here");
        }
    }

    [Test]
    public void Epoch_CancelledOrLeft_EndsAllThreads()
    {
        for (int i = 0; i < 200; i++)
        {
            using CancellationTokenSource source = new();
            DataLoader loader = new(Uneven(30), 1) { Device = _device, Workers = 1 + (i % 4) };
            int left = i % 30;
            try
            {
                foreach (Batch batch in loader.Epoch(0, 0, source.Token))
                {
                    batch.Dispose();
                    if (left-- == 0)
                    {
                        if (i % 2 == 0)
                        {
                            break;
                        }

                        source.Cancel();
                    }
                }

                Assert.That(i % 2 == 0 || i % 30 == 29, Is.True, "a cancelled loop throws, unless it was at its end");
            }
            catch (OperationCanceledException)
            {
                Assert.That(i % 2, Is.EqualTo(1));
            }
        }

        Assert.That(_device.Pool.Report.Blocks, Is.Zero);
    }

    [Test]
    public void Loop_OverTheLoader_IsTheNextEpochEachTime()
    {
        DataLoader loader = new(Uneven(12), 5) { Device = _device, Shuffle = true, Workers = 2 };
        double[][][] loops = [Loop(), Loop(), Loop()];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            Assert.That(loops[epoch], Is.EqualTo(Read(loader.Epoch(epoch))));
        }

        Assert.That(loader.NextEpoch, Is.EqualTo(3));
        loader.NextEpoch = 1;
        Assert.That(Loop(), Is.EqualTo(loops[1]));
        Assert.That(() => loader.NextEpoch = -1, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new DataLoader(Uneven(1), 1) { Workers = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new DataLoader(Uneven(1), 1) { Workers = 2, Prefetch = 0 }, Throws.ArgumentException.With.Message.Contains("Set Prefetch to 2 or more"));
        Assert.That(() => new DataLoader(Uneven(1), 1) { Prefetch = 0, Workers = 3 }, Throws.ArgumentException.With.Message.Contains("Set Prefetch to 3 or more"));

        double[][] Loop()
        {
            List<double[]> batches = [];
            foreach (Batch batch in loader)
            {
                batches.Add(batch.Inputs.ToArray<double>());
                batch.Dispose();
            }

            return [.. batches];
        }
    }

    /// <summary>Samples with random numbers, some of which take longer than others.</summary>
    private SampleDataset Uneven(int count) => Dataset.From(
        [.. Enumerable.Range(0, count)],
        n =>
        {
            Interlocked.Increment(ref _made);
            if (n % 5 == 0)
            {
                Thread.SpinWait(20_000);
            }

            return new Sample((double)n);
        },
        static (Sample sample, ref SampleRandom random) => new Sample(BitConverter.ToDouble(sample.Inputs[0].Bytes) + random.NextDouble()));

    private static double[][] Read(IEnumerable<Batch> batches) => [.. batches.Select(static batch =>
    {
        using (batch)
        {
            return batch.Inputs.ToArray<double>();
        }
    })];
}
