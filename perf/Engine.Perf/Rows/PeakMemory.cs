using System.Diagnostics;

namespace Engine.Perf.Rows;

/// <summary>The most memory that this process has had at once (on Linux VmHWM). It says something of a row where the row ran alone.</summary>
internal static class PeakMemory
{
    public static long Bytes()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <exception cref="ArgumentException">It is not one row.</exception>
    public static void CheckAlone(int rows)
    {
        if (rows != 1)
        {
            throw new ArgumentException($"--memory: the filter names {rows} rows; a peak belongs to the whole process, so that it must be one.");
        }
    }
}
