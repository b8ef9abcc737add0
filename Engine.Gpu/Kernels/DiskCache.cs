using System.Security.Cryptography;
using System.Text;

namespace Engine.Gpu;

/// <summary>
/// Compiled kernels in files, so that a program's next start need not compile them. <c>ENGINE_KERNEL_CACHE</c> names the folder, or is
/// <c>off</c>; by default it lies under the user's local application data.
/// </summary>
/// <remarks>
/// Nothing here is ever an error: what cannot be read is compiled, what cannot be written is not kept. A file is written under another
/// name and moved, so that other processes see it whole or not at all, and it carries its own hash, so that a damaged one is not believed.
/// </remarks>
internal sealed class DiskCache
{
    /// <summary>Part of every key: another layout of the files must not find the old ones.</summary>
    private const int FormatVersion = 1;

    private const long DefaultLimit = 256L << 20;
    private const string Extension = ".kernel";
    private const string UnfinishedExtension = ".unfinished";

    private static readonly byte[] s_magic = "ENGK"u8.ToArray();
    private static readonly Lazy<DiskCache?> s_shared = new(static () => FromSetting(Environment.GetEnvironmentVariable("ENGINE_KERNEL_CACHE")));

    private readonly string _folder;
    private int _unfinished;

    /// <summary>A cache in a folder, of which at most <paramref name="limit"/> bytes are kept from earlier.</summary>
    public DiskCache(string folder, long limit = DefaultLimit)
    {
        _folder = folder;
        Trim(limit);
    }

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
        try
        {
            byte[] file = File.ReadAllBytes(PathOf(key));
            return IsIntact(file, key) ? file[HeaderBytes..] : null;
        }
        catch (Exception e) when (IsFileError(e))
        {
            return null;
        }
    }

    /// <summary>Keeps the compiled form of a kernel, in place of what was there.</summary>
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
            Directory.CreateDirectory(_folder);
            using (FileStream file = new(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None))
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

    private static bool IsFileError(Exception e) =>
        e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or System.Security.SecurityException;

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (IsFileError(e))
        {
            // Somebody else has it open or the folder may not be written: it stays.
        }
    }

    private string PathOf(byte[] key) => Path.Combine(_folder, Convert.ToHexStringLower(key) + Extension);

    /// <summary>Deletes the oldest files beyond the limit, and what writers that died left behind.</summary>
    private void Trim(long limit)
    {
        try
        {
            DirectoryInfo folder = new(_folder);
            if (!folder.Exists)
            {
                return;
            }

            foreach (FileInfo file in folder.EnumerateFiles("*" + UnfinishedExtension).Where(static file => file.LastWriteTimeUtc < DateTime.UtcNow.AddHours(-1)))
            {
                TryDelete(file.FullName);
            }

            long kept = 0;
            foreach (FileInfo file in folder.EnumerateFiles("*" + Extension).OrderByDescending(static file => file.LastWriteTimeUtc))
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
