using System.Runtime.InteropServices;
using System.Text;

namespace Engine.Nn;

/// <summary>Makes a folder's entries last: after a power cut a renamed file is found only if its folder was forced to the disk as well.</summary>
/// <remarks>Windows writes the entries of a folder with those of the file; elsewhere a folder has to be opened and synchronised like a file.</remarks>
internal static unsafe class FolderSync
{
    /// <summary>Told each folder that was forced to the disk, by the thread that did it: nothing else shows it to a test.</summary>
    [field: ThreadStatic]
    internal static Action<string>? Flushed { get; set; }

    /// <summary>Makes a folder and those above it that are missing, and makes their entries last.</summary>
    public static void Create(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        if (Path.GetDirectoryName(folder) is { } parent)
        {
            Create(parent);
            Directory.CreateDirectory(folder);
            Flush(parent);
        }
        else
        {
            Directory.CreateDirectory(folder);
        }
    }

    /// <summary>Forces a folder's entries to the disk; false where the system or the file system cannot.</summary>
    public static bool Flush(string folder)
    {
        if (OperatingSystem.IsWindows() || OperatingSystem.IsBrowser())
        {
            return false;
        }

        const int ReadOnly = 0;
        int descriptor;
        fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            descriptor = Open(path, ReadOnly);
        }

        if (descriptor < 0)
        {
            return false;
        }

        bool isDone = Synchronize(descriptor) == 0;
        _ = Close(descriptor);
        if (isDone)
        {
            Flushed?.Invoke(folder);
        }

        return isDone;
    }

    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open(byte* path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Synchronize(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
