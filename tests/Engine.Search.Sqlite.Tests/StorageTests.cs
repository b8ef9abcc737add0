using Engine.Nn;
using NUnit.Framework;

namespace Engine.Search.Sqlite.Tests;

internal sealed class StorageTests
{
    [Test]
    public void Study_IsTheSameAsInMemory()
    {
        using StudyFile file = new();
        using SqliteStudyStorage storage = new(file.Path);
        Study memory = Tried(null, 40), stored = Tried(storage, 40);
        Assert.That(stored.Trials.Select(static t => t.ToString()), Is.EqualTo(memory.Trials.Select(static t => t.ToString())));
        Assert.That(stored.Trials.Select(static t => t.Reports), Is.EqualTo(memory.Trials.Select(static t => t.Reports)));
        Assert.That(stored.Trials.Select(static t => t.State), Is.EqualTo(memory.Trials.Select(static t => t.State)));
        Assert.That(stored.Trials.Select(static t => t.State).Distinct().Count(), Is.EqualTo(3));
        Assert.That(stored.Best!.Number, Is.EqualTo(memory.Best!.Number));
    }

    [Test]
    public void Study_GoesOnInAFileThatWasClosed()
    {
        using StudyFile file = new();
        foreach (int trials in (int[])[13, 13, 40])
        {
            using SqliteStudyStorage storage = new(file.Path);
            Assert.That(Tried(storage, trials).Trials, Has.Count.EqualTo(trials));
        }

        using SqliteStudyStorage again = new(file.Path);
        Assert.That(Tried(again, 0).Trials.Select(static t => t.ToString()), Is.EqualTo(Tried(null, 40).Trials.Select(static t => t.ToString())));
    }

    [Test]
    public void Parallel_ThreadsShareOneStorage()
    {
        using StudyFile file = new();
        using SqliteStudyStorage storage = new(file.Path);
        Study study = new(StudyFile.Space(out Dimension<double> x, out _), storage: storage);
        study.Optimize(t => t[x], 60, parallelism: 4);
        Assert.That(study.Trials.Select(static t => (t.Number, t.State)), Is.EqualTo(Enumerable.Range(0, 60).Select(static i => (i, TrialState.Completed))));
    }

    [Test]
    public void SpecialValues_AreKept()
    {
        using StudyFile file = new();
        using (SqliteStudyStorage storage = new(file.Path))
        {
            Study study = new(StudyFile.Space(out _, out _), storage: storage);
            double[] values = [double.PositiveInfinity, double.NegativeInfinity, -0.0, 1e-320, Math.PI];
            study.Optimize(t => { t.Report(1, double.NaN); t.Report(2, values[t.Number]); return values[t.Number]; }, 5);
        }

        using SqliteStudyStorage again = new(file.Path);
        Study read = new(StudyFile.Space(out _, out _), storage: again);
        Assert.That(read.Trials.Select(static t => t.Value), Is.EqualTo(new[] { double.PositiveInfinity, double.NegativeInfinity, -0.0, 1e-320, Math.PI }));
        Assert.That(read.Trials.Select(static t => t.Reports[0].Value), Is.All.NaN);
        Assert.That(read.Trials.Select(static t => t.Reports[1].Value), Is.EqualTo(read.Trials.Select(static t => t.Value)));
    }

    [Test]
    public void StaleTrial_IsTakenUpWithItsValues_AndItsOldWorkerHasLostIt()
    {
        using StudyFile file = new();
        Clock clock = new();
        using SqliteStudyStorage dead = new(file.Path, TimeSpan.FromSeconds(60), clock), alive = new(file.Path, TimeSpan.FromSeconds(60), clock);
        StudyDefinition definition = new("x", ["x"], MonitorMode.Min);
        dead.Open(definition);
        alive.Open(definition);
        TrialClaim first = dead.Claim("dead", 1, retries: 1)!;
        Assert.That(dead.SetCoordinates(first, [0.25]), Is.True);
        Assert.That(dead.Report(first, 1, 3), Is.True);
        Assert.That(alive.Claim("alive", 1, retries: 1), Is.Null, "it still beats");
        clock.Advance(50);
        Assert.That(dead.Beat(first), Is.True);
        clock.Advance(50);
        Assert.That(alive.Claim("alive", 1, retries: 1), Is.Null, "it has beaten since");
        clock.Advance(61);
        TrialClaim second = alive.Claim("alive", 1, retries: 1)!;
        Assert.Multiple(() =>
        {
            Assert.That((second.Number, second.Attempt), Is.EqualTo((0, 2)));
            Assert.That(second.Coordinates, Is.EqualTo(new[] { 0.25 }));
            Assert.That(alive.Load()[0].Reports, Is.Empty);
            Assert.That(dead.Beat(first), Is.False);
            Assert.That(dead.Report(first, 2, 1), Is.False);
            Assert.That(dead.SetCoordinates(first, [0.5]), Is.False);
            Assert.That(dead.Release(first), Is.False);
            Assert.That(dead.Finish(first, TrialState.Completed, 1, null), Is.False, "a late result does not count twice");
            Assert.That(alive.Finish(second, TrialState.Completed, 2, null), Is.True);
            Assert.That(alive.Finish(second, TrialState.Completed, 3, null), Is.False);
            Assert.That(dead.Load().Single().Value, Is.EqualTo(2));
        });
    }

