namespace Engine.Nn;

/// <summary>Cuts a data set or a stream into mini-batches: in order or shuffled, made ahead by background threads, placed on a device.</summary>
/// <remarks>
/// <para>The order of an epoch and every random change in it follow from <see cref="Seed"/> and the
/// epoch's number, so a run that starts again in the middle of an epoch gets the same batches as the interrupted one would have. How many threads
/// make them changes nothing.</para>
/// <para>A loop over the loader itself is one epoch, the next one each time, as in PyTorch; <see cref="NextEpoch"/> is the only thing that moves.
/// <see cref="Epoch(int, int)"/> gives any epoch, and is what <see cref="Trainer"/> asks for.</para>
/// <code>
/// DataLoader loader = new(data, batchSize: 128) { Shuffle = true, Seed = 42 };
/// foreach (Batch batch in loader)
/// {
///     using (batch) { … }
/// }
/// </code>
/// </remarks>
public sealed class DataLoader : IBatchSource
{
    // Each is a thread: more than any machine has processors for is a slip.
    private const int MostWorkers = 1024;

    private readonly Sampler? _sampler;
    private readonly IDataset? _dataset;
    private readonly IStreamDataset? _stream;
    private int _nextEpoch;

    /// <summary>A loader that goes through the data in order.</summary>
    public DataLoader(IDataset dataset, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        _dataset = dataset;
        BatchSize = batchSize;
    }

    /// <summary>A loader of a stream. Nobody knows how many batches it has: <see cref="BatchCount"/> is −1.</summary>
    /// <remarks>A random order is the stream's: <see cref="StreamDataset.Shuffle"/>.</remarks>
    public DataLoader(IStreamDataset stream, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        _stream = stream;
        BatchSize = batchSize;
    }

    /// <summary>Where the samples come from.</summary>
    /// <exception cref="InvalidOperationException">They come from a stream.</exception>
    public IDataset Dataset => _dataset ?? throw new InvalidOperationException("DataLoader: its samples come from a stream, not from a data set. Use Stream.");

    /// <summary>The stream that the samples come from; null where they come from a data set.</summary>
    public IStreamDataset? Stream => _stream;

    /// <summary>Samples in a batch; the last one of an epoch may have fewer.</summary>
    public int BatchSize { get; }

    /// <summary>Whether each epoch has its own random order. Short for a <see cref="Sampler"/>.</summary>
    /// <exception cref="InvalidOperationException">It is asked for of a stream.</exception>
    public bool Shuffle
    {
        get => ReferenceEquals(_sampler, Sampler.Shuffled);
        init => Sampler = value ? Sampler.Shuffled : Sampler.Sequential;
    }

