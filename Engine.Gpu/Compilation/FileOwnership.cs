using System.Runtime.InteropServices;
using System.Text;

namespace Engine.Gpu;

/// <summary>
/// Whether a folder or file is this user's alone: code that is read from it runs in this process, and a hash inside a file tells that it is
/// whole, not who wrote it.
/// </summary>
/// <remarks>
/// The system's administrator counts as this user. Owners are asked for on Linux; elsewhere only links, special files and permissions are
/// looked at, and on Windows the folder's place under the user's profile has to do.
/// </remarks>
internal static unsafe class FileOwnership
{
    private const ushort TypeMask = 0xF000, FolderType = 0x4000, RegularType = 0x8000;
    private const ushort WritableByOthers = 0x12;

    /// <summary>The reason against a folder that exists; null if there is none.</summary>
    public static string? FaultOfFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return $"'{folder}' is not a folder";
        }

        if (!TryInspect(folder, followsLinks: true, out uint owner, out ushort mode))
        {
            return null;
        }

        return (mode & TypeMask) != FolderType ? $"'{folder}' is not a folder"
            : IsForeign(owner) ? $"the folder '{folder}' belongs to another user (number {owner})"
            : (mode & WritableByOthers) != 0 ? $"others may write to the folder '{folder}'; take that from them with: chmod go-w '{folder}'"
            : null;
    }

    /// <summary>Whether a path is a regular file, no link, that only this user can have written.</summary>
    public static bool IsOwnFile(string path)
    {
        if (TryInspect(path, followsLinks: false, out uint owner, out ushort mode))
        {
            return (mode & TypeMask) == RegularType && !IsForeign(owner) && (mode & WritableByOthers) == 0;
        }

        FileInfo file = new(path);
        return file.Exists && (file.Attributes & (FileAttributes.ReparsePoint | FileAttributes.Device | FileAttributes.Directory)) == 0;
    }

    private static bool IsForeign(uint owner) => owner != 0 && owner != EffectiveUser();

    /// <summary>Owner and mode; false where the system does not tell.</summary>
    private static bool TryInspect(string path, bool followsLinks, out uint owner, out ushort mode)
    {
        (owner, mode) = (0, 0);
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        // The structure has this size, and these places, on every processor.
        const int StructureBytes = 256, OwnerAt = 20, ModeAt = 28;
        const int PresentFolder = -100, NoFollow = 0x100;
        const uint BasicFields = 0x7FF;
        byte* structure = stackalloc byte[StructureBytes];
        try
        {
            fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
            {
                if (Statx(PresentFolder, name, followsLinks ? 0 : NoFollow, BasicFields, structure) != 0)
                {
                    return false;
                }
            }
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }

        owner = *(uint*)(structure + OwnerAt);
        mode = *(ushort*)(structure + ModeAt);
        return true;
    }

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int Statx(int folder, byte* path, int flags, uint mask, byte* result);

    [DllImport("libc", EntryPoint = "geteuid")]
    private static extern uint EffectiveUser();
}
