namespace Engine.Nn;

/// <summary>The hyper-parameters to be tried and their ranges.</summary>
/// <example><code>
/// SearchSpace space = new();
/// Dimension&lt;double&gt; rate = space.LogUniform("rate", 1e-4, 1e-1);
/// Dimension&lt;int&gt; width = space.Integer("width", 32, 256);
/// SearchResult result = new RandomSearch(space, seed: 1).Run(20, trial => Train(trial[rate], trial[width]));
/// double best = result.Best![rate];
/// </code></example>
public sealed class SearchSpace
{
    private readonly List<Dimension> _dimensions = [];

    /// <summary>The hyper-parameters in the order in which they were added.</summary>
    public IReadOnlyList<Dimension> Dimensions => _dimensions;

    /// <summary>Any number in [low, high]: dropout, momentum.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or not finite.</exception>
    public Dimension<double> Uniform(string name, double low, double high)
    {
        CheckRange(low, high);
        return Add(new Dimension<double>(name, _dimensions.Count, u => low + (u * (high - low))));
    }

    /// <summary>Any number in [low, high], each order of magnitude as likely as the others: learning rates, weight decay.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty, not finite, or does not lie above 0.</exception>
    public Dimension<double> LogUniform(string name, double low, double high)
    {
        Hyper.Positive(low);
        CheckRange(low, high);
        return Add(new Dimension<double>(name, _dimensions.Count, u => Math.Clamp(low * Math.Pow(high / low, u), low, high)));
    }

    /// <summary>A whole number from low to high, both included: layers, units.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty.</exception>
    public Dimension<int> Integer(string name, int low, int high)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(low, high);
        long count = (long)high - low + 1;
        return Add(new Dimension<int>(name, _dimensions.Count, u => (int)Math.Min(high, low + (long)(u * count)), (int)Math.Min(count, int.MaxValue)));
    }

    /// <summary>One of several values: optimizers, activations, batch sizes.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public Dimension<T> Choice<T>(string name, params ReadOnlySpan<T> values)
        where T : notnull
    {
        T[] choices = values.Length > 0 ? values.ToArray() : throw new ArgumentException($"Choice: '{name}' has no values.", nameof(values));
        return Add(new Dimension<T>(name, _dimensions.Count, u => choices[Math.Min(choices.Length - 1, (int)(u * choices.Length))], choices.Length));
    }

    private static void CheckRange(double low, double high)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high) || low > high)
        {
            throw new ArgumentOutOfRangeException(nameof(high), high, $"The range must be finite and not empty; it begins at {low}.");
        }
    }

    private Dimension<T> Add<T>(Dimension<T> dimension)
        where T : notnull
    {
        if (_dimensions.Exists(d => d.Name == dimension.Name))
        {
            throw new ArgumentException($"SearchSpace: '{dimension.Name}' is there already.", "name");
        }

        _dimensions.Add(dimension);
        return dimension;
    }
}
