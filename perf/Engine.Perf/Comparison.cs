using System.Globalization;
using System.Text;

namespace Engine.Perf;

/// <summary>A table of ratios from two files of result lines. Several lines of one workload count with their median.</summary>
internal static class Comparison
{
    public static string Table(string oursPath, string peerPath)
    {
        Dictionary<(string, int), ResultLine> peers = ByWorkload(peerPath);
        StringBuilder text = new("| workload | threads | ours | peer | peer/ours | ours, rate |\n|---|---|---|---|---|---|\n");
        double logarithms = 0;
        int compared = 0;
        foreach (((string name, int threads), ResultLine ours) in ByWorkload(oursPath))
        {
            string rate = ours.Flop > 0 ? Number(ours.Flop / ours.Median / 1e9) + " GFLOP/s"
                : ours.Bytes > 0 ? Number(ours.Bytes / ours.Median / 1e9) + " GB/s" : string.Empty;
            string peerTime = "–", ratio = "–";
            if (peers.TryGetValue((name, threads), out ResultLine? peer))
            {
                peerTime = Time(peer.Median);
                ratio = Number(peer.Median / ours.Median);
                logarithms += Math.Log(peer.Median / ours.Median);
                compared++;
            }

            text.AppendLine(CultureInfo.InvariantCulture, $"| `{name}` | {threads} | {Time(ours.Median)} | {peerTime} | {ratio} | {rate} |");
        }

        if (compared > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\nGeometric mean of peer/ours over {compared} workloads: {Number(Math.Exp(logarithms / compared))} (above 1 ours is faster).");
        }

        return text.ToString();
    }

    private static Dictionary<(string Name, int Threads), ResultLine> ByWorkload(string path)
    {
        Dictionary<(string, int), ResultLine> lines = [];
        foreach (IGrouping<(string, int), ResultLine> group in ResultLine.Read(path).GroupBy(static l => (l.Name, l.Threads)))
        {
            ResultLine[] sorted = [.. group.OrderBy(static l => l.Median)];
            lines[group.Key] = sorted[sorted.Length / 2];
        }

        return lines;
    }

    private static string Time(double seconds) => seconds < 1e-3 ? Number(seconds * 1e6) + " µs" : Number(seconds * 1e3) + " ms";

    private static string Number(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
