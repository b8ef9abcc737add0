using System.Globalization;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Search.Sqlite.Tests;

/// <summary>Several processes on one study, some of them killed.</summary>
[Category("Process")]
internal sealed class ProcessTests
{
    [Test]
    public void ThreeProcesses_ShareAStudy()
    {
        using StudyFile file = new();
        using WorkerProcess a = new(file.Path, 60, staleSeconds: 60, milliseconds: 20), b = new(file.Path, 60, 60, 20), c = new(file.Path, 60, 60, 20);
        a.Finish();
        b.Finish();
        c.Finish();
        AssertComplete(file, 60);
        string[] ends = Ends(a, b, c);
        Assert.That(ends, Is.Unique);
        Assert.That(ends, Has.Length.EqualTo(60), "no trial was tried by two");
    }

    [Test]
    public void KilledInTheMiddle_ItsTrialIsTriedByTheOthers()
    {
        using StudyFile file = new();
        using WorkerProcess victim = new(file.Path, 40, staleSeconds: 5, milliseconds: 20, hangAt: 4, awaited: "hangs");
        victim.Await();
        using WorkerProcess a = new(file.Path, 40, 5, 20), b = new(file.Path, 40, 5, 20);
        a.Await();
        string lost = victim.Lines.Single(static l => l.StartsWith("hangs", StringComparison.Ordinal))["hangs ".Length..];
        victim.Kill();
        a.Finish();
        b.Finish();
        AssertComplete(file, 40);
        string[] ends = Ends(victim, a, b);
        Assert.That(ends, Is.Unique, "none was doubled");
        Assert.That(ends, Has.Length.EqualTo(40), "none was lost");
        Assert.That(a.Lines.Concat(b.Lines), Does.Contain($"begin {lost}"), "it was taken up again");
        using SqliteStudyStorage storage = new(file.Path);
        Assert.That(new Study(StudyFile.Space(out _, out _), storage: storage).Storage.Load().Single(r => r.Number == int.Parse(lost, CultureInfo.InvariantCulture)).Attempt, Is.GreaterThan(1));
    }

    [Test]
    public void KilledAgainAndAgain_TheFileStaysWhole()
    {
        using StudyFile file = new();
        List<string> ends = [];
        for (int i = 0; i < 5; i++)
        {
            using WorkerProcess victim = new(file.Path, 100_000, staleSeconds: 1, milliseconds: 0);
            victim.Await();
            Thread.Sleep(100 + (53 * i));
            victim.Kill();
            ends.AddRange(Ends(victim));
        }

        Assert.That(ends, Is.Unique);
        int trials;
        using (SqliteStudyStorage storage = new(file.Path))
        {
            trials = new Study(StudyFile.Space(out _, out _), storage: storage).Trials.Count;
        }

        using WorkerProcess last = new(file.Path, trials, staleSeconds: 1, milliseconds: 0);
        last.Finish();
        AssertComplete(file, trials);
        Assert.That(trials, Is.Positive);
    }

    private static string[] Ends(params WorkerProcess[] workers) =>
        [.. workers.SelectMany(static w => w.Lines).Where(static l => l.StartsWith("end", StringComparison.Ordinal))];

    private static void AssertComplete(StudyFile file, int trials)
    {
        using SqliteStudyStorage storage = new(file.Path);
        Study study = new(StudyFile.Space(out Dimension<double> x, out Dimension<int> n), storage: storage);
        Assert.That(study.Trials.Select(static t => (t.Number, t.State)), Is.EqualTo(Enumerable.Range(0, trials).Select(static i => (i, TrialState.Completed))));
        Assert.That(study.Trials.Select(static t => t.Value), Is.EqualTo(study.Trials.Select(t => (t[x] * t[x]) + (t.Has(n) ? t[n] : 0))));
        Assert.That(study.Trials.Select(static t => t.Reports.Count), Is.All.EqualTo(2));
    }
}
