namespace Engine.Nn;

/// <summary>Cuts a data set into mini-batches: in order or shuffled, made ahead by a background thread, placed on a device.</summary>
/// <remarks>
/// <para>The loader has no moving state. The order of an epoch and every random change in it follow from <see cref="Seed"/> and the
/// epoch's number, so a run that starts again in the middle of an epoch gets the same batches as the interrupted one would have.</para>
/// <code>
/// DataLoader loader = new(data, batchSize: 128) { Shuffle = true, Seed = 42 };
/// foreach (Batch batch in loader.Epoch(0))
/// {
///     using (batch) { … }
/// }
/// </code>
/// </remarks>
public sealed class DataLoader : IBatchSource
{
    private readonly Sampler _sampler = Sampler.Sequential;
    private readonly int _prefetch = 2;

    /// <summary>A loader that goes through the data in order.</summary>
    public DataLoader(IDataset dataset, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        Dataset = dataset;
        BatchSize = batchSize;
    }

    /// <summary>Where the samples come from.</summary>
    public IDataset Dataset { get; }

    /// <summary>Samples in a batch; the last one of an epoch may have fewer.</summary>
    public int BatchSize { get; }

    /// <summary>Whether each epoch has its own random order. Short for a <see cref="Sampler"/>.</summary>
    public bool Shuffle
    {
        get => ReferenceEquals(_sampler, Sampler.Shuffled);
        init => _sampler = value ? Sampler.Shuffled : Sampler.Sequential;
    }

    /// <summary>Which samples an epoch consists of and in which order.</summary>
    public Sampler Sampler
    {
        get => _sampler;
        init => _sampler = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>Decides the order of every epoch and all random transforms.</summary>
    public long Seed { get; init; }

    /// <summary>Whether a last batch that is not full is left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>How many batches may be ready before they are asked for; 0 makes each on the caller's thread.</summary>
    public int Prefetch
    {
        get => _prefetch;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _prefetch = value;
        }
    }

    /// <summary>Where batches are put; <see cref="Device.Default"/> if null.</summary>
    public Device? Device { get; init; }

    /// <inheritdoc/>
    public long SampleCount => DropLast ? (long)BatchCount * BatchSize : EpochLength;

    /// <inheritdoc/>
    public int BatchCount => DropLast ? EpochLength / BatchSize : (int)(((long)EpochLength + BatchSize - 1) / BatchSize);

    private int EpochLength => _sampler.EpochLength(Dataset.Count);

    /// <inheritdoc/>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0) => Epoch(epoch, firstBatch, CancellationToken.None);

    /// <summary>The batches of an epoch in order. The consumer disposes the batches that it takes; the others are disposed here.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="firstBatch">How many batches to leave out at the beginning.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <remarks>An exception in the background thread is thrown to the caller, after the batches before it.</remarks>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstBatch, BatchCount);
        return Enumerate(epoch, firstBatch, Device ?? Device.Default, cancellationToken);
    }

    private IEnumerable<Batch> Enumerate(int epoch, int firstBatch, Device device, CancellationToken cancellationToken)
    {
        // Stream 0 of the epoch's seed orders the samples; their own streams are counted from 1.
        ulong seed = new SampleRandom((ulong)Seed, epoch).NextUInt64();
        int[] order = _sampler.Order(Dataset.Count, new SampleRandom(seed, 0));
        Batch Make(int batch)
        {
            // The consumer may call from within a scope of its own; a batch belongs to the consumer, not to the scope.
            using TensorScope outside = TensorScope.Suspend();
            int start = batch * BatchSize;
            ReadOnlySpan<int> indices = order.AsSpan(start, Math.Min(BatchSize, order.Length - start));
            return Dataset.GetBatch(new BatchRequest(indices, device, seed, start + 1L));
        }

        if (Prefetch > 0)
        {
            using PrefetchQueue queue = new(Make, firstBatch, BatchCount, Prefetch, cancellationToken);
            while (queue.TryTake(out Batch batch))
            {
                yield return batch;
            }
        }
        else
        {
            for (int batch = firstBatch; batch < BatchCount; batch++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Make(batch);
            }
        }
    }
}
