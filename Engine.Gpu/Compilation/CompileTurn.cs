namespace Engine.Gpu;

/// <summary>
/// The right to compile one kernel, among all processes that share a cache folder: of twenty that start at once, one compiles, the others find
/// its file. It is a lock on an empty file, which the system releases at the end of the process, also after a crash.
/// </summary>
internal sealed class CompileTurn : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _path;

    private CompileTurn(FileStream held, string path)
    {
        _lock = held;
        _path = path;
    }

    /// <summary>The turn, if it is free; null if another process has it or the folder does not allow it.</summary>
    /// <param name="path">The lock file of the kernel.</param>
    /// <param name="isTaken">Whether another process has it.</param>
    public static CompileTurn? TryTake(string path, out bool isTaken)
    {
        isTaken = false;
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return new CompileTurn(new FileStream(path, options), path);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            isTaken = File.Exists(path);
            return null;
        }
        catch (Exception e) when (DiskCache.IsFileError(e))
        {
            return null;
        }
    }

    /// <summary>Lets the next one have it.</summary>
    public void Dispose()
    {
        // While it is still held: a process that opens it from here on makes a new one, and finds the kernel there.
        DiskCache.TryDelete(_path);
        _lock.Dispose();
        if (OperatingSystem.IsWindows())
        {
            DiskCache.TryDelete(_path);
        }
    }
}