    [Test]
    public void TrialWhoseWorkersDieEachTime_Fails_AndOneThatWasPutBackDoesNot()
    {
        using StudyFile file = new();
        Clock clock = new();
        using SqliteStudyStorage storage = new(file.Path, TimeSpan.FromSeconds(60), clock);
        storage.Open(new StudyDefinition("x", ["x"], MonitorMode.Min));
        for (int i = 0; i < 5; i++)
        {
            Assert.That(storage.Release(storage.Claim("w", 1, retries: 1)!), Is.True);
        }

        TrialClaim first = storage.Claim("w", 1, retries: 1)!;
        clock.Advance(61);
        TrialClaim second = storage.Claim("w", 1, retries: 1)!;
        Assert.That((first.Attempt, second.Attempt), Is.EqualTo((6, 7)));
        clock.Advance(61);
        Assert.That(storage.Claim("w", 1, retries: 1), Is.Null);
        TrialRecord record = storage.Load().Single();
        Assert.That(record.State, Is.EqualTo(TrialState.Failed));
        Assert.That(record.Error, Does.Contain("died").And.EndWith(": w"));
        Assert.That(storage.Claim("w", 2, retries: 1)!.Number, Is.EqualTo(1), "the study goes on");
    }

    [Test]
    public void FileOfAnotherSpaceOrMode_Throws()
    {
        using StudyFile file = new();
        using SqliteStudyStorage storage = new(file.Path);
        _ = Tried(storage, 3);
        SearchSpace other = new();
        _ = other.Uniform("x", -1, 2);
        Assert.That(() => new Study(other, storage: storage), Throws.TypeOf<StudyFileException>().With.Message.Contains("study.db").And.Message.Contains("'x: real [-1, 1]' there, 'x: real [-1, 2]' here"));
        Assert.That(() => new Study(StudyFile.Space(out _, out _), mode: MonitorMode.Max, storage: storage), Throws.TypeOf<StudyFileException>().With.Message.Contains("mode"));
        Assert.That(Tried(storage, 0).Trials, Has.Count.EqualTo(3), "nothing is lost");
    }

    [Test]
    public void NewerSchema_Throws()
    {
        using StudyFile file = new();
        using (SqliteStudyStorage storage = new(file.Path))
        {
            _ = Tried(storage, 3);
        }

        file.Run("pragma user_version = 2");
        Assert.That(() => new SqliteStudyStorage(file.Path), Throws.TypeOf<StudyFileException>().With.Message.Contains("version 2; this library knows up to 1"));
    }

    [Test]
    public void ForeignDatabase_ThrowsAndIsLeftAsItIs()
    {
        using StudyFile file = new();
        file.Run("create table mine(a)");
        byte[] before = File.ReadAllBytes(file.Path);
        Assert.That(() => new SqliteStudyStorage(file.Path), Throws.TypeOf<StudyFileException>().With.Message.Contains("no study's"));
        Assert.That(File.ReadAllBytes(file.Path), Is.EqualTo(before));
    }

    [Test]
    public void DamagedFiles_Throw()
    {
        using StudyFile file = new();
        File.WriteAllText(file.Path, string.Join('\n', Enumerable.Repeat("no database at all", 200)));
        Assert.That(() => new SqliteStudyStorage(file.Path), Throws.TypeOf<StudyFileException>().With.Message.Contains("damaged"));
        File.Delete(file.Path);
        using (SqliteStudyStorage storage = new(file.Path))
        {
            _ = Tried(storage, 40);
        }

        // Every page but the first in turn: either it is refused, or what is read is what was written.
        byte[] whole = File.ReadAllBytes(file.Path);
        string[] expected = [.. Tried(null, 40).Trials.Select(static t => t.ToString())];
        int refused = 0;
        for (int page = 1; page < whole.Length / 4096; page++)
        {
            byte[] damaged = [.. whole];
            new Random(page).NextBytes(damaged.AsSpan(page * 4096, 4096));
            File.WriteAllBytes(file.Path, damaged);
            try
            {
                using SqliteStudyStorage storage = new(file.Path);
                Assert.That(Tried(storage, 0).Trials.Select(static t => t.ToString()), Is.EqualTo(expected));
            }
            catch (StudyFileException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(3));

        // Values outside of the space.
        File.WriteAllBytes(file.Path, whole);
        file.Run("update param set value = 7 where trial = 5 and name = 'x'");
        using SqliteStudyStorage changed = new(file.Path);
        Assert.That(() => Tried(changed, 0).Trials, Throws.TypeOf<StudyFileException>().With.Message.Contains("trial 5"));
    }

    [Test]
    public void BadArguments_Throw()
    {
        using StudyFile file = new();
        Assert.Multiple(() =>
        {
            Assert.That(static () => new SqliteStudyStorage(string.Empty), Throws.ArgumentException);
            Assert.That(() => new SqliteStudyStorage(file.Path, TimeSpan.Zero), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new SqliteStudyStorage(Path.Combine(file.Path, "no", "folder.db")), Throws.TypeOf<StudyFileException>().With.Message.Contains("folder must exist"));
        });
        using SqliteStudyStorage storage = new(file.Path);
        Assert.That(storage.Load, Throws.InvalidOperationException.With.Message.Contains("Open"));
    }

    /// <summary>A study with failed, completed and pruned trials; the same each time.</summary>
    private static Study Tried(SqliteStudyStorage? storage, int trials)
    {
        Study study = new(StudyFile.Space(out Dimension<double> x, out Dimension<int> n), new TpeSearch(seed: 3), storage: storage) { Pruner = new MedianPruner(startupTrials: 3) };
        study.Optimize(
            t => t.Number % 9 == 4 ? double.NaN : t.Report(1, t[x]) || t.Report(2, t[x] / 2) ? t[x] : (t[x] * t[x]) + (t.Has(n) ? t[n] : 0),
            trials);
        return study;
    }

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public void Advance(double seconds) => _now += TimeSpan.FromSeconds(seconds);

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
