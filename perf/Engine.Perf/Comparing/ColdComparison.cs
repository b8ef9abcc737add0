using System.Globalization;
using System.Text;

namespace Engine.Perf.Comparing;

/// <summary>The first second of fresh processes, ours beside the peer's; medians of several processes.</summary>
internal static class ColdComparison
{
    public static string Table(string oursPath, string peerPath)
    {
        Dictionary<(string, int), ColdLine[]> peers = ByRow(peerPath).ToDictionary();
        StringBuilder text = new("| workload | threads | first call ends: ours | peer | third call ends: ours | peer | calls in the first second: ours | peer |\n|---|---|---|---|---|---|---|---|\n");
        foreach (((string name, int threads), ColdLine[] ours) in ByRow(oursPath))
        {
            ColdLine[] peer = peers.GetValueOrDefault((name, threads), []);
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| `{name}` | {threads} | {Time(ours, static line => line.First)} | {Time(peer, static line => line.First)} | {Time(ours, static line => line.Third)} | {Time(peer, static line => line.Third)} | {Calls(ours)} | {Calls(peer)} |");
        }

        return text.ToString();
    }

    private static IEnumerable<KeyValuePair<(string Name, int Threads), ColdLine[]>> ByRow(string path) =>
        ColdLine.Read(path).GroupBy(static line => (line.Name, line.Threads)).Select(static group => KeyValuePair.Create(group.Key, group.ToArray()));

    private static string Time(ColdLine[] lines, Func<ColdLine, double> time) =>
        lines.Length == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{Median(lines, time) * 1e3:F0} ms");

    private static string Calls(ColdLine[] lines) => lines.Length == 0 ? "–" : Median(lines, static line => line.CallsInFirstSecond).ToString("F0", CultureInfo.InvariantCulture);

    private static double Median(ColdLine[] lines, Func<ColdLine, double> value)
    {
        double[] sorted = [.. lines.Select(value).Order()];
        return sorted[sorted.Length / 2];
    }
}
