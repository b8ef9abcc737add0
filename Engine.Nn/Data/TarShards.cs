using System.Formats.Tar;
using System.IO.Compression;

namespace Engine.Nn;

/// <summary>A sample of tar shards: the files that have one name up to the first dot.</summary>
/// <param name="Key">The name with its folder, up to the first dot: <c>train/0001</c>.</param>
/// <param name="Shard">The tar file that it is in.</param>
/// <param name="Files">The content of each file by the rest of its name in small letters: <c>jpg</c>, <c>cls</c>, <c>seg.png</c>.</param>
public sealed record TarSample(string Key, string Shard, IReadOnlyDictionary<string, byte[]> Files)
{
    /// <summary>"train/0001 of train-000.tar: jpg 51,200 bytes, cls 1 bytes".</summary>
    public override string ToString() =>
        $"{Key} of {Shard}: {string.Join(", ", (Files ?? new Dictionary<string, byte[]>()).Select(static f => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{f.Key} {f.Value?.Length ?? 0:N0} bytes")))}";
}

/// <summary>
/// Samples in tar files, as WebDataset writes them: the files of a sample follow one another and have one name up to the first dot, <c>0001.jpg</c>, <c>0001.cls</c>,
/// <c>0002.jpg</c>. Large data sets are read from beginning to end this way, without searching for millions of small files.
/// </summary>
/// <remarks>Files may be compressed with gzip, whatever their names. Nothing is written to the disk; links, devices and folders are passed over. <see cref="TarDataset"/> is
/// a stream of such samples for a <see cref="DataLoader"/>.</remarks>
/// <example>
/// <code>
/// foreach (TarSample sample in TarShards.Read("train-{000..099}.tar"))
/// {
///     byte[] picture = sample.Files["jpg"];
///     int label = int.Parse(Encoding.UTF8.GetString(sample.Files["cls"]), CultureInfo.InvariantCulture);
/// }
/// </code>
/// </example>
public static class TarShards
{
    /// <summary>The most bytes that the files of one sample may take by default, 1 GiB.</summary>
    public const long DefaultMaxSampleBytes = 1L << 30;

    // Most files of samples are smaller; more is allocated only as its bytes arrive.
    private const int DirectBytes = 1 << 20;

    /// <summary>The samples of a file or of several, in order, each read when it is asked for.</summary>
    /// <param name="pattern">A path; <c>{000..099}</c> in it stands for all numbers from one to the other with as many digits.</param>
    /// <param name="maxSampleBytes">A sample whose files take more is refused.</param>
    /// <exception cref="ArgumentException">The braces do not hold two numbers.</exception>
    /// <exception cref="DataFileException">While reading: a file is damaged or cut short, has one name twice in a sample, or a sample takes too much.</exception>
    /// <exception cref="IOException">While reading: a file cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">While reading: access is denied, or it is a folder.</exception>
    public static IEnumerable<TarSample> Read(string pattern, long maxSampleBytes = DefaultMaxSampleBytes) => Read(Expand(pattern), maxSampleBytes);

    /// <inheritdoc cref="Read(string, long)" path="/*[not(self::param)]"/>
    /// <param name="shards">The paths.</param>
    /// <param name="maxSampleBytes">A sample whose files take more is refused.</param>
    public static IEnumerable<TarSample> Read(IEnumerable<string> shards, long maxSampleBytes = DefaultMaxSampleBytes)
    {
        string[] paths = Guard.NoNulls(shards);
        ArgumentOutOfRangeException.ThrowIfNegative(maxSampleBytes);
        return Read(paths, maxSampleBytes, first: 0, CancellationToken.None);
    }

    /// <summary>The samples from one on. Of those before it only the headers are read, where a file is not compressed.</summary>
    internal static IEnumerable<TarSample> Read(string[] shards, long maxSampleBytes, long first, CancellationToken cancellation)
    {
        PassedOver passed = new() { Left = first };
        return shards.SelectMany(shard => ReadShard(shard, maxSampleBytes, passed, cancellation));
    }

    /// <summary>The paths that a pattern stands for: <c>a-{08..10}.tar</c> is a-08.tar, a-09.tar and a-10.tar. Without braces it is a path itself.</summary>
    /// <param name="pattern">A path with at most one pair of braces.</param>
    /// <exception cref="ArgumentException">The braces do not hold two numbers, the smaller first, at most a million of them.</exception>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        const int Most = 1_000_000;
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        int open = pattern.IndexOf('{'), close = pattern.IndexOf('}');
        if (open < 0 && close < 0)
        {
            return [pattern];
        }

