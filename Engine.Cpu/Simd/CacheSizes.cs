using System.Globalization;

namespace Engine.Cpu;

/// <summary>The sizes of the caches, as the system tells them: Linux does, in files.</summary>
/// <remarks>Blocks of work may follow from them, but never the order of a sum.</remarks>
internal static class CacheSizes
{
    /// <summary>Bytes of a cache line: of all processors with x86 code, and of most with Arm's.</summary>
    public const int Line = 64;

    private const long UsualSecondLevel = 512 << 10;

    private const long UsualLastLevel = 32 << 20;

    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";

    /// <summary>Bytes of a core's second-level cache.</summary>
    public static long SecondLevel { get; } = Read(Folder, 2, UsualSecondLevel);

    /// <summary>Bytes of the third-level cache that cores share.</summary>
    public static long LastLevel { get; } = Read(Folder, 3, UsualLastLevel);

    /// <summary>The largest cache of a level among <c>index0</c>, <c>index1</c>, … of a folder, or <paramref name="usual"/> where there is none.</summary>
    public static long Read(string folder, int level, long usual)
    {
        long largest = 0;
        for (int i = 0; TryRead(Path.Combine(folder, $"index{i}", "level"), out long found); i++)
        {
            if (found == level && TryRead(Path.Combine(folder, $"index{i}", "size"), out long bytes))
            {
                largest = Math.Max(largest, bytes);
            }
        }

        return largest > 0 ? largest : usual;
    }

    private static bool TryRead(string file, out long number)
    {
        string text = SystemFile.Read(file) ?? "";
        long unit = text.EndsWith('K') ? 1 << 10 : text.EndsWith('M') ? 1 << 20 : 1;
        bool isNumber = long.TryParse(text.TrimEnd('K', 'M'), NumberStyles.None, CultureInfo.InvariantCulture, out number);
        number *= unit;
        return isNumber;
    }
}
