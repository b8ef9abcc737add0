namespace Engine.Nn;

/// <summary>Keeps the trials of a study in this process.</summary>
public sealed class InMemoryStudyStorage : IStudyStorage
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
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
            Entry? entry = _entries.Find(static e => e.IsReleased);
            if (entry is null)
            {
                if (_entries.Count >= trials)
                {
                    return null;
                }

                _entries.Add(entry = new Entry(_entries.Count));
            }

            return entry.Begin();
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
    public bool Release(TrialClaim claim) => Change(claim, static e => e.IsReleased = true);

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
            if (entry is null || entry.IsReleased || !entry.IsHeldBy(claim))
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

        public bool IsReleased { get; set; }

        public double[]? Coordinates { get; set; }

        public List<(int Step, double Value)> Reports { get; } = [];

        // What has ended does not change and is copied once.
        public TrialRecord Record => _finished ?? new TrialRecord(number, _attempt, TrialState.Running, Coordinates, double.NaN, [.. Reports], null, _started, null);

        public bool IsHeldBy(TrialClaim claim) => _finished is null && claim.Attempt == _attempt;

        public TrialClaim Begin()
        {
            Reports.Clear();
            (IsReleased, _started) = (false, DateTimeOffset.UtcNow);
            return new TrialClaim(number, ++_attempt, Coordinates);
        }

        public void Finish(TrialState state, double value, string? error) =>
            _finished = Record with { State = state, Value = value, Error = error, Finished = DateTimeOffset.UtcNow };
    }
}
