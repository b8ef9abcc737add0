using System.Globalization;
using Engine.Nn;
using Microsoft.Data.Sqlite;

namespace Engine.Search.Sqlite;

public sealed partial class SqliteStudyStorage
{
    // "GwSt": tells a study's file from any other database.
    private const int ApplicationId = 0x47775374;

    // Who holds a trial: nobody has taken it over, it was not put back, and it has not ended.
    private const string IsHeld = "number = @number and attempt = @attempt and state = 0 and beat is not null";

    // States are those of TrialState; times are seconds since 1970; NaN is null. beat: when the worker last showed that it lives, null if it put the trial back.
    private const string Tables = """
        create table study(id integer primary key check(id = 1), space text not null, names text not null, mode integer not null, created real not null) strict;
        create table trial(
            number integer primary key, attempt integer not null, deaths integer not null, state integer not null check(state between 0 and 3),
            worker text not null, beat real, started real not null, finished real, value real, error text) strict;
        create table param(trial integer not null, name text not null, value real not null, primary key(trial, name)) strict, without rowid;
        create table report(trial integer not null, step integer not null, value real, primary key(trial, step)) strict, without rowid;
        create index trial_state on trial(state);
        """;

    private StudyDefinition Definition => _definition ?? throw new InvalidOperationException("SqliteStudyStorage: Open was not called; a Study does it.");

    /// <inheritdoc/>
    public IReadOnlyList<TrialRecord> Load() => Guarded(() =>
    {
        IReadOnlyList<string> names = Definition.Names;
        using SqliteTransaction transaction = _connection.BeginTransaction(deferred: true);
        List<TrialRecord> records = [];
        using SqliteCommand select = Command("select number, attempt, state, value, error, started, finished from trial order by number");
        using SqliteDataReader row = select.ExecuteReader();
        while (row.Read())
        {
            // What has ended does not change.
            int number = row.GetInt32(0);
            if (!_ended.TryGetValue(number, out TrialRecord? record))
            {
                record = new TrialRecord(
                    number,
                    row.GetInt32(1),
                    (TrialState)row.GetInt32(2),
                    CoordinatesOf(number, names),
                    row.IsDBNull(3) ? double.NaN : row.GetDouble(3),
                    ReportsOf(number),
                    row.IsDBNull(4) ? null : row.GetString(4),
                    TimeAt(row.GetDouble(5)),
                    row.IsDBNull(6) ? null : TimeAt(row.GetDouble(6)));
                if (record.State != TrialState.Running)
                {
                    _ended.Add(number, record);
                }
            }

            records.Add(record);
        }

        return records;
    });

    private static object? Nullable(double value) => double.IsNaN(value) ? null : value;

    private static DateTimeOffset TimeAt(double seconds) => DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(seconds);

    private void OpenFile()
    {
        _connection.Open();

        // Before anything is written: it may be somebody else's.
        bool isNew = Number("select count(*) from sqlite_master") == 0 && Number("pragma application_id") == 0;
        if (!isNew)
        {
            CheckKind();
        }

        Run("pragma journal_mode = wal");
        Run("pragma synchronous = normal");
        using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
        if (Number("pragma user_version") == 0)
        {
            Run(Tables);
            Run(string.Create(CultureInfo.InvariantCulture, $"pragma application_id = {ApplicationId}"));
            Run(string.Create(CultureInfo.InvariantCulture, $"pragma user_version = {SchemaVersion}"));
        }

        CheckKind();
        transaction.Commit();
        using SqliteCommand check = Command("pragma quick_check(1)");
        if (check.ExecuteScalar() is not "ok")
        {
            throw Damaged(null);
        }
    }

    private void CheckKind()
    {
        if (Number("pragma application_id") != ApplicationId)
        {
            throw new StudyFileException($"SqliteStudyStorage: '{_path}' is a database, but no study's. Take another file.");
        }

        long version = Number("pragma user_version");
        if (version > SchemaVersion)
        {
            throw new StudyFileException($"SqliteStudyStorage: '{_path}' has tables of version {version}; this library knows up to {SchemaVersion}. Take a newer library, or another file.");
        }
    }

