using System.Globalization;
using System.Text;

namespace Engine.Perf.Comparing;

/// <summary>What a comparison comes to, by kind of row: the worst row and the geometric mean beside what each kind aims at, and what a second thread gives.</summary>
internal static class GroupSummary
{
    public static string Of(Comparison comparison) => Ratios(comparison.Pairs) + Scaling(comparison.Pairs);

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
