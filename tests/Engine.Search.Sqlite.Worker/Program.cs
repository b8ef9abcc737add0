using System.Globalization;
using Engine.Nn;
using Engine.Search.Sqlite;

// A process that works on a study: FILE TRIALS STALE-SECONDS MILLISECONDS-PER-TRIAL [HANG-AT].
// Says "begin N" and "end N" of each trial; hangs in the HANG-AT-th that it begins, to be killed there.
string path = args[0];
int trials = int.Parse(args[1], CultureInfo.InvariantCulture), milliseconds = int.Parse(args[3], CultureInfo.InvariantCulture);
double stale = double.Parse(args[2], CultureInfo.InvariantCulture);
int hangAt = args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : -1, begun = 0;
SearchSpace space = new();
Dimension<double> x = space.Uniform("x", -1, 1);
Dimension<string> kind = space.Choice("kind", "a", "b");
Dimension<int> n = space.When(kind, "b").Integer("n", 1, 9);
using SqliteStudyStorage storage = new(path, TimeSpan.FromSeconds(stale));
Study study = new(space, new TpeSearch(seed: 1), storage: storage) { Retries = 20 };
study.Optimize(
    trial =>
    {
        Say($"begin {trial.Number}");
        trial.Report(1, trial[x]);
        if (++begun == hangAt)
        {
            Say($"hangs {trial.Number}");
            Thread.Sleep(Timeout.Infinite);
        }

        Thread.Sleep(milliseconds);
        trial.Report(2, trial[x]);
        return (trial[x] * trial[x]) + (trial.Has(n) ? trial[n] : 0);
    },
    trials,
    progress: new Told(static trial => Say($"end {trial.Number}")));
Say("done");

static void Say(string line)
{
    Console.Out.WriteLine(line);
    Console.Out.Flush();
}

internal sealed class Told(Action<Trial> tell) : IProgress<Trial>
{
    public void Report(Trial value) => tell(value);
}