    /// <summary>Which samples an epoch consists of and in which order.</summary>
    /// <exception cref="InvalidOperationException">Another than in order, of a stream.</exception>
    public Sampler Sampler
    {
        get => _sampler ?? Sampler.Sequential;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            if (_stream is not null && !ReferenceEquals(value, Sampler.Sequential))
            {
                throw new InvalidOperationException("DataLoader: the samples of a stream come one after another and cannot be asked for by number. stream.Shuffle(bufferSize) gives them a random order.");
            }

            _sampler = value;
        }
    }

    /// <summary>How samples become a batch, of a stream or of a <see cref="SampleDataset"/>; null for that data set's own way, or <see cref="Nn.Collate.Stack"/>.</summary>
    public CollateFunction? Collate { get; init; }

    /// <summary>Decides the order of every epoch and all random transforms.</summary>
    public long Seed { get; init; }

    /// <summary>Whether a last batch that is not full is left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>How many batches may be ready before they are asked for; 0 makes each on the caller's thread, which several <see cref="Workers"/> contradict.</summary>
    public int Prefetch
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            CheckThreads(value, Workers, nameof(Prefetch));
            field = value;
        }
    }

    = 2;

    /// <summary>
    /// How many threads make batches, 1 unless set: more where making them (decoding) takes longer than a step. Order and bits of the batches are those of one thread.
    /// At most <see cref="Prefetch"/> batches are ready, and one a worker is in the making. At most 1,024.
    /// </summary>
    public int Workers
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MostWorkers, nameof(Workers));
            CheckThreads(Prefetch, value, nameof(Workers));
            field = Hyper.Count(value, nameof(Workers));
        }
    }

    = 1;

    /// <summary>Where batches are put; <see cref="Device.Default"/> if null.</summary>
    public Device? Device { get; init; }

    /// <summary>The epoch that the next loop over the loader is, from 0.</summary>
    public int NextEpoch
    {
        get => _nextEpoch;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _nextEpoch = value;
        }
    }

    /// <inheritdoc/>
    public long SampleCount => _stream is not null ? -1 : DropLast ? (long)BatchCount * BatchSize : EpochLength;

    /// <inheritdoc/>
    public int BatchCount => _stream is not null ? -1 : DropLast ? EpochLength / BatchSize : (int)(((long)EpochLength + BatchSize - 1) / BatchSize);

    private int EpochLength => Sampler.EpochLength(Dataset.Count);

    /// <summary>"DataLoader(79 batches of 128, shuffled, of ImageDataset(10,000 samples of [1, 28, 28]))".</summary>
    public override string ToString() => _stream is not null
        ? $"DataLoader(batches of {BatchSize} of a stream)"
        : $"DataLoader({BatchCount} batches of {BatchSize}{(Shuffle ? ", shuffled" : string.Empty)}, of {Dataset})";

    /// <summary>The batches of the next epoch (<see cref="NextEpoch"/>), which the call counts: <c>foreach (Batch batch in loader)</c>.</summary>
    public IEnumerator<Batch> GetEnumerator() => Epoch(Interlocked.Increment(ref _nextEpoch) - 1).GetEnumerator();

    /// <inheritdoc/>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0) => Epoch(epoch, firstBatch, CancellationToken.None);

    /// <summary>The batches of an epoch in order. The consumer disposes the batches that it takes; the others are disposed here.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="firstBatch">How many batches to leave out at the beginning.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <remarks>An exception in a background thread is thrown to the caller, after the batches before it.</remarks>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        if (_stream is null)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(firstBatch, BatchCount);
        }

        return Enumerate(epoch, firstBatch, Device ?? Device.Default, cancellationToken);
    }

    /// <summary>Whichever is set last finds that both contradict each other.</summary>
    private static void CheckThreads(int prefetch, int workers, string name)
    {
        if (prefetch == 0 && workers > 1)
        {
            throw new ArgumentException($"Prefetch 0 makes each batch on the caller's thread, which leaves {workers} workers without work. Set Prefetch to {workers} or more.", name);
        }
    }

    private IEnumerable<Batch> Enumerate(int epoch, int firstBatch, Device device, CancellationToken cancellationToken)
    {
        // Stream 0 of the epoch's seed orders the samples; their own streams are counted from 1.
        ulong seed = new SampleRandom((ulong)Seed, epoch).NextUInt64();
        int[] order = _stream is null ? Sampler.Order(Dataset.Count, new SampleRandom(seed, 0)) : [];
        IEnumerable<Func<Batch>> Jobs(CancellationToken stop) =>
            _stream is null ? JobsOfDataset(order, seed, firstBatch, device) : JobsOfStream(epoch, seed, firstBatch, device, stop);
        if (Prefetch > 0)
        {
            using PrefetchQueue queue = new(Jobs, Prefetch, Workers, cancellationToken);
            while (queue.TryTake(out Batch batch))
            {
                yield return batch;
            }
        }
        else
        {
            foreach (Func<Batch> make in Jobs(cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return make();
            }
        }
    }

    private IEnumerable<Func<Batch>> JobsOfDataset(int[] order, ulong seed, int firstBatch, Device device)
    {
        for (int batch = firstBatch; batch < BatchCount; batch++)
        {
            int start = batch * BatchSize;
            yield return () =>
            {
                // The consumer may call from within a scope of its own; a batch belongs to the consumer, not to the scope.
                using TensorScope outside = TensorScope.Suspend();
                ReadOnlySpan<int> indices = order.AsSpan(start, Math.Min(BatchSize, order.Length - start));
                return Dataset.GetBatch(new BatchRequest(indices, device, seed, start + 1L, Collate));
            };
        }
    }

    private IEnumerable<Func<Batch>> JobsOfStream(int epoch, ulong seed, int firstBatch, Device device, CancellationToken stop)
    {
        long position = (long)firstBatch * BatchSize;
        List<SampleFactory> read = [];
        foreach (SampleFactory sample in _stream!.Read(new StreamRequest(epoch, position, seed) { Cancellation = stop }))
        {
            read.Add(Guard.Returned(sample, nameof(DataLoader), "the stream"));
            if (read.Count == BatchSize)
            {
                yield return Job([.. read], position);
                position += BatchSize;
                read.Clear();
            }
        }

        if (read.Count > 0 && !DropLast)
        {
            yield return Job([.. read], position);
        }

        Func<Batch> Job(SampleFactory[] factories, long first) => () =>
        {
            using TensorScope outside = TensorScope.Suspend();
            Sample[] samples = new Sample[factories.Length];
            for (int i = 0; i < samples.Length; i++)
            {
                SampleRandom random = new(seed, first + i + 1);
                samples[i] = factories[i](ref random);
            }

            return (Collate ?? Nn.Collate.Stack)(samples, device);
        };
    }
}
