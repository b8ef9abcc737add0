using System.Globalization;
using System.Text;

namespace Engine.Perf.Comparing;

/// <summary>
/// Rows below their aim, held against what the machine can do: multiply-adds on registers (<c>peak/*</c>) for rows that multiply, a copy for those that read and write memory.
/// The last column is the ratio to the peer that a kernel at the limit would have.
/// </summary>
internal sealed class LimitTable
{
    private readonly IReadOnlyList<Pair> _pairs;
    private readonly Dictionary<(string Name, int Threads), ResultLine> _limits;

    public LimitTable(IReadOnlyList<Pair> pairs)
    {
        _pairs = pairs;
        _limits = pairs.Where(static pair => pair.Ours.Name is LimitRows.Copy or LimitRows.Float32 or LimitRows.Float64).ToDictionary(static pair => (pair.Ours.Name, pair.Ours.Threads), static pair => pair.Ours);
    }

    /// <summary>Empty where no peak was measured.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (RowGroup group in RowGroup.All)
        {
            foreach (Pair pair in _pairs.Where(pair => pair.Ratio < group.Least && group.Has(pair.Ours.Name)).OrderBy(static pair => pair.Ours.Threads))
            {
                if (Limit(pair.Ours) is not { } limit)
                {
                    continue;
                }

                text.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"| `{pair.Ours.Name}` | {pair.Ours.Threads} | {Comparison.Number(pair.Ratio!.Value)} | {group.Least} | {limit.Name} | {limit.Seconds / pair.Ours.Median:P0} | {limit.Seconds / pair.Peer!.Value.Line.Median:P0} | {Comparison.Number(pair.Peer.Value.Line.Median / limit.Seconds)} |");
            }
        }

        return text.Length == 0 ? string.Empty : $"\n| below the aim | threads | peer/ours | aim | limit | ours, of the limit | peer | peer/limit |\n|---|---|---|---|---|---|---|---|\n{text}{Means()}";
    }

    /// <summary>Kinds of rows that have a limit each: the mean beside the one that kernels at their limits would have.</summary>
    private string Means()
    {
        StringBuilder text = new("\n| rows | threads | geometric mean | aim | at the limit |\n|---|---|---|---|---|\n");
        foreach (RowGroup group in RowGroup.All)
        {
            foreach (IGrouping<int, Pair> rows in _pairs.Where(pair => pair.Ratio is not null && group.Has(pair.Ours.Name)).GroupBy(static pair => pair.Ours.Threads).OrderBy(static rows => rows.Key))
            {
                double?[] most = [.. rows.Select(pair => pair.Peer!.Value.Line.Median / Limit(pair.Ours)?.Seconds)];
                if (most.All(static ratio => ratio is not null))
                {
                    text.AppendLine(
                        CultureInfo.InvariantCulture,
                        $"| {group.Title} | {rows.Key} | {Comparison.Number(Comparison.GeometricMean([.. rows.Select(static pair => pair.Ratio!.Value)]))} | {group.Mean} | {Comparison.Number(Comparison.GeometricMean([.. most.OfType<double>()]))} |");
                }
            }
        }

        return text.ToString();
    }

    /// <summary>The least time of a row: its multiply-adds, or its bytes where they are enough to leave the caches; null where neither is known.</summary>
    private (string Name, double Seconds)? Limit(ResultLine row)
    {
        string peakName = row.Name.StartsWith("dgemm", StringComparison.Ordinal) ? LimitRows.Float64 : LimitRows.Float32;
        if (row.Flop > 0 && _limits.TryGetValue((peakName, row.Threads), out ResultLine? peak))
        {
            return (peakName, row.Flop * peak.Median / peak.Flop);
        }

        return row.Name != LimitRows.Copy && _limits.TryGetValue((LimitRows.Copy, row.Threads), out ResultLine? copy) && row.Bytes >= copy.Bytes / 2
            ? (LimitRows.Copy, row.Bytes * copy.Median / copy.Bytes)
            : null;
    }
}
