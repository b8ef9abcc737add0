using System.Globalization;

namespace Engine.Backends;

/// <summary>How much memory the process can have at most.</summary>
/// <remarks>
/// Linux grants more address space than there is memory and ends a process that fills it, so the operating system's refusal comes too late.
/// </remarks>
internal static class HostMemory
{
    private const string Groups = "/sys/fs/cgroup";

    /// <summary>The machine's memory with its swap space, or the least limit of the control groups around the process, if that is less.</summary>
    public static long Total { get; } = Find();

    /// <summary>The bytes in lines such as <c>MemTotal: 24683520 kB</c>; 0 for a name that is not there.</summary>
    internal static long FieldOf(string memoryInfo, string name)
    {
        foreach (string line in memoryInfo.Split('\n'))
        {
            if (line.StartsWith(name + ":", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(name.Length + 1).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes))
            {
                return kilobytes << 10;
            }
        }

        return 0;
    }

    /// <summary>The files that can hold a limit, for the contents of <c>/proc/self/cgroup</c>: of each group around the process, in both versions.</summary>
    internal static IEnumerable<string> LimitFiles(string groups)
    {
        foreach (string line in groups.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // hierarchy:controllers:path, where version 2 has no controllers.
            string[] parts = line.Split(':', 3);
            bool isSecond = parts.Length == 3 && parts[1].Length == 0;
            if (parts.Length != 3 || (!isSecond && !parts[1].Split(',').Contains("memory")))
            {
                continue;
            }

            string root = isSecond ? Groups : Groups + "/memory", file = isSecond ? "memory.max" : "memory.limit_in_bytes";
            for (string path = parts[2].Trim().TrimEnd('/'); ; path = path[..path.LastIndexOf('/')])
            {
                yield return $"{root}{path}/{file}";
                if (!path.Contains('/', StringComparison.Ordinal))
                {
                    break;
                }
            }
        }
    }

    private static long Find()
    {
        long total = OperatingSystem.IsLinux() && Read("/proc/meminfo") is { } memory ? FieldOf(memory, "MemTotal") + FieldOf(memory, "SwapTotal") : 0;
        if (total <= 0)
        {
            total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        }

        if (OperatingSystem.IsLinux() && Read("/proc/self/cgroup") is { } groups)
        {
            foreach (string file in LimitFiles(groups))
            {
                // "max", or a number near 2⁶³, is no limit.
                if (long.TryParse(Read(file)?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long limit) && limit > 0)
                {
                    total = Math.Min(total, limit);
                }
            }
        }

        return total > 0 ? total : long.MaxValue;
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
