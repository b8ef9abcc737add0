namespace Engine.Nn;

/// <summary>A data set that makes its samples one by one, as PyTorch's <c>Dataset</c> with <c>__getitem__</c>. Batches are made of them by <see cref="Collate"/>.</summary>
/// <remarks>
/// <see cref="GetSample"/> must follow from its arguments alone, and several threads may call it at once (<see cref="DataLoader.Workers"/>).
/// <code>
/// sealed class Pictures(string[] files) : SampleDataset
/// {
///     public override int Count => files.Length;
///     public override Sample GetSample(int index, ref SampleRandom random) => new(Decode(files[index]), Label(files[index]));
/// }
/// </code>
/// </remarks>
public abstract class SampleDataset : IDataset
{
    /// <inheritdoc/>
    public abstract int Count { get; }

    /// <summary>How samples become a batch, unless the loader says otherwise.</summary>
    public CollateFunction Collate { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Nn.Collate.Stack;

    /// <summary>One sample.</summary>
    /// <param name="index">Its number, from 0 to <see cref="Count"/> − 1.</param>
    /// <param name="random">The random numbers of this sample in this epoch.</param>
    public abstract Sample GetSample(int index, ref SampleRandom random);

    /// <inheritdoc/>
    public virtual IDataset WithoutRandomChanges() => this;

    /// <summary>The type and the number of samples.</summary>
    public override string ToString() => DatasetViews.Text(this);

    /// <inheritdoc/>
    public Batch GetBatch(in BatchRequest request)
    {
        Sample[] samples = new Sample[request.Indices.Length];
        for (int i = 0; i < samples.Length; i++)
        {
            SampleRandom random = request.Random(i);
            samples[i] = GetSample(request.Indices[i], ref random);
        }

        return (request.Collate ?? Collate)(samples, request.Device);
    }
}

/// <summary>Data sets of a list and a function.</summary>
public static class Dataset
{
    /// <summary>A sample for each item of a list: <c>Dataset.From(files, file => new Sample(Decode(file), Label(file)))</c>.</summary>
    /// <param name="items">What samples are made of; the list must not change.</param>
    /// <param name="sample">Makes one; several threads may call it at once.</param>
    /// <param name="augment">Random changes of the samples, which are left out of data that a model is validated on.</param>
    /// <param name="collate">How samples become a batch; <see cref="Collate.Stack"/> if left out.</param>
    public static SampleDataset From<T>(IReadOnlyList<T> items, Func<T, Sample> sample, SampleTransform? augment = null, CollateFunction? collate = null)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(sample);
        return new ListDataset<T>(items, sample, augment) { Collate = collate ?? Collate.Stack };
    }

    private sealed class ListDataset<T>(IReadOnlyList<T> items, Func<T, Sample> make, SampleTransform? augment) : SampleDataset
    {
        public override int Count => items.Count;

        public override Sample GetSample(int index, ref SampleRandom random)
        {
            Sample sample = make(items[index]);
            return augment is null ? sample : augment(sample, ref random);
        }

        public override IDataset WithoutRandomChanges() => augment is null ? this : new ListDataset<T>(items, make, null) { Collate = Collate };
    }
}
