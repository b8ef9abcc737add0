namespace Engine.Nn;

// Three sets, and parts with the classes in proportion.
public static partial class DatasetViews
{
    /// <summary>
    /// Divides the data into three: one to learn on, one to choose hyper-parameters by, and one that is measured on once, at the end. Each
    /// sample is in exactly one of them, and the same seed makes the same parts.
    /// </summary>
    /// <remarks>The parts for validation and test have no random changes (<see cref="IDataset.WithoutRandomChanges"/>), whatever transforms the data has.</remarks>
    /// <param name="dataset">The dataset to divide.</param>
    /// <param name="validation">The share for validation, in [0, 1]; rounded to whole samples.</param>
    /// <param name="test">The share for the test, in [0, 1]; rounded to whole samples.</param>
    /// <param name="seed">Decides which samples.</param>
    /// <example><code>
    /// (IDataset train, IDataset validation, IDataset test) = all.Split(validation: 0.2, test: 0.1);
    /// </code></example>
    /// <exception cref="ArgumentOutOfRangeException">A share is outside [0, 1].</exception>
    /// <exception cref="ArgumentException">The shares sum to more than 1.</exception>
    public static (IDataset Train, IDataset Validation, IDataset Test) Split(this IDataset dataset, double validation, double test, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        (int forValidation, int forTest) = PartSizes(nameof(Split), dataset.Count, validation, test);
        int[] order = Sampler.Shuffled.Order(dataset.Count, new SampleRandom((ulong)seed, 0));
        IDataset plain = dataset.WithoutRandomChanges();
        return (
            new SubsetDataset(dataset, order[(forValidation + forTest)..]),
            new SubsetDataset(plain, order[..forValidation]),
            new SubsetDataset(plain, order[forValidation..(forValidation + forTest)]));
    }

    /// <summary>As <see cref="Split(IDataset, double, long)"/> with every class in proportion in both parts.</summary>
    /// <exception cref="InvalidOperationException">There are several targets or none, and no classes were given.</exception>
    /// <inheritdoc cref="StratifiedSplit(IDataset, double, double, long, IReadOnlyList{long})"/>
    public static (IDataset Train, IDataset Validation) StratifiedSplit(this IDataset dataset, double validation, long seed = 0, IReadOnlyList<long>? classes = null)
    {
        int[][] parts = Stratified(dataset, [validation], seed, classes);
        return (new SubsetDataset(dataset, parts[^1]), new SubsetDataset(dataset.WithoutRandomChanges(), parts[0]));
    }

    /// <summary>As <see cref="Split(IDataset, double, double, long)"/> with every class in proportion in all three parts.</summary>
    /// <remarks>
    /// The parts have exactly as many samples as without stratifying. Of each class a part gets its share rounded down or up, but at least one
    /// sample, so that no part lacks a class.
    /// </remarks>
    /// <param name="dataset">The dataset to divide.</param>
    /// <param name="validation">The share for validation, in (0, 1).</param>
    /// <param name="test">The share for the test, in (0, 1).</param>
    /// <param name="seed">Decides which samples.</param>
    /// <param name="classes">The class of each sample; those of the targets (<see cref="ClassNumbers"/>) if left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">A share is outside [0, 1].</exception>
    /// <exception cref="ArgumentException">A class has fewer samples than there are parts, or a part is too small to hold one of each class.</exception>
    /// <exception cref="DTypeMismatchException">The targets are no classes, and none were given.</exception>
    /// <exception cref="InvalidOperationException">There are several targets or none, and no classes were given.</exception>
    public static (IDataset Train, IDataset Validation, IDataset Test) StratifiedSplit(
        this IDataset dataset, double validation, double test, long seed = 0, IReadOnlyList<long>? classes = null)
    {
        int[][] parts = Stratified(dataset, [validation, test], seed, classes);
        IDataset plain = dataset.WithoutRandomChanges();
        return (new SubsetDataset(dataset, parts[^1]), new SubsetDataset(plain, parts[0]), new SubsetDataset(plain, parts[1]));
    }

    /// <summary>The sizes of the parts that are set aside.</summary>
    private static (int Validation, int Test) PartSizes(string op, int count, double validation, double test)
    {
        foreach ((double share, string name) in ((double, string)[])[(validation, nameof(validation)), (test, nameof(test))])
        {
            if (!(share >= 0 && share <= 1))
            {
                throw new ArgumentOutOfRangeException(name, share, $"{op}: a share lies in [0, 1].");
            }
        }

        // 0.7 + 0.2 + 0.1 is not quite 1 in binary.
        if (validation + test > 1 + 1e-9)
        {
            throw new ArgumentException($"{op}: {validation} for validation and {test} for the test sum to more than 1, and nothing is left to learn on.", nameof(test));
        }

        int forValidation = (int)Math.Round(count * validation);
        return (forValidation, Math.Min((int)Math.Round(count * test), count - forValidation));
    }

