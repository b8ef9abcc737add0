namespace Engine.Nn;

/// <summary>Keeps the trials of a study in this process.</summary>
public sealed class InMemoryStudyStorage : IStudyStorage
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly SortedSet<int> _released = [];
    private StudyDefinition? _definition;

    /// <inheritdoc/>
    public TimeSpan? HeartbeatInterval => null;

    /// <inheritdoc/>
    public void Open(StudyDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        lock (_lock)
        {
            _definition ??= definition;
            definition.RequireSame(_definition, "the storage");
        }
    }

    /// <inheritdoc/>
    public TrialClaim? Claim(string worker, int trials, int retries)
    {
        ArgumentNullException.ThrowIfNull(worker);
        lock (_lock)
        {
            if (_released.Count > 0)
            {
                int number = _released.Min;
                _released.Remove(number);
                return _entries[number].Begin();
            }

            if (_entries.Count >= trials)
            {
                return null;
            }

            _entries.Add(new Entry(_entries.Count));
            return _entries[^1].Begin();
        }
    }

    /// <inheritdoc/>
    public bool SetCoordinates(TrialClaim claim, IReadOnlyList<double> coordinates)
    {
        ArgumentNullException.ThrowIfNull(coordinates);
        double[] copy = [.. coordinates];
        return Change(claim, e => e.Coordinates = copy);
    }

    /// <inheritdoc/>
    public bool Report(TrialClaim claim, int step, double value) => Change(claim, e => e.Reports.Add((step, value)));

    /// <inheritdoc/>
    public bool Beat(TrialClaim claim) => Change(claim, static _ => { });

    /// <inheritdoc/>
    public bool Finish(TrialClaim claim, TrialState state, double value, string? error) => Change(claim, e => e.Finish(state, value, error));

    /// <inheritdoc/>
    public bool Release(TrialClaim claim) => Change(claim, _ => _released.Add(claim.Number));

    /// <inheritdoc/>
    public IReadOnlyList<TrialRecord> Load()
    {
        lock (_lock)
        {
            return [.. _entries.Select(static e => e.Record)];
        }
    }

    private bool Change(TrialClaim claim, Action<Entry> change)
    {
        ArgumentNullException.ThrowIfNull(claim);
        lock (_lock)
        {
            Entry? entry = claim.Number >= 0 && claim.Number < _entries.Count ? _entries[claim.Number] : null;
            if (entry is null || _released.Contains(claim.Number) || !entry.IsHeldBy(claim))
            {
                return false;
            }

            change(entry);
            return true;
        }
    }

    private sealed class Entry(int number)
    {
        private TrialRecord? _finished;
        private DateTimeOffset _started;
        private int _attempt;

        public double[]? Coordinates { get; set; }

        public List<(int Step, double Value)> Reports { get; } = [];

        // A trial that has ended does not change and is copied once.
        public TrialRecord Record => _finished ?? new TrialRecord(number, _attempt, TrialState.Running, Coordinates, double.NaN, [.. Reports], null, _started, null);

        public bool IsHeldBy(TrialClaim claim) => _finished is null && claim.Attempt == _attempt;

        public TrialClaim Begin()
        {
            Reports.Clear();
            _started = DateTimeOffset.UtcNow;
            return new TrialClaim(number, ++_attempt, Coordinates);
        }

        public void Finish(TrialState state, double value, string? error) =>
            _finished = Record with { State = state, Value = value, Error = error, Finished = DateTimeOffset.UtcNow };
    }
}
