namespace Engine.Nn;

// Which class each sample is of.
public static partial class DatasetViews
{
    private const int ReadAtOnce = 256;

    /// <summary>
    /// The class of each sample, in order: targets that are class numbers (int64, int32 or uint8, [N] or [N, 1]), or where the largest value of
    /// each row of floating targets [N, C] is (one-hot rows, probabilities).
    /// </summary>
    /// <remarks>Data sets other than <see cref="ImageDataset"/> are read through once, without random changes.</remarks>
    /// <param name="dataset">The samples.</param>
    /// <param name="target">The name of the target with the classes, where there are several.</param>
    /// <exception cref="DTypeMismatchException">The targets are numbers to be predicted rather than classes.</exception>
    /// <exception cref="InvalidOperationException">There are several targets and no name was given, or there are none.</exception>
    /// <exception cref="KeyNotFoundException">No target has the name.</exception>
    public static long[] ClassNumbers(this IDataset dataset, string? target = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (target is null && (dataset as IHasClassNumbers)?.ClassNumbers() is { } known)
        {
            return known;
        }

        IDataset plain = dataset.WithoutRandomChanges();
        long[] numbers = new long[dataset.Count];
        int[] indices = new int[Math.Min(ReadAtOnce, numbers.Length)];
        for (int start = 0; start < numbers.Length; start += ReadAtOnce)
        {
            int count = Math.Min(ReadAtOnce, numbers.Length - start);
            for (int i = 0; i < count; i++)
            {
                indices[i] = start + i;
            }

            using TensorScope scope = TensorScope.Begin();
            using Batch batch = plain.GetBatch(new BatchRequest(indices.AsSpan(0, count), Device.Default));
            Classes(target is null ? batch.AllTargets.SingleFor(nameof(ClassNumbers), "target") : batch.AllTargets[target], count).CopyTo(numbers, start);
        }

        return numbers;
    }

    private static long[] Classes(Tensor targets, int count) =>
        targets.DType is DType.Int64 or DType.Int32 or DType.UInt8 && targets.ElementCount == count ? targets.To(DType.Int64).ToArray<long>()
        : targets.DType.IsFloatingPoint() && targets.Rank == 2 && targets.Shape[1] > 1 ? targets.ArgMax(1).ToArray<long>()
        : throw new DTypeMismatchException(
            $"ClassNumbers: the targets of {count} samples are {targets.DType.ShortName()} {targets.Shape}; classes are one integer a sample, or rows of probabilities [N, C]. Convert the targets with To(DType.Int64), or pass the classes.");
}

/// <summary>A data set that knows the classes of its samples without making batches.</summary>
public interface IHasClassNumbers
{
    /// <summary>The class of each sample; null where they are not known after all.</summary>
    long[]? ClassNumbers();
}
