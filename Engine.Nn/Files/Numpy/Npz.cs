using System.IO.Compression;

namespace Engine.Nn;

/// <summary>Several arrays of NumPy in one <c>.npz</c> file, as <c>numpy.savez</c> and <c>numpy.savez_compressed</c> write them.</summary>
/// <remarks>Types and errors are those of <see cref="Npy"/>; checksums are compared. <see cref="TensorDataset.FromNpz"/> makes samples of the rows of such arrays.</remarks>
public static class Npz
{
    /// <summary>The most bytes that the arrays of a file may take by default, 4 GiB: a small compressed file can claim a thousand times its size.</summary>
    public const long DefaultMaxBytes = 4L << 30;

    private const string Extension = ".npy";

    /// <summary>The first day of zip's calendar: equal tensors make equal files.</summary>
    private static readonly DateTimeOffset s_noTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads every array onto a device (the default one if none is named), by its name without <c>.npy</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where the tensors shall be.</param>
    /// <param name="maxBytes">Arrays that take more in all are refused.</param>
    /// <exception cref="DataFileException">The file is damaged, holds something that is no array of numbers, or takes more than <paramref name="maxBytes"/>.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static Dictionary<string, Tensor> Load(string path, Device? device = null, long maxBytes = DefaultMaxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        using CheckedFile file = CheckedFile.Data(path);
        long rest = maxBytes;
        return NamedTensors.Collect(file, ZipDirectory.Read(file).Entries.Values.Select(entry =>
        {
            string name = NameOf(entry);
            Tensor tensor = Read(file, entry, (stream, damaged) => NpyArray.Read(stream, entry.Bytes, rest, device, damaged));
            rest -= tensor.ElementCount * tensor.DType.SizeInBytes();
            return (name, tensor);
        }));
    }

    /// <summary>Writes tensors of any device and layout; bfloat16, which NumPy lacks, as float32. The file is replaced as a whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="compress">Whether the arrays are compressed, as <c>savez_compressed</c> does.</param>
    /// <exception cref="ArgumentException">A name is empty, begins with a slash, or has a backslash or a step upwards in it; or a value is null.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or there is a folder of that name.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, bool compress = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        foreach ((string name, Tensor? tensor) in tensors)
        {
            if (tensor is null)
            {
                throw new ArgumentException($"Npz.Save: '{name}' is null. Leave it out.", nameof(tensors));
            }

            if (!ZipDirectory.IsSafe(name))
            {
                throw new ArgumentException($"Npz.Save: an array cannot be named {FileText.Quote(name)} in a zip archive.", nameof(tensors));
            }
        }

        AtomicFile.Write(path, stream =>
        {
            using ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach ((string name, Tensor tensor) in tensors)
            {
                ZipArchiveEntry entry = zip.CreateEntry(name + Extension, compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
                entry.LastWriteTime = s_noTime;
                using Stream content = entry.Open();
                NpyArray.Write(content, tensor);
            }
        });
    }

    /// <summary>Some of the arrays, in host memory, in the order in which they are asked for.</summary>
    internal static HostArray[] LoadToHost(string path, IReadOnlyList<string> names, long maxBytes)
    {
        using CheckedFile file = CheckedFile.Data(path);
        Dictionary<string, ZipEntry> entries = new(StringComparer.Ordinal);
        foreach (ZipEntry entry in ZipDirectory.Read(file).Entries.Values)
        {
            if (!entries.TryAdd(NameOf(entry), entry))
            {
                throw file.Damaged($"two of its arrays are named {FileText.Quote(NameOf(entry))}");
            }
        }

        HostArray[] arrays = new HostArray[names.Count];
        for (int i = 0; i < arrays.Length; i++)
        {
            if (!entries.TryGetValue(names[i], out ZipEntry entry))
            {
                throw file.Damaged($"it has no array {FileText.Quote(names[i])}; it has {FileText.List(entries.Keys)}");
            }

            arrays[i] = Read(file, entry, (stream, damaged) => NpyArray.ReadToHost(stream, entry.Bytes, maxBytes, damaged));
            maxBytes -= arrays[i].Bytes.Length;
        }

        return arrays;
    }

    private static string NameOf(ZipEntry entry) => entry.Name.EndsWith(Extension, StringComparison.Ordinal) ? entry.Name[..^Extension.Length] : entry.Name;

    private static T Read<T>(CheckedFile file, ZipEntry entry, Func<Stream, Func<string, Exception?, EngineException>, T> read)
    {
        using FilePart stored = new(file, entry.Offset, entry.StoredBytes);
        using Stream content = entry.IsDeflated ? new DeflateStream(stored, CompressionMode.Decompress) : stored;
        using ChecksumStream counted = new(content);
        object? array = null;
        try
        {
            array = read(counted, Damaged);
            return counted.ReadByte() < 0 && counted.Value == entry.Crc ? (T)array! : throw Damaged("its checksum is another");
        }
        catch (InvalidDataException error)
        {
            throw Damaged("its compressed content is damaged", error);
        }
        catch when (Dispose(array as IDisposable))
        {
            throw;
        }

        EngineException Damaged(string reason, Exception? inner = null) => file.Damaged($"array {FileText.Quote(entry.Name)}: {reason}", inner);

        static bool Dispose(IDisposable? array)
        {
            array?.Dispose();
            return false;
        }
    }
}
