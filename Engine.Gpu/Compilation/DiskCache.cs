using System.Security.Cryptography;
using System.Text;

namespace Engine.Gpu;

/// <summary>
/// Compiled kernels in files, so that a program's next start need not compile them. <c>ENGINE_KERNEL_CACHE</c> names the folder, or is
/// <c>off</c>; by default it lies under the user's local application data.
/// </summary>
/// <remarks>
/// Nothing here is ever an error: a kernel that cannot be read is compiled, one that cannot be written is not kept. A file is written under another
/// name and moved, so that other processes see it whole or not at all, and it carries its own hash, so that a damaged one is not believed.
/// Only files of this user alone are used (<see cref="FileOwnership"/>): in a folder of another user the cache is off, and
/// <see cref="Fault"/> says why, which <see cref="Device.Probe"/> reports; a link, a pipe or a stranger's file is not opened.
/// </remarks>
internal sealed class DiskCache
{
    /// <summary>Part of every key: another layout of the files must not find the old ones.</summary>
    private const int FormatVersion = 1;

    private const long DefaultLimit = 256L << 20;
    private const string Extension = ".kernel";
    private const string UnfinishedExtension = ".unfinished";
    private const string TurnExtension = ".turn";

    /// <summary>No kernel has so much code; a longer file is not read.</summary>
    private const long LongestEntry = 64L << 20;

    /// <summary>A process that needs longer to compile one kernel has been stopped, or never ends: no process waits for it any more.</summary>
    private static readonly TimeSpan s_longestTurn = TimeSpan.FromMinutes(1);

    private static readonly byte[] s_magic = "ENGK"u8.ToArray();
    private static readonly Lazy<DiskCache?> s_shared = new(static () => FromSetting(Environment.GetEnvironmentVariable("ENGINE_KERNEL_CACHE")));

    private readonly string _folder;
    private int _unfinished;
    private bool _isTrusted;

    /// <summary>A cache in a folder, of which at most <paramref name="limit"/> bytes are kept from earlier.</summary>
    public DiskCache(string folder, long limit = DefaultLimit)
    {
        _folder = folder;
        if (IsTrusted())
        {
            Trim(limit);
        }
    }

    /// <summary>Why the folder is not used; null if nothing speaks against it so far.</summary>
    public string? Fault { get; private set; }

    /// <summary>The cache of this process; null where it is switched off.</summary>
    public static DiskCache? Shared => s_shared.Value;

    private static int HeaderBytes => s_magic.Length + (2 * SHA256.HashSizeInBytes);

