using System.Globalization;

namespace Engine.Nn;

/// <summary>Parts of a data set.</summary>
public static partial class DatasetViews
{
    /// <summary>The samples with these numbers, in this order. Nothing is copied.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is not that of a sample.</exception>
    public static IDataset Subset(this IDataset dataset, ReadOnlySpan<int> indices)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        foreach (int index in indices)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)dataset.Count, nameof(indices));
        }

        return new SubsetDataset(dataset, indices.ToArray());
    }

    /// <summary>The first samples; all where there are not that many. Nothing is copied.</summary>
    /// <remarks>Data in order of their classes gives few of them: <c>data.Split(0.1).Validation</c> is a part at random.</remarks>
    /// <param name="dataset">The samples.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static IDataset Take(this IDataset dataset, int count)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new SubsetDataset(dataset, [.. Enumerable.Range(0, Math.Min(count, dataset.Count))]);
    }

    /// <summary>All samples but the first ones; none where there are not more. Nothing is copied.</summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="count">How many are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static IDataset Skip(this IDataset dataset, int count)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int first = Math.Min(count, dataset.Count);
        return new SubsetDataset(dataset, [.. Enumerable.Range(first, dataset.Count - first)]);
    }

    /// <summary>The same images, changed by these transforms in this order each time they are asked for; of a part of a data set too.</summary>
    /// <example><code>
    /// (IDataset train, IDataset validation) = images.Split(0.2);
    /// train = train.With(new RandomCrop(4), new RandomHorizontalFlip());
    /// </code></example>
    /// <exception cref="ArgumentException">The samples are no images.</exception>
    public static IDataset With(this IDataset dataset, params IImageTransform[] transforms)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(transforms);
        Guard.NoNulls<IImageTransform>(transforms);
        return dataset is ITransformable images
            ? images.With(transforms)
            : throw new ArgumentException($"With: a {dataset.GetType().Name} has no images to transform; that takes an ImageDataset, an ITransformable of your own, or parts of one.", nameof(dataset));
    }

    /// <summary>
    /// Sets a random part aside for validation. It serves the choice of hyper-parameters, while the test set stays unseen. The same seed makes the
    /// same parts, of this data set and of one that changes its samples (<see cref="ImageDataset.With"/>).
    /// </summary>
    /// <remarks>
    /// The part for validation has no random changes (<see cref="IDataset.WithoutRandomChanges"/>): <c>images.With(new RandomCrop(4)).Split(0.2)</c>
    /// augments the training part only. Normalisation and transforms that draw no random numbers act on both.
    /// </remarks>
    /// <param name="dataset">The dataset to divide.</param>
    /// <param name="validation">The share set aside, in [0, 1]; rounded to whole samples.</param>
    /// <param name="seed">Decides which samples.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is outside [0, 1].</exception>
    public static (IDataset Train, IDataset Validation) Split(this IDataset dataset, double validation, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (!(validation >= 0 && validation <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(validation), validation, "A share lies in [0, 1].");
        }

        int[] order = Sampler.Shuffled.Order(dataset.Count, new SampleRandom((ulong)seed, 0));
        int aside = (int)Math.Round(dataset.Count * validation);
        return (new SubsetDataset(dataset, order[aside..]), new SubsetDataset(dataset.WithoutRandomChanges(), order[..aside]));
    }

    internal static string Text(IDataset dataset)
    {
        // A list and a function are a type of the library's own.
        string type = dataset.GetType().IsGenericType ? nameof(SampleDataset) : dataset.GetType().Name;
        return string.Create(CultureInfo.InvariantCulture, $"{type}({dataset.Count:N0} samples)");
    }

    private sealed class SubsetDataset : IDataset, ITransformable, IHasClassNumbers, IReplacesSamples
    {
        private readonly IDataset _dataset;
        private readonly int[] _indices;

        public SubsetDataset(IDataset dataset, int[] indices)
            : this(indices, dataset is IReplacesSamples replacing ? replacing.ReplacingFrom(indices) : dataset)
        {
        }

        private SubsetDataset(int[] indices, IDataset replacing) => (_indices, _dataset) = (indices, replacing);

        public int Count => _indices.Length;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_indices.Length:N0} samples of {_dataset}");

        public long[]? ClassNumbers() => (_dataset as IHasClassNumbers)?.ClassNumbers() is { } numbers ? Array.ConvertAll(_indices, i => numbers[i]) : null;

        public IDataset WithoutRandomChanges() => new SubsetDataset(_indices, _dataset.WithoutRandomChanges());

        public IDataset With(IImageTransform[] transforms) => new SubsetDataset(_indices, DatasetViews.With(_dataset, transforms));

        public IDataset ReplacingFrom(ReadOnlySpan<int> indices) =>
            _dataset is IReplacesSamples replacing ? new SubsetDataset(_indices, replacing.ReplacingFrom(Mapped(indices))) : this;

        public Batch GetBatch(in BatchRequest request) => _dataset.GetBatch(request.For(Mapped(request.Indices)));

        private int[] Mapped(ReadOnlySpan<int> indices)
        {
            int[] mapped = new int[indices.Length];
            for (int i = 0; i < mapped.Length; i++)
            {
                mapped[i] = _indices[indices[i]];
            }

            return mapped;
        }
    }
}

/// <summary>Images, or a view of images, that transforms can be added to; <see cref="DatasetViews.With"/> asks for it.</summary>
public interface ITransformable
{
    /// <summary>The same images, changed by these transforms after those that they have.</summary>
    IDataset With(IImageTransform[] transforms);
}

/// <summary>A data set that puts another sample in the place of one that cannot be read.</summary>
public interface IReplacesSamples
{
    /// <summary>
    /// The same samples under the same numbers, replaced by these only. A part of a data set asks for it, so that no sample of the validation part gets into the
    /// training part, nor the other way.
    /// </summary>
    /// <param name="indices">The numbers of the samples that may stand in for others.</param>
    IDataset ReplacingFrom(ReadOnlySpan<int> indices);
}
