using System.Globalization;

namespace Engine.Nn;

/// <summary>Figures as text; the error text for an unknown name: the names that exist, and the one that was probably meant.</summary>
internal static class FigureNames
{
    /// <summary>"loss 0.4131, accuracy 0.8725".</summary>
    public static string Text(IEnumerable<KeyValuePair<string, double>> figures) =>
        string.Join(", ", figures.Select(static f => string.Create(CultureInfo.InvariantCulture, $"{f.Key} {f.Value:G4}")));

    /// <summary>"there is no figure 'val_acc'; did you mean 'val_accuracy'? There are loss, accuracy, …"</summary>
    public static string Unknown(string name, IReadOnlyCollection<string> names, string be = "is")
    {
        string list = names.Count == 0 ? "none" : string.Join(", ", names);
        return Nearest(name, names) is { } meant
            ? $"there {be} no figure '{name}'; did you mean '{meant}'? There are {list}."
            : $"there {be} no figure '{name}'; there are {list}.";
    }

    /// <summary>The name that a user most probably meant; null if none is near.</summary>
    public static string? Nearest(string name, IEnumerable<string> names)
    {
        string? nearest = null;
        int least = int.MaxValue;
        foreach (string candidate in names)
        {
            int distance = Distance(name, candidate);
            if (distance < least)
            {
                (nearest, least) = (candidate, distance);
            }
        }

        return least <= Math.Max(2, name.Length / 3) ? nearest : null;
    }

    /// <summary>How many letters must change; an abbreviation is one change away from the word.</summary>
    private static int Distance(string name, string candidate)
    {
        const StringComparison IgnoreCase = StringComparison.OrdinalIgnoreCase;
        if (candidate.Equals(name, IgnoreCase))
        {
            return 0;
        }

        if (name.Length >= 3 && candidate.StartsWith(name, IgnoreCase))
        {
            return 1;
        }

        int[] row = [.. Enumerable.Range(0, candidate.Length + 1)];
        for (int i = 1; i <= name.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= candidate.Length; j++)
            {
                int changed = diagonal + (char.ToLowerInvariant(name[i - 1]) == char.ToLowerInvariant(candidate[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
