using System.IO.Enumeration;

namespace Engine.Perf.Comparing;

/// <summary>Builds of the engine in one process, in turns of milliseconds: what a change gives on a machine that others use too.</summary>
/// <remarks>
/// The same build twice differs by 2 to 4 % in most rows and by up to 7 in single ones, as its data lie elsewhere. Processes in turn differ by 20 to 30.
/// </remarks>
internal static class BuildComparison
{
    /// <summary>Prints, for each row, the median and least milliseconds of the first build and of each other one, with the median of its ratios to the first in the same round.</summary>
    public static void Print(LoadedBuild[] builds, string[] patterns, double seconds)
    {
        foreach (string name in builds[0].Names.Where(name => Array.Exists(patterns, pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false))))
        {
            Action[] calls = [.. builds.Select(build => build.Prepare(name)).OfType<Action>()];
            if (calls.Length < builds.Length)
            {
                continue;
            }

            double[][] times = Turns.Of(calls, seconds);
            Console.Write($"{name,-40}");
            foreach (double[] side in times)
            {
                string ratio = side == times[0] ? string.Empty : $" {Median(side.Zip(times[0], static (mine, first) => mine / first)):0.000}";
                Console.Write($" | {1e3 * Median(side):0.0000} [{1e3 * side.Min():0.0000}]{ratio}");
            }

            Console.WriteLine();
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