    /// <summary>The samples of each part that is set aside, and of the rest; each in a random order.</summary>
    private static int[][] Stratified(IDataset dataset, ReadOnlySpan<double> shares, long seed, IReadOnlyList<long>? classes)
    {
        const string Op = nameof(StratifiedSplit);
        (long[] names, int[] classOf) = Strata(Op, dataset, classes);
        int count = dataset.Count;
        (int first, int second) = PartSizes(Op, count, shares[0], shares.Length > 1 ? shares[1] : 0);
        int[] sizes = shares.Length > 1 ? [first, second, count - first - second] : [first, count - first];
        int[] members = new int[names.Length];
        foreach (int c in classOf)
        {
            members[c]++;
        }

        int smallest = Array.IndexOf(members, members.Min());
        if (members[smallest] < sizes.Length)
        {
            throw new ArgumentException(
                $"{Op}: class {names[smallest]} has {members[smallest]} sample{(members[smallest] == 1 ? string.Empty : "s")}, and each of the {sizes.Length} parts needs one. Collect more, merge it with another class, or use Split.", nameof(dataset));
        }

        foreach (int size in sizes)
        {
            if (size < names.Length)
            {
                throw new ArgumentException($"{Op}: a part of {size} of the {count} samples cannot hold one of each of {names.Length} classes. Choose other shares, or use Split.", nameof(dataset));
            }
        }

        // How many of each class a part takes; the parts after it must find one as well.
        int[][] takes = new int[sizes.Length - 1][];
        int[] left = [.. members];
        for (int part = 0; part < takes.Length; part++)
        {
            int later = sizes.Length - 1 - part, at = part;
            takes[part] = Apportion([.. members.Select(m => m * (double)sizes[at] / count)], [.. left.Select(m => m - later)], sizes[part]);
            for (int c = 0; c < left.Length; c++)
            {
                left[c] -= takes[part][c];
            }
        }

        List<int>[] parts = [.. sizes.Select(static size => new List<int>(size))];
        foreach (int sample in Sampler.Shuffled.Order(count, new SampleRandom((ulong)seed, 0)))
        {
            int part = Array.FindIndex(takes, take => take[classOf[sample]] > 0);
            if (part >= 0)
            {
                takes[part][classOf[sample]]--;
            }

            parts[part < 0 ? ^1 : part].Add(sample);
        }

        return [.. parts.Select(static part => part.ToArray())];
    }

    /// <summary>
    /// Whole numbers near the quotas that sum to the total, each at least 1 and at most its cap: rounded down, and then the largest remainders
    /// up (Hamilton's method).
    /// </summary>
    private static int[] Apportion(double[] quotas, int[] caps, int total)
    {
        int[] counts = [.. quotas.Select((quota, i) => Math.Clamp((int)Math.Floor(quota + 1e-9), 1, caps[i]))];
        int[] all = [.. Enumerable.Range(0, quotas.Length)];
        for (int sum = counts.Sum(); sum < total; sum++)
        {
            counts[all.Where(i => counts[i] < caps[i]).MaxBy(i => quotas[i] - counts[i])]++;
        }

        for (int sum = counts.Sum(); sum > total; sum--)
        {
            counts[all.Where(i => counts[i] > 1).MinBy(i => quotas[i] - counts[i])]--;
        }

        return counts;
    }

    /// <summary>The names of the classes in order, and the index of each sample's class among them.</summary>
    private static (long[] Names, int[] ClassOf) Strata(string op, IDataset dataset, IReadOnlyList<long>? classes)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (classes is not null && classes.Count != dataset.Count)
        {
            throw new ArgumentException($"{op}: there are {classes.Count} classes for {dataset.Count} samples; each sample needs one.", nameof(classes));
        }

        if (dataset.Count == 0)
        {
            throw new ArgumentException($"{op}: the data set has no samples.", nameof(dataset));
        }

        IReadOnlyList<long> numbers = classes ?? dataset.ClassNumbers();
        long[] names = [.. numbers.Distinct().Order()];
        return (names, [.. numbers.Select(number => Array.BinarySearch(names, number))]);
    }
}
