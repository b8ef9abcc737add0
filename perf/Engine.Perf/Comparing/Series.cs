namespace Engine.Perf.Comparing;

/// <summary>The lines of one file. Several lines of one row count with their median.</summary>
internal sealed record Series(string Name, OrderedDictionary<(string Name, int Threads), ResultLine> Lines, IReadOnlyDictionary<(string Name, int Threads), long> PeakBytes)
{
    public static Series Read(string path)
    {
        OrderedDictionary<(string, int), ResultLine> lines = [];
        Dictionary<(string, int), long> peaks = [];
        foreach (IGrouping<(string, int), ResultLine> group in ResultLine.Read(path).GroupBy(static line => (line.Name, line.Threads)))
        {
            lines[group.Key] = Median(group, static line => line.Median);
            if (group.Any(static line => line.PeakBytes > 0))
            {
                peaks[group.Key] = Median(group.Where(static line => line.PeakBytes > 0), static line => line.PeakBytes).PeakBytes;
            }
        }

        return new Series(Path.GetFileNameWithoutExtension(path), lines, peaks);
    }

    private static ResultLine Median<TKey>(IEnumerable<ResultLine> lines, Func<ResultLine, TKey> key)
    {
        ResultLine[] sorted = [.. lines.OrderBy(key)];
        return sorted[sorted.Length / 2];
    }
}
