using System.Globalization;
using System.Text;

namespace Engine.Perf.Comparing;

/// <summary>What a comparison comes to, by kind of row: the worst row and the geometric mean beside what each kind aims at, and what a second thread gives.</summary>
internal static class GroupSummary
{
    public static string Of(Comparison comparison) => Ratios(comparison.Pairs) + Settings(comparison) + Scaling(comparison.Pairs) + ShareOfCopy(comparison.Pairs) + new LimitTable(comparison.Pairs);

    private static string Ratios(IEnumerable<Pair> pairs)
    {
        StringBuilder text = new("\n| rows | threads | number | below 1 | below the aim | least peer/ours | aim | geometric mean | aim |\n|---|---|---|---|---|---|---|---|---|\n");
        foreach (RowGroup group in RowGroup.All)
        {
            foreach (IGrouping<int, Pair> rows in pairs.Where(pair => pair.Ratio is not null && group.Has(pair.Ours.Name)).GroupBy(static pair => pair.Ours.Threads).OrderBy(static rows => rows.Key))
            {
                double[] ratios = [.. rows.Select(static pair => pair.Ratio!.Value)];
                Pair least = rows.MinBy(static pair => pair.Ratio)!;
                text.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"| {group.Title} | {rows.Key} | {ratios.Length} | {ratios.Count(static ratio => ratio < 1)} | {ratios.Count(ratio => ratio < group.Least)} | {Comparison.Number(ratios.Min())} `{least.Ours.Name}` | {group.Least} | {Comparison.Number(Comparison.GeometricMean(ratios))} | {group.Mean} |");
            }
        }

        return text.ToString();
    }

    /// <summary>Geometric mean and least ratio beside each setting of the peer; empty where there is one.</summary>
    private static string Settings(Comparison comparison)
    {
        string[] names = [.. comparison.Settings];
        if (names.Length < 2)
        {
            return string.Empty;
        }

        StringBuilder text = new($"\n| peer/ours: geometric mean, least | threads | {string.Join(" | ", names)} |\n|---|---|{string.Concat(Enumerable.Repeat("---|", names.Length))}\n");
        foreach (RowGroup group in RowGroup.All.Append(new RowGroup("all rows", 1, 1, 0, "*")))
        {
            foreach (IGrouping<int, Pair> rows in comparison.Pairs.Where(pair => group.Has(pair.Ours.Name)).GroupBy(static pair => pair.Ours.Threads).OrderBy(static rows => rows.Key))
            {
                double?[][] ratios = [.. rows.Select(pair => comparison.RatioOfEachSetting(pair).ToArray())];
                IEnumerable<string> cells = Enumerable.Range(0, names.Length).Select(setting =>
                {
                    double[] known = [.. ratios.Select(row => row[setting]).OfType<double>()];
                    return known.Length == 0 ? "–" : $"{Comparison.Number(Comparison.GeometricMean(known))}, {Comparison.Number(known.Min())}";
                });
                text.AppendLine(CultureInfo.InvariantCulture, $"| {group.Title} | {rows.Key} | {string.Join(" | ", cells)} |");
            }
        }

        return text.ToString();
    }

    /// <summary>The bytes a second of rows that memory limits over those of a copy beside them; empty where no copy was timed.</summary>
    private static string ShareOfCopy(IEnumerable<Pair> pairs)
    {
        Dictionary<int, ResultLine> copies = pairs.Where(static pair => pair.Ours.Name == LimitRows.Copy).ToDictionary(static pair => pair.Ours.Threads, static pair => pair.Ours);
        Pair[] rows = [.. pairs.Where(pair => copies.ContainsKey(pair.Ours.Threads) && pair.Ours.Name != LimitRows.Copy && RowGroup.Elementwise.Has(pair.Ours.Name))];
        StringBuilder text = new(rows.Length == 0 ? string.Empty : "\n| ours, bytes a second | threads | GB/s | of the copy's |\n|---|---|---|---|\n");
        foreach (Pair row in rows)
        {
            double rate = Rate(row.Ours);
            text.AppendLine(CultureInfo.InvariantCulture, $"| `{row.Ours.Name}` | {row.Ours.Threads} | {Comparison.Number(rate / 1e9)} | {rate / Rate(copies[row.Ours.Threads]):P0} |");
        }

        return text.ToString();
    }

    private static double Rate(ResultLine line) => line.Bytes / line.Median;

    /// <summary>Empty where no row was timed with both one and two threads.</summary>
    private static string Scaling(IEnumerable<Pair> pairs)
    {
        Dictionary<string, double> alone = pairs.Where(static pair => pair.Ours.Threads == 1).ToDictionary(static pair => pair.Ours.Name, static pair => pair.Ours.Median);
        (string Name, double Gain)[] gains =
            [.. pairs.Where(pair => pair.Ours.Threads == 2 && alone.ContainsKey(pair.Ours.Name)).Select(pair => (pair.Ours.Name, alone[pair.Ours.Name] / pair.Ours.Median))];
        StringBuilder text = new(gains.Length == 0 ? string.Empty : "\n| ours, from one thread to two | number | slower | below the aim | least | aim | geometric mean | below the aim |\n|---|---|---|---|---|---|---|---|\n");
        foreach (RowGroup group in RowGroup.All)
        {
            (string Name, double Gain)[] rows = [.. gains.Where(row => group.Has(row.Name)).OrderBy(static row => row.Gain)];
            if (rows.Length > 0)
            {
                (string Name, double Gain)[] below = [.. rows.Where(row => row.Gain < group.Scaling)];
                text.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"| {group.Title} | {rows.Length} | {rows.Count(static row => row.Gain < 1)} | {below.Length} | {Comparison.Number(rows[0].Gain)} `{rows[0].Name}` | {(group.Scaling > 0 ? group.Scaling : "–")} | {Comparison.Number(Comparison.GeometricMean([.. rows.Select(static row => row.Gain)]))} | {string.Join(", ", below.Select(static row => $"`{row.Name}` {Comparison.Number(row.Gain)}"))} |");
            }
        }

        return text.ToString();
    }
}
