using System.Text;

namespace Engine.Nn;

/// <summary>Replaces a file as a whole: readers, and those who come after a crash, find the old content or the new, never a mixture.</summary>
/// <remarks>
/// The new content is written to <c>name.0123456789abcdef.engine-tmp</c> (sixteen random hexadecimal digits) in the same folder, forced to the
/// disk and renamed; then the folder's entry is forced to the disk too. Such a file is deleted by a later writer of the same name once it is
/// an hour old and no process has it open. No other file is ever touched.
/// </remarks>
public static class AtomicFile
{
    private const string TemporaryExtension = ".engine-tmp";
    private const int RandomDigits = 16;

    /// <summary>No write takes this long, so a temporary file of this age was left by a process that was killed.</summary>
    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromHours(1);

    /// <summary>Writes a file by means of a stream. Missing folders are made. Of two writers at once the last to finish wins, with a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the content; where it throws, the old file stays.</param>
    /// <exception cref="ArgumentException">The path does not name a file.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? throw new ArgumentException($"'{path}' is not the name of a file.", nameof(path));
        string name = Path.GetFileName(full);
        if (name.Length == 0)
        {
            throw new ArgumentException($"'{path}' is not the name of a file.", nameof(path));
        }

        FolderSync.Create(folder);
        DeleteLeftovers(folder, name);
        string temporary = $"{full}.{Random.Shared.NextInt64():x16}{TemporaryExtension}";
        try
        {
            // Open until it has its name: a search for leftovers cannot take it for one, whatever its clock says.
            using FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Delete);
            write(stream);
            stream.Flush(flushToDisk: true);
            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        FolderSync.Flush(folder);
    }

    /// <summary>Writes a text as UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Write" path="/*[not(self::param) and not(self::summary)]"/>
    /// <param name="path">The file.</param>
    /// <param name="text">The content.</param>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
    }

    private static void DeleteLeftovers(string folder, string name)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*" + TemporaryExtension))
        {
            if (IsTemporaryOf(Path.GetFileName(file), name) && DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > s_leftoverAge)
            {
                DeleteUnused(file);
            }
        }
    }

    /// <summary>Whether a file has just the name that <see cref="Write"/> gives to its own.</summary>
    private static bool IsTemporaryOf(string file, string name)
    {
        if (file.Length != name.Length + 1 + RandomDigits + TemporaryExtension.Length
            || !file.StartsWith(name, StringComparison.Ordinal) || file[name.Length] != '.' || !file.EndsWith(TemporaryExtension, StringComparison.Ordinal))
        {
            return false;
        }

        foreach (char digit in file.AsSpan(name.Length + 1, RandomDigits))
        {
            if (!char.IsAsciiHexDigitLower(digit))
            {
                return false;
            }
        }

        return true;
    }

    private static void DeleteUnused(string file)
    {
        try
        {
            // A process that is writing it has it open, and the system says so.
            using FileStream mine = new(file, FileMode.Open, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use, owned by another user, or gone: no reason for a save to fail.
        }
    }
}