    // A trial that was put back, or one whose worker is dead; the values are kept, the reports are not.
    private TrialClaim? TakeUp(string worker, double now, double stale)
    {
        int number, attempt;
        using (SqliteCommand select = Command("select number, attempt from trial where state = 0 and (beat is null or beat < @stale) order by number limit 1", ("@stale", stale)))
        using (SqliteDataReader row = select.ExecuteReader())
        {
            if (!row.Read())
            {
                return null;
            }

            (number, attempt) = (row.GetInt32(0), row.GetInt32(1) + 1);
        }

        Run(
            "update trial set attempt = @attempt, deaths = deaths + (beat is not null), worker = @worker, beat = @now, started = @now where number = @number",
            ("@number", number),
            ("@attempt", attempt),
            ("@worker", worker),
            ("@now", now));
        Run("delete from report where trial = @number", ("@number", number));
        return new TrialClaim(number, attempt, CoordinatesOf(number, Definition.Names));
    }

    private TrialClaim? Begin(string worker, int trials, double now)
    {
        long number = Number("select coalesce(max(number) + 1, 0) from trial");
        if (number >= trials)
        {
            return null;
        }

        Run("insert into trial(number, attempt, deaths, state, worker, beat, started) values(@number, 1, 0, 0, @worker, @now, @now)", ("@number", number), ("@worker", worker), ("@now", now));
        return new TrialClaim((int)number, 1, null);
    }

    private bool Touch(TrialClaim claim) =>
        Run($"update trial set beat = @now where {IsHeld}", ("@number", claim.Number), ("@attempt", claim.Attempt), ("@now", Now)) == 1;

    private double[]? CoordinatesOf(int number, IReadOnlyList<string> names)
    {
        double[]? coordinates = null;
        using SqliteCommand select = Command("select name, value from param where trial = @number", ("@number", number));
        using SqliteDataReader row = select.ExecuteReader();
        while (row.Read())
        {
            if (coordinates is null)
            {
                coordinates = new double[names.Count];
                Array.Fill(coordinates, double.NaN);
            }

            int index = 0;
            while (index < names.Count && names[index] != row.GetString(0))
            {
                index++;
            }

            coordinates[index < names.Count ? index : throw Damaged(null)] = row.GetDouble(1);
        }

        return coordinates;
    }

    private List<(int Step, double Value)> ReportsOf(int number)
    {
        List<(int Step, double Value)> reports = [];
        using SqliteCommand select = Command("select step, value from report where trial = @number order by step", ("@number", number));
        using SqliteDataReader row = select.ExecuteReader();
        while (row.Read())
        {
            reports.Add((row.GetInt32(0), row.IsDBNull(1) ? double.NaN : row.GetDouble(1)));
        }

        return reports;
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    private int Run(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    private long Number(string sql)
    {
        using SqliteCommand command = Command(sql);
        return (long)command.ExecuteScalar()!;
    }

    private void Guarded(Action action) => Guarded(() =>
    {
        action();
        return true;
    });

    /// <summary>One at a time on the connection, with SQLite's errors as those of the engine.</summary>
    private T Guarded<T>(Func<T> action)
    {
        lock (_lock)
        {
            try
            {
                return action();
            }
            catch (SqliteException error)
            {
                throw error.SqliteErrorCode switch
                {
                    SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_ERROR => Damaged(error),
                    SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => new StudyFileException($"SqliteStudyStorage: '{_path}' was locked by another process for {_connection.DefaultTimeout} s. It must lie on a disk of this machine, and no tool may keep it locked.", error),
                    SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_PERM => new StudyFileException($"SqliteStudyStorage: '{_path}' cannot be opened for writing: {error.Message} The folder must exist and be writable too.", error),
                    _ => new StudyFileException($"SqliteStudyStorage: '{_path}': {error.Message}", error),
                };
            }
        }
    }

    private StudyFileException Damaged(Exception? error) =>
        new($"SqliteStudyStorage: '{_path}' is damaged or no study's file{(error is null ? string.Empty : $" ({error.Message})")}. Take another file, or a copy from before.", error);
}
