using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Engine.Nn;

/// <summary>A file within a zip archive.</summary>
/// <param name="Name">Its name, with slashes.</param>
/// <param name="IsDeflated">Whether it is compressed.</param>
/// <param name="Offset">Where its bytes begin in the archive.</param>
/// <param name="StoredBytes">How many bytes it takes in the archive.</param>
/// <param name="Bytes">How many bytes it has.</param>
/// <param name="Crc">Their checksum.</param>
internal readonly record struct ZipEntry(string Name, bool IsDeflated, long Offset, long StoredBytes, long Bytes, uint Crc);

/// <summary>
/// The directory of a zip archive, checked before any content is read: every file lies within the archive and overlaps no other, has a name of its own that leads
/// nowhere else, and claims no more bytes than its compression can hold.
/// </summary>
/// <remarks>Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, with the 64-bit extension.</remarks>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054B50, LongEndSignature = 0x06064B50, LocatorSignature = 0x07064B50, EntrySignature = 0x02014B50, LocalSignature = 0x04034B50;
    private const int EndBytes = 22, LocatorBytes = 20, LongEndBytes = 56, EntryBytes = 46, LocalBytes = 30;
    private const int MaxDirectoryBytes = 64 << 20;

    /// <summary>Deflate writes at least one bit for 258 equal bytes.</summary>
    private const long MostPerByte = 1032;

    private readonly CheckedFile _file;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    private ZipDirectory(CheckedFile file) => _file = file;

    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    /// <exception cref="EngineException">The file is no zip archive, or one that lies about its content.</exception>
    public static ZipDirectory Read(CheckedFile file)
    {
        ZipDirectory directory = new(file);
        (long offset, long bytes, long count) = directory.FindDirectory();
        if (bytes > MaxDirectoryBytes)
        {
            throw file.Damaged($"the directory of its zip archive claims {bytes:N0} bytes; at most {MaxDirectoryBytes:N0} are read");
        }

        byte[] content = new byte[(int)bytes];
        file.Read(offset, content);
        directory.Parse(content, count, offset);
        return directory;
    }

    /// <summary>Whether a name leads to a place within the archive.</summary>
    public static bool IsSafe(string name) =>
        name.Length > 0 && name[0] != '/' && !name.Contains('\\') && !name.Contains('\0') && !name.Split('/').Contains("..");

    /// <summary>The position, the size and the number of entries of the directory, from the record at the end.</summary>
    private (long Offset, long Bytes, long Count) FindDirectory()
    {
        byte[] tail = new byte[(int)Math.Min(_file.Length, EndBytes + ushort.MaxValue)];
        _file.Read(_file.Length - tail.Length, tail);
        for (int at = tail.Length - EndBytes; at >= 0; at--)
        {
            ReadOnlySpan<byte> end = tail.AsSpan(at);
            if (U32(end, 0) != EndSignature || at + EndBytes + U16(end, 20) != tail.Length)
            {
                continue;
            }

            long position = _file.Length - tail.Length + at, limit = position;
            (long count, long bytes, long offset) = (U16(end, 10), U32(end, 12), U32(end, 16));
            if (U16(end, 4) != 0 || U16(end, 6) != 0)
            {
                throw _file.Damaged("its zip archive is one of several parts");
            }

            if (count == ushort.MaxValue || bytes == uint.MaxValue || offset == uint.MaxValue)
            {
                (offset, bytes, count, limit) = LongEnd(position);
            }

            return offset >= 0 && bytes >= 0 && offset <= limit - bytes && count >= 0 && count <= bytes / EntryBytes
                ? (offset, bytes, count)
                : throw _file.Damaged($"the directory of its zip archive claims {count:N0} entries in {bytes:N0} bytes at {offset:N0}, which is not within the file");
        }

        throw _file.Damaged("it has no directory of a zip archive at its end; it is cut short or of another format");
    }

    private (long Offset, long Bytes, long Count, long Limit) LongEnd(long end)
    {
        Span<byte> record = stackalloc byte[LongEndBytes];
        if (end >= LocatorBytes)
        {
            _file.Read(end - LocatorBytes, record[..LocatorBytes]);
            long at = I64(record, 8);
            if (U32(record, 0) == LocatorSignature && at >= 0 && at <= end - LocatorBytes - LongEndBytes)
            {
                _file.Read(at, record);
                if (U32(record, 0) == LongEndSignature)
                {
                    return (I64(record, 48), I64(record, 40), I64(record, 32), at);
                }
            }
        }

        throw _file.Damaged("the 64-bit record of its zip archive is missing or damaged");
    }

    private void Parse(ReadOnlySpan<byte> content, long count, long directoryOffset)
    {
        List<(long Begin, long End, string Name)> ranges = [];
        for (long i = 0; i < count; i++)
        {
            if (content.Length < EntryBytes || U32(content, 0) != EntrySignature)
            {
                throw _file.Damaged($"entry {i} of its zip archive is damaged");
            }

            int nameBytes = U16(content, 28), extraBytes = U16(content, 30), length = EntryBytes + nameBytes + extraBytes + U16(content, 32);
            if (length > content.Length)
            {
                throw _file.Damaged($"entry {i} of its zip archive is cut short");
            }

            ReadOnlySpan<byte> rawName = content.Slice(EntryBytes, nameBytes);
            string name = CheckName(rawName);
            (long bytes, long stored, long local) = Sizes(content, content.Slice(EntryBytes + nameBytes, extraBytes), name);
            bool isDeflated = CheckMethod(U16(content, 8), U16(content, 10), name);
            long offset = DataOffset(local, rawName, name, directoryOffset);
            if (stored < 0 || stored > directoryOffset - offset)
            {
                throw _file.Damaged($"{FileText.Quote(name)} in its zip archive claims {stored:N0} bytes, which do not lie within the archive");
            }

            if (bytes < 0 || (isDeflated ? bytes / MostPerByte > stored : bytes != stored))
            {
                throw _file.Damaged($"{FileText.Quote(name)} in its zip archive claims {bytes:N0} bytes and takes {stored:N0}, which cannot be");
            }

            if (!_entries.TryAdd(name, new ZipEntry(name, isDeflated, offset, stored, bytes, U32(content, 16))))
            {
                throw _file.Damaged($"{FileText.Quote(name)} is twice in its zip archive");
            }

            ranges.Add((local, offset + stored, name));
            content = content[length..];
        }

        CheckOverlap(ranges);
    }

    /// <summary>The number of bytes, the number of those stored, and the position of the local header; 64-bit numbers are in the extra field.</summary>
    private (long Bytes, long Stored, long Local) Sizes(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra, string name)
    {
        Span<long> sizes = [U32(entry, 24), U32(entry, 20), U32(entry, 42)];
        if (!sizes.Contains(uint.MaxValue))
        {
            return (sizes[0], sizes[1], sizes[2]);
        }

        while (extra.Length >= 4 && 4 + U16(extra, 2) <= extra.Length)
        {
            ReadOnlySpan<byte> field = extra.Slice(4, U16(extra, 2));
            for (int i = 0; U16(extra, 0) == 1 && i < sizes.Length; i++)
            {
                if (sizes[i] == uint.MaxValue && field.Length >= sizeof(long))
                {
                    sizes[i] = I64(field, 0);
                    field = field[sizeof(long)..];
                }
            }

            extra = extra[(4 + U16(extra, 2))..];
        }

        return sizes.Contains(uint.MaxValue) ? throw _file.Damaged($"the 64-bit sizes of {FileText.Quote(name)} in its zip archive are missing") : (sizes[0], sizes[1], sizes[2]);
    }

    private string CheckName(ReadOnlySpan<byte> raw)
    {
        if (!Utf8.IsValid(raw))
        {
            throw _file.Damaged("a name in its zip archive is not UTF-8");
        }

        string name = Encoding.UTF8.GetString(raw);
        return IsSafe(name) ? name : throw _file.Damaged($"the name {FileText.Quote(name)} in its zip archive leads out of it");
    }

    private bool CheckMethod(int flags, int method, string name)
    {
        const int Encrypted = 1;
        return (flags & Encrypted) == 0 && method is 0 or 8
            ? method == 8
            : throw _file.Damaged($"{FileText.Quote(name)} in its zip archive is {((flags & Encrypted) != 0 ? "encrypted" : $"compressed by method {method}")}; stored and deflated files are read");
    }

    private long DataOffset(long local, ReadOnlySpan<byte> rawName, string name, long limit)
    {
        if (local >= 0 && local <= limit - LocalBytes - rawName.Length)
        {
            byte[] header = new byte[LocalBytes + rawName.Length];
            _file.Read(local, header);
            long offset = local + LocalBytes + U16(header, 26) + U16(header, 28);
            if (U32(header, 0) == LocalSignature && U16(header, 26) == rawName.Length && rawName.SequenceEqual(header.AsSpan(LocalBytes)) && offset <= limit)
            {
                return offset;
            }
        }

        throw _file.Damaged($"{FileText.Quote(name)} is not where the directory of its zip archive says");
    }

    private void CheckOverlap(List<(long Begin, long End, string Name)> ranges)
    {
        ranges.Sort();
        for (int i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].Begin < ranges[i - 1].End)
            {
                throw _file.Damaged($"{FileText.Quote(ranges[i - 1].Name)} and {FileText.Quote(ranges[i].Name)} overlap in its zip archive");
            }
        }
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
