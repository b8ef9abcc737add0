namespace Engine.Nn;

/// <summary>Weights against rare classes being neglected.</summary>
public static class ClassWeights
{
    /// <summary>N/(C·n) for each class of which n of the N samples are: rare classes weigh more, and the mean over all samples is 1 (scikit-learn's "balanced").</summary>
    /// <param name="labels">The class of each sample, from 0 (<see cref="DatasetViews.ClassNumbers"/>).</param>
    /// <param name="classes">How many classes there are; one more than the largest label where left out.</param>
    /// <returns>One weight a class: for <c>Losses.CrossEntropy(y, t, classWeights: …)</c> as a tensor, or for <see cref="DatasetViews.WithClassWeights"/>.</returns>
    /// <exception cref="ArgumentException">There are no labels, a label is none of the classes, or a class has no sample.</exception>
    public static double[] Balanced(IReadOnlyList<long> labels, int? classes = null)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count == 0)
        {
            throw new ArgumentException("ClassWeights: there are no labels.", nameof(labels));
        }

        long count = classes is { } given ? Hyper.Count(given, nameof(classes), nameof(ClassWeights)) : labels.Max() + 1;
        if (labels.Min() < 0 || labels.Max() >= count || count > labels.Count)
        {
            throw new ArgumentException(
                $"ClassWeights: labels go from {labels.Min()} to {labels.Max()} in {labels.Count} samples; they must lie in 0 to {count - 1}, and each class needs a sample.", nameof(labels));
        }

        long[] members = new long[count];
        foreach (long label in labels)
        {
            members[label]++;
        }

        int missing = Array.IndexOf(members, 0);
        return missing < 0
            ? Array.ConvertAll(members, n => labels.Count / ((double)count * n))
            : throw new ArgumentException($"ClassWeights: class {missing} of {count} has no sample, so that no weight balances it.", nameof(labels));
    }
}
