using System.Globalization;

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

    /// <summary>It has no value: the objective was NaN, ended with an error such as memory running out, or its process died.</summary>
    Failed,
}

/// <summary>One choice of hyper-parameters and its result.</summary>
public sealed class Trial
{
    private readonly SearchSpace _space;
    private readonly double[] _coordinates;
    private readonly List<(int Step, double Value)> _reports;
    private readonly Func<Trial, bool>? _reported;

    internal Trial(SearchSpace space, TrialRecord record)
        : this(space, record.Number, [.. record.Coordinates ?? Enumerable.Repeat(double.NaN, space.Dimensions.Count)], [.. record.Reports])
    {
        (State, Value, Error, Started, Finished) = (record.State, record.Value, record.Error, record.Started, record.Finished);
    }

    /// <summary>A trial that is being tried here.</summary>
    internal Trial(SearchSpace space, int number, double[] coordinates, Func<Trial, bool> reported, CancellationToken cancellationToken)
        : this(space, number, coordinates, [])
    {
        (_reported, CancellationToken) = (reported, cancellationToken);
    }

    private Trial(SearchSpace space, int number, double[] coordinates, List<(int Step, double Value)> reports)
    {
        (_space, Number, _coordinates, _reports) = (space, number, coordinates, reports);
    }

    /// <summary>The number of the trial, from 0.</summary>
    public int Number { get; }

    /// <summary>How it stands.</summary>
    public TrialState State { get; }

    /// <summary>The value of the objective; NaN while it runs and where it failed.</summary>
    public double Value { get; } = double.NaN;

    /// <summary>Why it failed; null if it did not.</summary>
    public string? Error { get; }

    /// <summary>When it was begun; the last time, if more than once.</summary>
    public DateTimeOffset Started { get; } = DateTimeOffset.UtcNow;

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? Finished { get; }

    /// <summary>Values on the way: of each epoch, for example.</summary>
    public IReadOnlyList<(int Step, double Value)> Reports => _reports;

    /// <summary>Whether the trial is to be given up.</summary>
    public bool ShouldPrune { get; private set; }

    /// <summary>Cancelled when the study is: an objective that watches it ends sooner.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The values by name, for tables; those of branches that the trial does not have are left out.</summary>
    public IEnumerable<KeyValuePair<string, object>> Values =>
        _space.Dimensions.Where(Has).Select(d => KeyValuePair.Create(d.Name, d.ObjectAt(_coordinates[d.Index])));

    internal ReadOnlySpan<double> Coordinates => _coordinates;

    /// <summary>Whether the trial has a value of this hyper-parameter; not if it belongs to a branch of another choice.</summary>
    /// <exception cref="ArgumentException">It belongs to another space.</exception>
    public bool Has(Dimension dimension) => !double.IsNaN(Coordinate(dimension));

    /// <summary>The value as a number, for plots: itself, or the index of a choice in its list; NaN if the trial does not have it.</summary>
    /// <exception cref="ArgumentException">It belongs to another space.</exception>
    public double Coordinate(Dimension dimension)
    {
        ArgumentNullException.ThrowIfNull(dimension);
        return _space.Owns(dimension)
            ? _coordinates[dimension.Index]
            : throw new ArgumentException($"Trial: '{dimension.Name}' belongs to another search space.", nameof(dimension));
    }

    /// <summary>The value of a hyper-parameter.</summary>
    /// <exception cref="ArgumentException">It belongs to another space.</exception>
    /// <exception cref="InvalidOperationException">The trial does not have it; see <see cref="Has"/>.</exception>
    public T Get<T>(Dimension<T> dimension)
        where T : notnull
    {
        double coordinate = Coordinate(dimension);
        return !double.IsNaN(coordinate)
            ? dimension.ValueAt(coordinate)
            : throw new InvalidOperationException($"Trial {Number} has no '{dimension.Name}', which is there only if {dimension.Condition}. Ask Has first.");
    }

    /// <summary>The value of a hyper-parameter that is any number.</summary>
    /// <inheritdoc cref="Get"/>
    public double this[Dimension<double> dimension] => Get(dimension);

    /// <summary>The value of a hyper-parameter that is a whole number.</summary>
    /// <inheritdoc cref="Get"/>
    public int this[Dimension<int> dimension] => Get(dimension);

    /// <summary>The value of a hyper-parameter that is a word.</summary>
    /// <inheritdoc cref="Get"/>
    public string this[Dimension<string> dimension] => Get(dimension);

    /// <summary>Notes a value on the way and asks whether to go on: the objective should return when this is true.</summary>
    /// <param name="step">How far the trial is: epochs done, for example. Each report has a larger one.</param>
    /// <param name="value">The present value of the objective.</param>
    /// <returns><see cref="ShouldPrune"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative or not larger than the one before.</exception>
    /// <exception cref="InvalidOperationException">The trial has ended, or runs somewhere else.</exception>
    public bool Report(int step, double value)
    {
        if (_reported is null)
        {
            throw new InvalidOperationException($"Trial {Number} is not being tried here; only the objective reports.");
        }

        int last = _reports.Count > 0 ? _reports[^1].Step : -1;
        if (step <= last)
        {
            throw new ArgumentOutOfRangeException(nameof(step), step, $"Trial {Number}: steps grow from 0, and the last report had {last}. Count on over all that a trial trains.");
        }

        _reports.Add((step, value));
        return ShouldPrune |= _reported(this);
    }

    /// <summary>The trial as one line of a table.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Number}: {string.Join(", ", Values.Select(static v => string.Create(CultureInfo.InvariantCulture, $"{v.Key} = {v.Value}")))} → {Value:G6} ({State})");
}
