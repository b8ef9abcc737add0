namespace Engine.Nn;

/// <summary>Replaces a file as a whole: readers, and those who come after a crash, find the old content or the new, never a mixture.</summary>
internal static class AtomicFile
{
    /// <summary>No write takes this long, so a temporary file of this age was left by a process that was killed.</summary>
    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromHours(1);

    /// <summary>
    /// Writes to a file of a new name in the same folder, forces it to the disk, then renames it over <paramref name="path"/>. Missing folders
    /// are made. Of two writers at once the last to finish wins, with a whole file.
    /// </summary>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? throw new ArgumentException($"'{path}' is not the name of a file.", nameof(path));
        Directory.CreateDirectory(folder);
        DeleteLeftovers(folder, Path.GetFileName(full));
        string temporary = $"{full}.{Path.GetRandomFileName()}.tmp";
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void DeleteLeftovers(string folder, string name)
    {
        foreach (string leftover in Directory.EnumerateFiles(folder, name + ".*.tmp"))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(leftover) > s_leftoverAge)
            {
                File.Delete(leftover);
            }
        }
    }
}