        string[] ends = open >= 0 && close > open ? pattern[(open + 1)..close].Split("..") : [];
        if (ends.Length != 2 || !Number(ends[0], out int first) || !Number(ends[1], out int last) || last < first || last - first >= Most)
        {
            throw new ArgumentException($"'{pattern}' is no pattern of shards: braces hold two numbers, the smaller first, as in train-{{000..099}}.tar.", nameof(pattern));
        }

        string digits = $"D{ends[0].Length.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        return [.. Enumerable.Range(first, last - first + 1).Select(i => pattern[..open] + i.ToString(digits, System.Globalization.CultureInfo.InvariantCulture) + pattern[(close + 1)..])];
    }

    private static bool Number(string text, out int number) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number);

    private static IEnumerable<TarSample> ReadShard(string shard, long maxSampleBytes, PassedOver passed, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using FileStream file = new(shard, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        bool compressed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        using Stream content = compressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        using TarBlockStream blocks = new(content);
        using TarReader tar = new(blocks);
        string? key = null;
        long bytes = 0;
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        while (Next(tar, shard) is { } entry)
        {
            if (Split(entry) is not var (name, extension))
            {
                continue;
            }

            if (name != key && key is not null)
            {
                if (!passed.Take())
                {
                    yield return new TarSample(key, shard, files);
                    cancellation.ThrowIfCancellationRequested();
                }

                (files, bytes) = (new Dictionary<string, byte[]>(StringComparer.Ordinal), 0);
            }

            key = name;
            bytes += entry.Length;
            if (bytes > maxSampleBytes)
            {
                throw Damaged(shard, $"sample {FileText.Quote(name)} takes more than the limit of {maxSampleBytes:N0} bytes");
            }

            if (!files.TryAdd(extension, passed.Left > 0 ? [] : Content(entry, shard)))
            {
                throw Damaged(shard, $"sample {FileText.Quote(name)} has {FileText.Quote(extension)} twice");
            }
        }

        if (!blocks.IsAtEndMark)
        {
            throw Damaged(shard, "it is no tar file, damaged or cut short (it does not end with a block of zeros)");
        }

        if (key is not null && !passed.Take())
        {
            yield return new TarSample(key, shard, files);
        }
    }

    private static TarEntry? Next(TarReader tar, string shard)
    {
        try
        {
            return tar.GetNextEntry();
        }
        catch (Exception error) when (error is InvalidDataException or FormatException or EndOfStreamException or NotSupportedException or ArgumentException or OverflowException)
        {
            throw Damaged(shard, $"it is no tar file, damaged or cut short ({FileText.Escape(error.Message, 200)})", error);
        }
    }

    /// <summary>The name of the sample and the rest; null for what is no file, has no dot in its name or is hidden.</summary>
    private static (string Name, string Extension)? Split(TarEntry entry)
    {
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
        {
            return null;
        }

        string name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
        int file = name.LastIndexOf('/') + 1, dot = name.IndexOf('.', file);
        return dot > file ? (name[..dot], name[(dot + 1)..].ToLowerInvariant()) : null;
    }

    /// <summary>Memory grows with the bytes that are read: a claim in a header costs nothing.</summary>
    private static byte[] Content(TarEntry entry, string shard)
    {
        if (entry.DataStream is not { } data)
        {
            return [];
        }

        try
        {
            if (entry.Length <= DirectBytes)
            {
                byte[] direct = new byte[(int)entry.Length];
                return data.ReadAtLeast(direct, direct.Length, throwOnEndOfStream: false) == direct.Length ? direct : throw Damaged(shard, $"{FileText.Quote(entry.Name)} is cut short");
            }

            using MemoryStream content = new();
            data.CopyTo(content);
            return content.Length == entry.Length ? content.ToArray() : throw Damaged(shard, $"{FileText.Quote(entry.Name)} is cut short");
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            throw Damaged(shard, $"{FileText.Quote(entry.Name)} is damaged or cut short", error);
        }
    }

    private static DataFileException Damaged(string shard, string reason, Exception? error = null) => new($"Cannot read '{shard}': {reason}.", error);

    /// <summary>How many samples are still to be passed over, in this shard and those behind it.</summary>
    private sealed class PassedOver
    {
        public long Left { get; set; }

        /// <summary>Whether the sample that just ended is one of them.</summary>
        public bool Take()
        {
            bool isPassed = Left > 0;
            Left -= isPassed ? 1 : 0;
            return isPassed;
        }
    }
}
