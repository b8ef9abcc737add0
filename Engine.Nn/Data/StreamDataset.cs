namespace Engine.Nn;

/// <summary>Streams of samples, and views of them.</summary>
/// <example><code>
/// IStreamDataset lines = StreamDataset.From(File.ReadLines("log.txt"), Parse).Shuffle(10_000);
/// DataLoader loader = new(lines, batchSize: 64) { Workers = 4 };
/// trainer.Fit(loader, maxSteps: 10_000);
/// </code></example>
public static class StreamDataset
{
    /// <summary>A sample for each item of a sequence that each epoch enumerates anew.</summary>
    /// <param name="items">The items, in the same order each time.</param>
    /// <param name="sample">Makes a sample of one; several threads may call it at once.</param>
    public static IStreamDataset From<T>(IEnumerable<T> items, Func<T, Sample> sample)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(sample);
        return new Sequence<T>((_, _) => items, sample);
    }

    /// <summary>A sample for each item of a sequence of the epoch: files in another order each time, say.</summary>
    /// <param name="items">The items of an epoch, from its number; the same each time that it is asked.</param>
    /// <param name="sample">Makes a sample of one; several threads may call it at once.</param>
    public static IStreamDataset From<T>(Func<int, IEnumerable<T>> items, Func<T, Sample> sample)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(sample);
        return new Sequence<T>((epoch, _) => Guard.Returned(items(epoch), nameof(StreamDataset), "the function of the epoch"), sample);
    }

    /// <summary>A sample for each item of an asynchronous sequence. A thread of the loader waits for the items.</summary>
    /// <param name="items">The items of an epoch, from its number and a token that ends the reading.</param>
    /// <param name="sample">Makes a sample of one; several threads may call it at once.</param>
    public static IStreamDataset FromAsync<T>(Func<int, CancellationToken, IAsyncEnumerable<T>> items, Func<T, Sample> sample)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(sample);
        return new Sequence<T>((epoch, token) => Guard.Returned(items(epoch, token), nameof(StreamDataset), "the function of the epoch").ToBlockingEnumerable(token), sample);
    }

    /// <summary>
    /// The samples in a random order: a buffer holds the next ones, and each is drawn from it. It differs from epoch to epoch and follows from the loader's seed, so that a run that is
    /// resumed goes on with the same bits. To get to its position it reads on from the beginning, without making the samples that it passes over.
    /// </summary>
    /// <param name="stream">The samples.</param>
    /// <param name="bufferSize">How many samples wait; as many as there are make every order possible.</param>
    public static IStreamDataset Shuffle(this IStreamDataset stream, int bufferSize)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new Shuffled(stream, Hyper.Count(bufferSize));
    }

    /// <summary>The first samples of each epoch: an epoch of an endless stream.</summary>
    public static IStreamDataset Take(this IStreamDataset stream, long count)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new View(stream, (samples, request) => First(samples(request), count - request.FirstSample));
    }

    /// <summary>Every n-th sample, from the one at <paramref name="index"/> on: the part of one of n processes that read the same stream.</summary>
    /// <param name="stream">The samples.</param>
    /// <param name="index">Whose part, from 0 to <paramref name="of"/> − 1.</param>
    /// <param name="of">How many parts there are.</param>
    public static IStreamDataset Shard(this IStreamDataset stream, int index, int of)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Hyper.Count(of);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)of, nameof(index));
        return new View(stream, (samples, request) =>
            EveryNth(samples(request with { FirstSample = index + (request.FirstSample * of) }), of));
    }

    /// <summary>The same samples, each changed at random; not of data that a model is validated on.</summary>
    public static IStreamDataset With(this IStreamDataset stream, SampleTransform augment)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(augment);
        return new Augmented(stream, augment);
    }

    private static IEnumerable<SampleFactory> First(IEnumerable<SampleFactory> samples, long count)
    {
        if (count <= 0)
        {
            yield break;
        }

        foreach (SampleFactory sample in samples)
        {
            yield return sample;
            if (--count == 0)
            {
                // Nothing is read beyond the last one, which may never come.
                yield break;
            }
        }
    }

    private static IEnumerable<SampleFactory> EveryNth(IEnumerable<SampleFactory> samples, int n)
    {
        int place = 0;
        foreach (SampleFactory sample in samples)
        {
            if (place == 0)
            {
                yield return sample;
            }

            place = (place + 1) % n;
        }
    }

    private sealed class Sequence<T>(Func<int, CancellationToken, IEnumerable<T>> items, Func<T, Sample> make) : IStreamDataset
    {
        public IEnumerable<SampleFactory> Read(StreamRequest request)
        {
            long left = request.FirstSample;
            foreach (T item in items(request.Epoch, request.Cancellation))
            {
                if (left > 0)
                {
                    left--;
                    continue;
                }

                yield return (ref SampleRandom _) => make(item);
            }
        }
    }

    private sealed class View(IStreamDataset stream, Func<Func<StreamRequest, IEnumerable<SampleFactory>>, StreamRequest, IEnumerable<SampleFactory>> read) : IStreamDataset
    {
        public IEnumerable<SampleFactory> Read(StreamRequest request) => read(stream.Read, request);

        public IStreamDataset WithoutRandomChanges() => new View(stream.WithoutRandomChanges(), read);
    }

    private sealed class Augmented(IStreamDataset stream, SampleTransform augment) : IStreamDataset
    {
        public IEnumerable<SampleFactory> Read(StreamRequest request)
        {
            foreach (SampleFactory make in stream.Read(request))
            {
                yield return (ref SampleRandom random) => augment(make(ref random), ref random);
            }
        }

        public IStreamDataset WithoutRandomChanges() => stream.WithoutRandomChanges();
    }

    private sealed class Shuffled(IStreamDataset stream, int size) : IStreamDataset
    {
        public IStreamDataset WithoutRandomChanges() => new Shuffled(stream.WithoutRandomChanges(), size);

        public IEnumerable<SampleFactory> Read(StreamRequest request)
        {
            // Stream 0 of an epoch's seed is for its order, as in a DataLoader.
            SampleRandom random = new(request.Seed, 0);
            List<SampleFactory> waiting = [];
            long left = request.FirstSample;
            foreach (SampleFactory next in stream.Read(request with { FirstSample = 0 }))
            {
                if (waiting.Count < size)
                {
                    waiting.Add(next);
                    continue;
                }

                int at = random.Next(size);
                SampleFactory drawn = waiting[at];
                waiting[at] = next;
                if (left-- <= 0)
                {
                    yield return drawn;
                }
            }

            while (waiting.Count > 0)
            {
                int at = random.Next(waiting.Count);
                SampleFactory drawn = waiting[at];
                waiting[at] = waiting[^1];
                waiting.RemoveAt(waiting.Count - 1);
                if (left-- <= 0)
                {
                    yield return drawn;
                }
            }
        }
    }
}
