using Engine.Nn;
using Microsoft.Data.Sqlite;

namespace Engine.Search.Sqlite;

/// <summary>
/// Keeps a study in an SQLite file: several processes of one machine work on it at a time, and what has ended is there after a process was
/// killed. A trial whose process died is tried again when it has not beaten for a while.
/// </summary>
/// <remarks>
/// One file holds one study. Beside it lie <c>-wal</c> and <c>-shm</c> while it is open. It must be on a disk of this machine: file systems of networks
/// do not lock well enough. The file can be read with any SQLite tool: tables <c>study</c>, <c>trial</c>, <c>param</c> and <c>report</c>.
/// </remarks>
/// <example><code>
/// using SqliteStudyStorage storage = new("study.db");
/// Study study = new(space, new TpeSearch(seed: 1), storage: storage);
/// study.Optimize(Train, trials: 200);     // the same line in each process; after a crash again
/// </code></example>
public sealed partial class SqliteStudyStorage : IStudyStorage, IDisposable
{
    /// <summary>The version of the file's tables that this library writes; it reads older ones.</summary>
    public const int SchemaVersion = 1;

    private const double BeatsWithinStale = 4;
    private static readonly TimeSpan s_defaultStale = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly TimeSpan _staleAfter;
    private readonly TimeProvider _time;
    private readonly SqliteConnection _connection;
    private readonly string _path;
    private readonly Dictionary<int, TrialRecord> _ended = [];
    private StudyDefinition? _definition;

    /// <summary>Opens or creates a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="staleAfter">A trial that has not beaten for so long is taken for that of a dead process; a minute if left out. Workers beat four times as often.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is not positive, or longer than a day.</exception>
    /// <exception cref="StudyFileException">The file cannot be opened or is damaged, is no study's, or is one of a newer version.</exception>
    public SqliteStudyStorage(string path, TimeSpan? staleAfter = null, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _staleAfter = staleAfter ?? s_defaultStale;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_staleAfter, TimeSpan.Zero, nameof(staleAfter));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_staleAfter, TimeSpan.FromDays(1), nameof(staleAfter));
        _time = timeProvider ?? TimeProvider.System;
        _path = Path.GetFullPath(path);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false, DefaultTimeout = 30 }.ToString());
        try
        {
            Guarded(OpenFile);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public TimeSpan? HeartbeatInterval => _staleAfter / BeatsWithinStale;

    private double Now => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <inheritdoc/>
    public void Open(StudyDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        Guarded(() =>
        {
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            StudyDefinition stored = definition;
            using (SqliteCommand select = Command("select space, names, mode from study"))
            using (SqliteDataReader row = select.ExecuteReader())
            {
                if (row.Read())
                {
                    stored = new StudyDefinition(row.GetString(0), row.GetString(1).Split('\n'), (MonitorMode)row.GetInt32(2));
                }
            }

            definition.RequireSame(stored, $"'{_path}'");
            if (ReferenceEquals(stored, definition))
            {
                Run("insert into study(id, space, names, mode, created) values(1, @space, @names, @mode, @now)", ("@space", definition.Space), ("@names", string.Join('\n', definition.Names)), ("@mode", (int)definition.Mode), ("@now", Now));
            }

            transaction.Commit();
            _definition = definition;
        });
    }

    /// <inheritdoc/>
    public TrialClaim? Claim(string worker, int trials, int retries)
    {
        ArgumentNullException.ThrowIfNull(worker);
        return Guarded(() =>
        {
            // Immediate: nobody else claims between the look and the claim.
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            double now = Now, stale = now - _staleAfter.TotalSeconds;
            Run(
                "update trial set state = 3, finished = @now, error = 'Its process died or stopped answering, time after time: ' || worker where state = 0 and beat < @stale and deaths >= @retries",
                ("@now", now),
                ("@stale", stale),
                ("@retries", retries));
            TrialClaim? claim = TakeUp(worker, now, stale) ?? Begin(worker, trials, now);
            transaction.Commit();
            return claim;
        });
    }

    /// <inheritdoc/>
    public bool SetCoordinates(TrialClaim claim, IReadOnlyList<double> coordinates)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(coordinates);
        return Guarded(() =>
        {
            IReadOnlyList<string> names = Definition.Names;
            if (coordinates.Count != names.Count)
            {
                throw new ArgumentException($"SetCoordinates: {coordinates.Count} values for {names.Count} hyper-parameters.", nameof(coordinates));
            }

            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            if (!Touch(claim))
            {
                return false;
            }

            for (int i = 0; i < names.Count; i++)
            {
                if (!double.IsNaN(coordinates[i]))
                {
                    Run("insert or replace into param(trial, name, value) values(@number, @name, @value)", ("@number", claim.Number), ("@name", names[i]), ("@value", coordinates[i]));
                }
            }

            transaction.Commit();
            return true;
        });
    }

    /// <inheritdoc/>
    public bool Report(TrialClaim claim, int step, double value)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return Guarded(() =>
        {
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            if (!Touch(claim))
            {
                return false;
            }

            Run("insert or replace into report(trial, step, value) values(@number, @step, @value)", ("@number", claim.Number), ("@step", step), ("@value", Nullable(value)));
            transaction.Commit();
            return true;
        });
    }

    /// <inheritdoc/>
    public bool Beat(TrialClaim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return Guarded(() => Touch(claim));
    }

    /// <inheritdoc/>
    public bool Finish(TrialClaim claim, TrialState state, double value, string? error)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return Guarded(() => Run(
            $"update trial set state = @state, value = @value, error = @error, finished = @now where {IsHeld}",
            ("@number", claim.Number),
            ("@attempt", claim.Attempt),
            ("@state", (int)state),
            ("@value", Nullable(value)),
            ("@error", error),
            ("@now", Now)) == 1);
    }

    /// <inheritdoc/>
    public bool Release(TrialClaim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return Guarded(() =>
        {
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            bool held = Run($"update trial set beat = null where {IsHeld}", ("@number", claim.Number), ("@attempt", claim.Attempt)) == 1;
            if (held)
            {
                Run("delete from report where trial = @number", ("@number", claim.Number));
            }

            transaction.Commit();
            return held;
        });
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _connection.Dispose();
        }
    }
}
