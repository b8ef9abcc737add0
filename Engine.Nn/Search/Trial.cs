namespace Engine.Nn;

/// <summary>How a trial stands.</summary>
public enum TrialState : byte
{
    /// <summary>It is being tried.</summary>
    Running,

    /// <summary>It has a value.</summary>
    Completed,

    /// <summary>It was given up early; its value is the last one it reached.</summary>
    Pruned,

    /// <summary>It ended with an <see cref="EngineException"/>, such as memory running out.</summary>
    Failed,
}

/// <summary>One choice of hyper-parameters and what came of it.</summary>
public sealed class Trial
{
    private readonly SearchSpace _space;
    private readonly object[] _values;
    private readonly List<(int Step, double Value)> _reports = [];
    private readonly Func<Trial, bool> _prune;

    internal Trial(SearchSpace space, int number, object[] values, Func<Trial, bool> prune)
    {
        (_space, Number, _values, _prune) = (space, number, values, prune);
    }

    /// <summary>The number of the trial, from 0.</summary>
    public int Number { get; }

    /// <summary>How it stands.</summary>
    public TrialState State { get; private set; }

    /// <summary>What the objective came to; NaN while it runs and where it failed.</summary>
    public double Value { get; private set; } = double.NaN;

    /// <summary>Why it failed; null if it did not.</summary>
    public EngineException? Error { get; private set; }

    /// <summary>Values on the way: of each epoch, for example.</summary>
    public IReadOnlyList<(int Step, double Value)> Reports => _reports;

    /// <summary>Whether the trial is to be given up.</summary>
    public bool ShouldPrune { get; private set; }

    /// <summary>The values by name, for tables. Hyper-parameters that the space has gained since are not among them.</summary>
    public IEnumerable<KeyValuePair<string, object>> Values => _space.Dimensions.Take(_values.Length).Select(d => KeyValuePair.Create(d.Name, _values[d.Index]));

    /// <summary>The value of a hyper-parameter.</summary>
    /// <exception cref="ArgumentException">It belongs to another space.</exception>
    public T Get<T>(Dimension<T> dimension)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(dimension);
        return dimension.Index < _values.Length && ReferenceEquals(_space.Dimensions[dimension.Index], dimension)
            ? (T)_values[dimension.Index]
            : throw new ArgumentException($"Trial: '{dimension.Name}' belongs to another search space.", nameof(dimension));
    }

    /// <summary>The value of a hyper-parameter that is any number.</summary>
    /// <exception cref="ArgumentException">It belongs to another space.</exception>
    public double this[Dimension<double> dimension] => Get(dimension);

    /// <summary>The value of a hyper-parameter that is a whole number.</summary>
    /// <exception cref="ArgumentException">It belongs to another space.</exception>
    public int this[Dimension<int> dimension] => Get(dimension);

    /// <summary>The value of a hyper-parameter that is a word.</summary>
    /// <exception cref="ArgumentException">It belongs to another space.</exception>
    public string this[Dimension<string> dimension] => Get(dimension);

    /// <summary>Notes a value on the way and asks whether to go on: the objective should return when this is true.</summary>
    /// <returns><see cref="ShouldPrune"/>.</returns>
    public bool Report(int step, double value)
    {
        _reports.Add((step, value));
        return ShouldPrune |= _prune(this);
    }

    /// <summary>The trial as one line of a table.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Number}: {string.Join(", ", Values.Select(static v => $"{v.Key} = {v.Value}"))} → {Value:G6} ({State})");

    internal void Complete(double value) => (Value, State) = (value, ShouldPrune ? TrialState.Pruned : TrialState.Completed);

    internal void Fail(EngineException error) => (Error, State) = (error, TrialState.Failed);
}
