using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>Libraries of drivers: where they are, and which build one is.</summary>
internal static class DriverLibrary
{
    /// <summary>
    /// Where a library is looked for that is named without a folder; null for the system's usual order. On Windows that order may reach the current
    /// folder and PATH, where anybody could have put a file of this name, so that only the system's own folder counts: drivers install there.
    /// </summary>
    public static DllImportSearchPath? SearchPath(bool isWindows) => isWindows ? DllImportSearchPath.System32 : null;

    /// <summary>Loads one; on every way into a driver's library this is the call.</summary>
    public static bool TryLoad(string name, out nint library) => SearchPath(OperatingSystem.IsWindows()) is { } path
        ? NativeLibrary.TryLoad(name, typeof(DriverLibrary).Assembly, path, out library)
        : NativeLibrary.TryLoad(name, out library);

    /// <summary>Loads the first that is there.</summary>
    public static bool TryLoadFirst(IReadOnlyList<string> names, out nint library)
    {
        foreach (string name in names)
        {
            if (TryLoad(name, out library))
            {
                return true;
            }
        }

        library = 0;
        return false;
    }

    /// <summary>
    /// The build of a driver that this process has loaded, in words that differ between builds: the kernel module's own description where there
    /// is one, and path, version, size and time of the library's file. Empty where nothing of that can be read.
    /// </summary>
    /// <param name="libraryName">How the file's name begins on Linux; on Windows it is nvcuda.dll's that is looked at.</param>
    /// <param name="moduleVersionFile">The file in which the kernel module describes itself; it need not exist.</param>
    public static string DescribeBuild(string libraryName, string moduleVersionFile)
    {
        try
        {
            string? library = OperatingSystem.IsWindows()
                ? Path.Combine(Environment.SystemDirectory, "nvcuda.dll")
                : File.Exists("/proc/self/maps") ? FindMapped(File.ReadLines("/proc/self/maps"), libraryName) : null;
            return string.Join("; ", ((string?[])[FirstLine(moduleVersionFile), DescribeFile(library)]).Where(static part => !string.IsNullOrEmpty(part)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }

    /// <summary>The path of a library in the lines of /proc/self/maps; null if it is not mapped.</summary>
    public static string? FindMapped(IEnumerable<string> maps, string libraryName)
    {
        foreach (string line in maps)
        {
            int path = line.IndexOf('/', StringComparison.Ordinal);
            if (path >= 0 && Path.GetFileName(line.AsSpan(path)).StartsWith(libraryName, StringComparison.Ordinal))
            {
                return line[path..];
            }
        }

        return null;
    }

    /// <summary>Name, version, size and time of a file after all links; null if there is none.</summary>
    public static string? DescribeFile(string? path)
    {
        if (path is null || !File.Exists(path))
        {
            return null;
        }

        FileInfo file = new(path);
        file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        string? version = OperatingSystem.IsWindows() ? FileVersionInfo.GetVersionInfo(file.FullName).FileVersion : null;
        return string.Create(CultureInfo.InvariantCulture, $"{file.Name} {version} {file.Length} {file.LastWriteTimeUtc:O}");
    }

    private static string? FirstLine(string path) => File.Exists(path) ? File.ReadLines(path).FirstOrDefault() : null;
}