    /// <summary>The cache that a value of the environment variable asks for.</summary>
    public static DiskCache? FromSetting(string? setting)
    {
        if (string.Equals(setting, "off", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (!string.IsNullOrEmpty(setting))
        {
            return new DiskCache(setting);
        }

        string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return data.Length == 0 ? null : new DiskCache(Path.Combine(data, "Engine", "Kernels"));
    }

    /// <summary>The compiled form of a kernel for a driver, or null.</summary>
    public byte[]? TryRead(KernelSource source, string driverIdentity)
    {
        byte[] key = KeyOf(source, driverIdentity);
        string path = PathOf(key);
        try
        {
            if (!IsTrusted() || !FileOwnership.IsOwnFile(path) || new FileInfo(path).Length > LongestEntry)
            {
                return null;
            }

            byte[] file = File.ReadAllBytes(path);
            return IsIntact(file, key) ? file[HeaderBytes..] : null;
        }
        catch (Exception e) when (IsFileError(e))
        {
            return null;
        }
    }

    /// <summary>The right to compile a kernel, for which other processes that want the same one wait; or the binary that one of them has compiled meanwhile.</summary>
    /// <param name="source">The kernel.</param>
    /// <param name="driverIdentity">The driver it is compiled by.</param>
    /// <param name="binary">The binary that another process has compiled while this one waited; null if it has to be compiled here.</param>
    /// <returns>To be disposed once the kernel is written; null where there is nothing to wait for or to hold.</returns>
    public CompileTurn? TakeTurn(KernelSource source, string driverIdentity, out byte[]? binary)
    {
        binary = null;
        if (!MakeFolder())
        {
            return null;
        }

        string path = PathOf(KeyOf(source, driverIdentity)) + TurnExtension;
        bool hasWaited = false;
        for (long start = Environment.TickCount64; ; Thread.Sleep(hasWaited ? 20 : 1))
        {
            CompileTurn? turn = CompileTurn.TryTake(path, out bool isTaken);
            if (!isTaken)
            {
                // One who had to wait does not make others wait: where nothing was written, as by a driver that gives no binaries, each compiles for itself.
                binary = TryRead(source, driverIdentity);
                if (binary is not null || hasWaited)
                {
                    turn?.Dispose();
                    turn = null;
                }

                return turn;
            }

            if (Environment.TickCount64 - start > s_longestTurn.TotalMilliseconds)
            {
                return null;
            }

            hasWaited = true;
        }
    }

    /// <summary>Keeps the compiled form of a kernel and replaces an older one.</summary>
    public void Write(KernelSource source, string driverIdentity, ReadOnlySpan<byte> binary)
    {
        if (binary.IsEmpty)
        {
            return;
        }

        byte[] key = KeyOf(source, driverIdentity);
        string path = PathOf(key);
        string unfinished = $"{path}.{Environment.ProcessId}.{Interlocked.Increment(ref _unfinished)}{UnfinishedExtension}";
        try
        {
            if (!MakeFolder())
            {
                return;
            }

            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (FileStream file = new(unfinished, options))
            {
                file.Write(s_magic);
                file.Write(key);
                file.Write(SHA256.HashData(binary));
                file.Write(binary);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e) when (IsFileError(e))
        {
            TryDelete(unfinished);
        }
    }

    private static byte[] KeyOf(KernelSource source, string driverIdentity)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, FormatVersion.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Append(hash, driverIdentity);
        Append(hash, source.Name);
        Append(hash, source.Text);
        return hash.GetHashAndReset();
    }

    /// <summary>With its length, so that no two lists of texts run together into the same bytes.</summary>
    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }

    private static bool IsIntact(ReadOnlySpan<byte> file, ReadOnlySpan<byte> key)
    {
        if (file.Length <= HeaderBytes || !file.StartsWith(s_magic) || !file[s_magic.Length..].StartsWith(key))
        {
            return false;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(file[HeaderBytes..], hash);
        return file[(s_magic.Length + key.Length)..HeaderBytes].SequenceEqual(hash);
    }

    internal static bool IsFileError(Exception e) =>
        e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or System.Security.SecurityException;

    internal static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (IsFileError(e))
        {
            // Another process has it open, or the folder may not be written: the file stays.
        }
    }

    /// <summary>Whether the folder is there and ours. Asked until it is: it may be made, or handed over, later.</summary>
    private bool IsTrusted()
    {
        if (Volatile.Read(ref _isTrusted))
        {
            return true;
        }

        if (!Path.Exists(_folder))
        {
            return false;
        }

        Fault = FileOwnership.FaultOfFolder(_folder);
        Volatile.Write(ref _isTrusted, Fault is null);
        return Fault is null;
    }

    /// <summary>Makes the folder, for this user alone; false where that cannot be or it is not ours.</summary>
    private bool MakeFolder()
    {
        try
        {
            if (!Directory.Exists(_folder))
            {
                const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
                _ = OperatingSystem.IsWindows() ? Directory.CreateDirectory(_folder) : Directory.CreateDirectory(_folder, Own);
            }

            return IsTrusted();
        }
        catch (Exception e) when (IsFileError(e))
        {
            return false;
        }
    }

    private string PathOf(byte[] key) => Path.Combine(_folder, Convert.ToHexStringLower(key) + Extension);

    /// <summary>Whether a name is one that <see cref="PathOf"/> gives: nothing else in the folder is touched, whoever it belongs to.</summary>
    private static bool IsEntry(ReadOnlySpan<char> name)
    {
        if (name.Length != (2 * SHA256.HashSizeInBytes) + Extension.Length || !name.EndsWith(Extension, StringComparison.Ordinal))
        {
            return false;
        }

        foreach (char digit in name[..(2 * SHA256.HashSizeInBytes)])
        {
            if (!char.IsAsciiHexDigitLower(digit))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLeftover(string name)
    {
        const int EntryLength = (2 * SHA256.HashSizeInBytes) + 7;
        return name.Length > EntryLength && IsEntry(name.AsSpan(0, EntryLength))
            && (name.EndsWith(UnfinishedExtension, StringComparison.Ordinal) || name.EndsWith(TurnExtension, StringComparison.Ordinal));
    }

    /// <summary>Deletes the oldest files beyond the limit, and the files of writers that died.</summary>
    private void Trim(long limit)
    {
        try
        {
            DirectoryInfo folder = new(_folder);
            if (!folder.Exists)
            {
                return;
            }

            foreach (FileInfo file in folder.EnumerateFiles("*" + Extension + ".*").Where(static file => IsLeftover(file.Name) && file.LastWriteTimeUtc < DateTime.UtcNow.AddHours(-1)))
            {
                TryDelete(file.FullName);
            }

            long kept = 0;
            foreach (FileInfo file in folder.EnumerateFiles("*" + Extension).Where(static file => IsEntry(file.Name)).OrderByDescending(static file => file.LastWriteTimeUtc))
            {
                kept += file.Length;
                if (kept > limit)
                {
                    TryDelete(file.FullName);
                }
            }
        }
        catch (Exception e) when (IsFileError(e))
        {
            // A folder that cannot be listed is not trimmed.
        }
    }
}
