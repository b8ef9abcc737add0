using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Engine.Perf.Comparing;

/// <summary>Our lines beside those of a peer, or of one peer in several settings: then its best setting counts, row by row.</summary>
internal sealed class Comparison
{
    private readonly Series _ours;
    private readonly ImmutableArray<Series> _peers;

    /// <param name="oursPath">Our lines.</param>
    /// <param name="peerPaths">The peer's, a file for each of its settings.</param>
    public Comparison(string oursPath, IEnumerable<string> peerPaths)
    {
        _ours = Series.Read(oursPath);
        _peers = [.. peerPaths.Select(Series.Read)];
        Pairs = [.. _ours.Lines.Select(row => new Pair(row.Value, Best(row.Key), _ours.PeakBytes.GetValueOrDefault(row.Key), LeastPeak(row.Key)))];
    }

    /// <summary>The names of the peer's settings.</summary>
    public IEnumerable<string> Settings => _peers.Select(static series => series.Name);

    /// <summary>Peer over ours for a row and each of <see cref="Settings"/>; null where a side has no line.</summary>
    public IEnumerable<double?> RatioOfEachSetting(Pair pair) =>
        _peers.Select(series => series.Lines.TryGetValue((pair.Ours.Name, pair.Ours.Threads), out ResultLine? line) ? line.Median / pair.Ours.Median : (double?)null);

    /// <summary>Every row of ours, in the order of the file.</summary>
    public ImmutableArray<Pair> Pairs { get; }

    /// <summary>All rows, and the geometric mean.</summary>
    public string Table()
    {
        bool several = _peers.Length > 1;
        string how = several ? " | best peer" : string.Empty;
        StringBuilder text = new($"| workload | threads | ours | peer{how} | peer/ours | ours, rate |\n|---|---|---|---|---|---|{(several ? "---|" : string.Empty)}\n");
        foreach (Pair pair in Pairs)
        {
            ResultLine ours = pair.Ours;
            string rate = ours.Flop > 0 ? Number(ours.Flop / ours.Median / 1e9) + " GFLOP/s"
                : ours.Bytes > 0 ? Number(ours.Bytes / ours.Median / 1e9) + " GB/s" : string.Empty;
            how = several ? $" | {pair.Peer?.Series ?? "–"}" : string.Empty;
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| `{ours.Name}` | {ours.Threads} | {Time(ours.Median)} | {(pair.Peer is { } peer ? Time(peer.Line.Median) : "–")}{how} | {(pair.Ratio is { } ratio ? Number(ratio) : "–")} | {rate} |");
        }

        double[] ratios = [.. Pairs.Select(static pair => pair.Ratio).OfType<double>()];
        if (ratios.Length > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\nGeometric mean of peer/ours over {ratios.Length} workloads: {Number(GeometricMean(ratios))} (above 1 ours is faster).");
        }

        return text.ToString();
    }

    /// <summary>The most memory of processes that ran a row alone, where both sides tell it; empty where none does.</summary>
    public string MemoryTable()
    {
        Pair[] known = [.. Pairs.Where(static pair => pair is { OurPeak: > 0, PeerPeak: > 0 })];
        StringBuilder text = new(known.Length == 0 ? string.Empty : "\n| peak memory | threads | ours | peer, its least | ours/peer |\n|---|---|---|---|---|\n");
        foreach (Pair pair in known)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture, $"| `{pair.Ours.Name}` | {pair.Ours.Threads} | {pair.OurPeak / 1e6:F0} MB | {pair.PeerPeak / 1e6:F0} MB | {Number((double)pair.OurPeak / pair.PeerPeak)} |");
        }

        return text.ToString();
    }

    public static double GeometricMean(IReadOnlyCollection<double> values) => Math.Exp(values.Sum(Math.Log) / values.Count);

    public static string Number(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private static string Time(double seconds) => seconds < 1e-3 ? Number(seconds * 1e6) + " µs" : Number(seconds * 1e3) + " ms";

    private (ResultLine Line, string Series)? Best((string, int) row)
    {
        (ResultLine Line, string Series)? best = null;
        foreach (Series series in _peers)
        {
            if (series.Lines.TryGetValue(row, out ResultLine? line) && (best is null || line.Median < best.Value.Line.Median))
            {
                best = (line, series.Name);
            }
        }

        return best;
    }

    private long LeastPeak((string, int) row) =>
        _peers.Select(series => series.PeakBytes.GetValueOrDefault(row)).Where(static bytes => bytes > 0).DefaultIfEmpty().Min();
}
