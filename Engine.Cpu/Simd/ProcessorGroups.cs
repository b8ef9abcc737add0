using System.Globalization;

namespace Engine.Cpu;

/// <summary>Which processors share a cache and which a memory node, as the system tells: Linux does, in files.</summary>
/// <remarks>It tells a reader of figures what to expect: what one thread wrote reaches another ten times later where they share no cache.</remarks>
internal static class ProcessorGroups
{
    private const string Folder = "/sys/devices/system";

    /// <summary>One line for the report of devices; null where the system does not tell.</summary>
    public static string? Describe() => Describe(Folder);

    /// <param name="folder">The folder with <c>cpu</c> and <c>node</c>.</param>
    internal static string? Describe(string folder)
    {
        (int Level, List<string> Groups) caches = Caches(Path.Combine(folder, "cpu"));
        if (caches.Groups.Count == 0)
        {
            return null;
        }

        string each = caches.Groups.Count == 1 ? "a cache" : "a cache each";
        List<string> nodes = Nodes(Path.Combine(folder, "node"));
        return $"processors {string.Join(" and ", caches.Groups)} share {each} of level {caches.Level}; "
            + (nodes.Count < 2 ? "one memory node" : $"memory nodes of processors {string.Join(" and ", nodes)}");
    }

    /// <summary>The sets of processors of the largest cache of each. Of processors that share one the first is asked.</summary>
    private static (int Level, List<string> Groups) Caches(string folder)
    {
        int deepest = 0;
        List<string> groups = [];
        HashSet<int> known = [];
        for (int processor = 0; Directory.Exists(Path.Combine(folder, $"cpu{processor}")); processor++)
        {
            if (known.Contains(processor))
            {
                continue;
            }

            (int level, string list) = Deepest(Path.Combine(folder, $"cpu{processor}", "cache"));
            if (level > 0 && Numbers(list) is { Count: > 0 } members)
            {
                deepest = Math.Max(deepest, level);
                groups.Add(list);
                known.UnionWith(members);
            }
        }
        return (deepest, groups);
    }

    private static (int Level, string List) Deepest(string folder)
    {
        (int Level, string List) deepest = default;
        for (int i = 0; SystemFile.Read(Path.Combine(folder, $"index{i}", "level")) is { } text; i++)
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int level) && level > deepest.Level
                && SystemFile.Read(Path.Combine(folder, $"index{i}", "shared_cpu_list")) is { } list)
            {
                deepest = (level, list);
            }
        }
        return deepest;
    }

    private static List<string> Nodes(string folder)
    {
        List<string> nodes = [];
        for (int node = 0; SystemFile.Read(Path.Combine(folder, $"node{node}", "cpulist")) is { } list; node++)
        {
            nodes.Add(list);
        }
        return nodes;
    }

    /// <summary>The numbers of a list such as <c>0-3,8-11</c>; empty if it is none.</summary>
    private static HashSet<int> Numbers(string list)
    {
        const int MostProcessors = 1 << 16;
        HashSet<int> numbers = [];
        foreach (string range in list.Split(','))
        {
            string[] ends = range.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) || last >= MostProcessors)
            {
                return [];
            }
            for (int number = first; number <= last; number++)
            {
                numbers.Add(number);
            }
        }
        return numbers;
    }
}
