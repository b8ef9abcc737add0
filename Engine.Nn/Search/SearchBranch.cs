namespace Engine.Nn;

/// <summary>Where hyper-parameters are added: a whole <see cref="SearchSpace"/>, or the part of it that only some choices have.</summary>
public abstract class SearchBranch
{
    private readonly Dimension? _parent;
    private readonly int[] _parentChoices;

    private protected SearchBranch(Dimension? parent, int[] parentChoices)
    {
        (_parent, _parentChoices) = (parent, parentChoices);
    }

    private protected abstract SearchSpace Root { get; }

    /// <summary>Any number in [low, high]: dropout, momentum.</summary>
    /// <param name="name">The name in tables.</param>
    /// <param name="low">The smallest.</param>
    /// <param name="high">The largest; with a step the last one that a step reaches.</param>
    /// <param name="step">If above 0, only low, low + step, low + 2·step, … are tried.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or not finite.</exception>
    /// <exception cref="ArgumentException">The name is there already.</exception>
    /// <exception cref="InvalidOperationException">A study uses the space already.</exception>
    public Dimension<double> Uniform(string name, double low, double high, double step = 0)
    {
        CheckName(name);
        CheckRange(low, high);
        Hyper.NotNegative(step);
        if (step > 0 && (high - low) / step > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(step), step, $"Uniform: '{name}' would have more than {int.MaxValue:N0} values. Take a larger step, or none.");
        }

        double last = step > 0 ? low + (Math.Floor(((high - low) / step) + 1e-9) * step) : high;
        return Root.Add(new Dimension<double>(name, DimensionKind.Real, low, Math.Min(last, high), static c => c) { Index = Root.Dimensions.Count, Step = step, Parent = _parent, ParentChoices = _parentChoices });
    }

    /// <summary>Any number in [low, high], each order of magnitude as likely as the others: learning rates, weight decay.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty, not finite, or does not lie above 0.</exception>
    /// <exception cref="ArgumentException">The name is there already.</exception>
    /// <exception cref="InvalidOperationException">A study uses the space already.</exception>
    public Dimension<double> LogUniform(string name, double low, double high)
    {
        CheckName(name);
        Hyper.Positive(low);
        CheckRange(low, high);
        return Root.Add(new Dimension<double>(name, DimensionKind.Real, low, high, static c => c) { Index = Root.Dimensions.Count, IsLog = true, Parent = _parent, ParentChoices = _parentChoices });
    }

    /// <summary>A whole number from low to high, both included: layers, units.</summary>
    /// <param name="name">The name in tables.</param>
    /// <param name="low">The smallest.</param>
    /// <param name="high">The largest; with a step above 1 the last one that a step reaches.</param>
    /// <param name="step">The distance of neighbours.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty, or the step below 1.</exception>
    /// <exception cref="ArgumentException">The name is there already.</exception>
    /// <exception cref="InvalidOperationException">A study uses the space already.</exception>
    public Dimension<int> Integer(string name, int low, int high, int step = 1)
    {
        CheckName(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(low, high);
        Hyper.Count(step);
        long last = low + (((long)high - low) / step * step);
        return Root.Add(new Dimension<int>(name, DimensionKind.Integer, low, last, static c => (int)Math.Round(c)) { Index = Root.Dimensions.Count, Step = step, Parent = _parent, ParentChoices = _parentChoices });
    }

    /// <summary>A whole number from low to high, both included, each order of magnitude about as likely as the others: batch sizes, units.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or does not begin at 1 or above.</exception>
    /// <exception cref="ArgumentException">The name is there already.</exception>
    /// <exception cref="InvalidOperationException">A study uses the space already.</exception>
    public Dimension<int> LogInteger(string name, int low, int high)
    {
        CheckName(name);
        Hyper.Count(low);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(low, high);
        return Root.Add(new Dimension<int>(name, DimensionKind.Integer, low, high, static c => (int)Math.Round(c)) { Index = Root.Dimensions.Count, Step = 1, IsLog = true, Parent = _parent, ParentChoices = _parentChoices });
    }

    /// <summary>One of several values: optimizers, activations.</summary>
    /// <exception cref="ArgumentException">There are none, one is null or there twice, or the name is there already.</exception>
    /// <exception cref="InvalidOperationException">A study uses the space already.</exception>
    public Dimension<T> Choice<T>(string name, params ReadOnlySpan<T> values)
        where T : notnull
    {
        CheckName(name);
        T[] choices = values.Length > 0 ? values.ToArray() : throw new ArgumentException($"Choice: '{name}' has no values.", nameof(values));
        foreach (T choice in choices)
        {
            ArgumentNullException.ThrowIfNull(choice, nameof(values));
        }

        if (choices.Distinct().Count() < choices.Length)
        {
            throw new ArgumentException($"Choice: '{name}' has a value twice; it would be tried as two.", nameof(values));
        }

        string[] texts = Array.ConvertAll(choices, static c => Convert.ToString(c, System.Globalization.CultureInfo.InvariantCulture) ?? string.Empty);
        return Root.Add(new Dimension<T>(name, DimensionKind.Choice, 0, choices.Length - 1, c => choices[(int)c]) { Index = Root.Dimensions.Count, Step = 1, Choices = texts, Parent = _parent, ParentChoices = _parentChoices });
    }

    /// <summary>The branch of the space that only trials with one of these choices have.</summary>
    /// <param name="choice">A choice of this space.</param>
    /// <param name="values">The values of the choice at which the branch exists.</param>
    /// <exception cref="ArgumentException">The choice belongs to another space or has no such value.</exception>
    /// <example><code>Dimension&lt;double&gt; momentum = space.When(optimizer, "sgd").Uniform("momentum", 0, 0.99);</code></example>
    public SearchBranch When<T>(Dimension<T> choice, params ReadOnlySpan<T> values)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(choice);
        foreach (T value in values)
        {
            ArgumentNullException.ThrowIfNull(value, nameof(values));
        }

        if (!Root.Owns(choice) || choice.Kind != DimensionKind.Choice)
        {
            throw new ArgumentException($"When: '{choice.Name}' is no choice of this space.", nameof(choice));
        }

        if (values.IsEmpty)
        {
            throw new ArgumentException($"When: no value of '{choice.Name}' is named, so no trial would have the branch.", nameof(values));
        }

        T[] all = [.. Enumerable.Range(0, choice.Choices.Count).Select(i => choice.ValueAt(i))];
        int[] indices = new int[values.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            indices[i] = Array.IndexOf(all, values[i]);
            if (indices[i] < 0)
            {
                throw new ArgumentException($"When: '{choice.Name}' is never {values[i]}; it is one of {string.Join(", ", choice.Choices)}.", nameof(values));
            }
        }

        return new Part(Root, choice, [.. indices.Distinct().Order()]);
    }

    private static void CheckName(string name) => ArgumentException.ThrowIfNullOrEmpty(name);

    private static void CheckRange(double low, double high)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high) || low > high || !double.IsFinite(high - low))
        {
            throw new ArgumentOutOfRangeException(nameof(high), high, $"The range must be finite and not empty; it begins at {low}.");
        }
    }

    private sealed class Part(SearchSpace root, Dimension parent, int[] parentChoices) : SearchBranch(parent, parentChoices)
    {
        private protected override SearchSpace Root => root;
    }
}
