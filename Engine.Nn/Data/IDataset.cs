namespace Engine.Nn;

/// <summary>Samples that can be asked for by number.</summary>
/// <remarks>A batch must follow from the request alone. Several loaders may ask at once, each from a thread of its own.</remarks>
public interface IDataset
{
    /// <summary>How many samples there are.</summary>
    int Count { get; }

    /// <summary>Puts samples together into a batch, on the device that is asked for.</summary>
    Batch GetBatch(in BatchRequest request);

    /// <summary>
    /// The same samples without random changes, as a model is validated on them; this data set where it makes none. A data set that wraps
    /// another passes the question on.
    /// </summary>
    IDataset WithoutRandomChanges() => this;
}

/// <summary>Which samples a batch shall hold.</summary>
/// <param name="indices">The samples' numbers in the data set, in order.</param>
/// <param name="device">Where the tensors shall be.</param>
/// <param name="seed">Decides all random changes of this epoch.</param>
/// <param name="firstPosition">The position of the first sample in the order of the epoch.</param>
/// <param name="collate">How samples become a batch, where the loader says so.</param>
public readonly ref struct BatchRequest(ReadOnlySpan<int> indices, Device device, ulong seed = 0, long firstPosition = 0, CollateFunction? collate = null)
{
    /// <summary>The samples' numbers in the data set, in order.</summary>
    public ReadOnlySpan<int> Indices { get; } = indices;

    /// <summary>Where the tensors shall be.</summary>
    public Device Device { get; } = device ?? throw new ArgumentNullException(nameof(device));

    /// <summary>Decides all random changes of this epoch.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The position of the first sample in the order of the epoch.</summary>
    public long FirstPosition { get; } = firstPosition;

    /// <summary>How samples become a batch, where the loader says so; data sets that do not make samples one by one refuse it (<see cref="RefuseCollate"/>).</summary>
    public CollateFunction? Collate { get; } = collate;

    /// <summary>
    /// The random numbers of one sample. They depend on the seed and the sample's position in the epoch, not on the size of the batch or on
    /// the thread that makes it.
    /// </summary>
    public SampleRandom Random(int sample) => new(Seed, FirstPosition + sample);

    /// <summary>The same request for other samples, as a view of a data set passes it on.</summary>
    public BatchRequest For(ReadOnlySpan<int> indices) => new(indices, Device, Seed, FirstPosition, Collate);

    /// <summary>For a data set that makes batches as a whole.</summary>
    /// <exception cref="ArgumentException">The loader has a <see cref="DataLoader.Collate"/> of its own.</exception>
    public void RefuseCollate(IDataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (Collate is not null)
        {
            throw new ArgumentException($"DataLoader.Collate: a {dataset.GetType().Name} makes whole batches, not samples. Collate is for a SampleDataset, such as Dataset.From makes, and for streams.");
        }
    }
}
