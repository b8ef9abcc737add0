namespace Engine.Nn;

// Parts for cross-validation.
public static partial class DatasetViews
{
    /// <summary>
    /// Divides the data into k parts of equal size (the first ones have one sample more where that does not come out even); in fold i part i is
    /// for validation and the others are to learn on. So each sample is validated on once.
    /// </summary>
    /// <remarks>Parts for validation have no random changes (<see cref="IDataset.WithoutRandomChanges"/>).</remarks>
    /// <param name="dataset">The dataset to divide.</param>
    /// <param name="folds">k; 5 and 10 are usual.</param>
    /// <param name="seed">Decides which samples.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two folds, or fewer samples than folds.</exception>
    public static IReadOnlyList<Fold> KFold(this IDataset dataset, int folds, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        CheckFolds(nameof(KFold), folds, dataset.Count);
        return Deal(dataset, folds, Sampler.Shuffled.Order(dataset.Count, new SampleRandom((ulong)seed, 0)));
    }

    /// <summary>As <see cref="KFold"/> with every class in proportion: the numbers of a class in two parts differ by at most one, as do the sizes of the parts.</summary>
    /// <param name="dataset">The dataset to divide.</param>
    /// <param name="folds">k.</param>
    /// <param name="seed">Decides which samples.</param>
    /// <param name="classes">The class of each sample; those of the targets (<see cref="ClassNumbers"/>) if left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two folds, or fewer samples than folds.</exception>
    /// <exception cref="ArgumentException">A class has fewer samples than there are folds, so that a part would lack it.</exception>
    /// <exception cref="DTypeMismatchException">The targets are no classes, and none were given.</exception>
    /// <exception cref="InvalidOperationException">There are several targets or none, and no classes were given.</exception>
    public static IReadOnlyList<Fold> StratifiedKFold(this IDataset dataset, int folds, long seed = 0, IReadOnlyList<long>? classes = null)
    {
        const string Op = nameof(StratifiedKFold);
        (long[] names, int[] classOf) = Strata(Op, dataset, classes);
        CheckFolds(Op, folds, dataset.Count);
        int[] members = new int[names.Length];
        foreach (int c in classOf)
        {
            members[c]++;
        }

        int smallest = Array.IndexOf(members, members.Min());
        if (members[smallest] < folds)
        {
            throw new ArgumentException(
                $"{Op}: class {names[smallest]} has {members[smallest]} sample{(members[smallest] == 1 ? string.Empty : "s")}, and each of the {folds} parts needs one. Take fewer folds, merge it with another class, or use KFold.", nameof(dataset));
        }

        // Dealt out class by class like cards, without a new start at each class.
        int[] order = Sampler.Shuffled.Order(dataset.Count, new SampleRandom((ulong)seed, 0));
        return Deal(dataset, folds, [.. order.OrderBy(sample => classOf[sample])]);
    }

    private static Fold[] Deal(IDataset dataset, int folds, int[] order)
    {
        IDataset plain = dataset.WithoutRandomChanges();
        Fold[] result = new Fold[folds];
        for (int fold = 0; fold < folds; fold++)
        {
            int[] aside = [.. order.Where((_, i) => i % folds == fold)], rest = [.. order.Where((_, i) => i % folds != fold)];
            result[fold] = new Fold(fold, new SubsetDataset(dataset, rest), new SubsetDataset(plain, aside), aside);
        }

        return result;
    }

    private static void CheckFolds(string op, int folds, int samples)
    {
        if (folds < 2 || folds > samples)
        {
            throw new ArgumentOutOfRangeException(nameof(folds), folds, $"{op}: there must be at least 2 folds and at most as many as samples ({samples}).");
        }
    }
}

/// <summary>One division of the data in a cross-validation.</summary>
public sealed class Fold
{
    private readonly int[] _validationIndices;

    internal Fold(int number, IDataset train, IDataset validation, int[] validationIndices) =>
        (Number, Train, Validation, _validationIndices) = (number, train, validation, validationIndices);

    /// <summary>Which one, from 0.</summary>
    public int Number { get; }

    /// <summary>The samples to train on.</summary>
    public IDataset Train { get; }

    /// <summary>The samples to evaluate on.</summary>
    public IDataset Validation { get; }

    /// <summary>The numbers of the samples of <see cref="Validation"/> in the whole data set.</summary>
    public IReadOnlyList<int> ValidationIndices => _validationIndices;
}
