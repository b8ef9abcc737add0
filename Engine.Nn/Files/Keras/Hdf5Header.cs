using System.Buffers.Binary;

namespace Engine.Nn;

/// <summary>The messages of an HDF5 object's header (version 1) that say what it is.</summary>
internal sealed class Hdf5Header
{
    private const int DataspaceMessage = 1, LinkInfoMessage = 2, DatatypeMessage = 3, LinkMessage = 6, ExternalMessage = 7, LayoutMessage = 8, FilterMessage = 11, ContinuationMessage = 16, SymbolTableMessage = 17;
    private const int PrefixBytes = 16, MessageBytes = 8, SharedFlag = 2;

    // Of each kind the first: (offset in the file, content).
    private readonly Dictionary<int, (long Offset, byte[] Content)> _messages = [];

    private Hdf5Header()
    {
    }

    /// <summary>Where a group's tree and its names are; null for what is no group.</summary>
    public (long Tree, long Heap)? SymbolTable { get; private set; }

    public static Hdf5Header Read(Hdf5File file, long address)
    {
        byte[] prefix = file.Read(address, PrefixBytes);
        if (prefix[0] != 1)
        {
            throw file.Damaged(prefix.AsSpan(0, 4).SequenceEqual("OHDR"u8)
                ? "its HDF5 headers are of the newer kind; those are read that h5py writes unless libver or track_order is set"
                : $"there is no HDF5 header at byte {address:N0}");
        }

        Hdf5Header header = new();
        int left = BinaryPrimitives.ReadUInt16LittleEndian(prefix.AsSpan(2));
        Queue<(long Offset, long Bytes)> blocks = new([(address + PrefixBytes, BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(8)))]);

        // Each block holds a message at least, or ends the reading, so that blocks which point to each other come to an end.
        while (left > 0 && blocks.TryDequeue(out (long Offset, long Bytes) block))
        {
            byte[] content = file.Read(block.Offset, block.Bytes);
            int before = left;
            for (int at = 0; left > 0 && at + MessageBytes <= content.Length; left--)
            {
                int kind = BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(at)), bytes = BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(at + 2));
                if (at + MessageBytes + bytes > content.Length)
                {
                    throw file.Damaged($"the HDF5 header at byte {address:N0} is damaged");
                }

                header.Add(file, kind, content[at + 4], content.AsSpan(at + MessageBytes, bytes), block.Offset + at + MessageBytes, blocks);
                at += MessageBytes + bytes;
            }

            if (left == before)
            {
                throw file.Damaged($"the HDF5 header at byte {address:N0} is damaged");
            }
        }

        return header;
    }

    /// <summary>The array that the object is; null for what is none, or one of texts and the like.</summary>
    public Hdf5Array? Array(Hdf5File file, string name)
    {
        if (!_messages.TryGetValue(DataspaceMessage, out (long, byte[] Content) space) || !_messages.TryGetValue(DatatypeMessage, out (long, byte[] Content) type) ||
            !_messages.TryGetValue(LayoutMessage, out (long Offset, byte[] Content) layout))
        {
            return null;
        }

        if (Hdf5Type.Parse(type.Content) is not var (kind, size, isBigEndian) || Sizes(file, name, space.Content) is not { } sizes)
        {
            return null;
        }

        if (_messages.ContainsKey(ExternalMessage) || _messages.ContainsKey(FilterMessage))
        {
            throw file.Damaged($"the elements of {FileText.Quote(name)} are compressed or in another file; those are read that lie in one piece as they are");
        }

        NpyHeader elements = new(kind, size, isBigEndian, IsFortran: false, new Shape(sizes), HeaderBytes: 0);
        return new Hdf5Array(elements, Offset(file, name, layout.Offset, layout.Content, elements.DataBytes));
    }

    private void Add(Hdf5File file, int kind, byte flags, ReadOnlySpan<byte> content, long offset, Queue<(long Offset, long Bytes)> blocks)
    {
        switch (kind)
        {
            case ContinuationMessage when content.Length >= 16:
                blocks.Enqueue((Hdf5File.Long(content, 0), Hdf5File.Long(content, 8)));
                break;
            case SymbolTableMessage when content.Length >= 16:
                SymbolTable = (Hdf5File.Long(content, 0), Hdf5File.Long(content, 8));
                break;
            case LinkInfoMessage or LinkMessage:
                throw file.Damaged("its HDF5 groups are of the newer kind; those are read that h5py writes unless libver or track_order is set");
            case DataspaceMessage or DatatypeMessage or LayoutMessage or ExternalMessage or FilterMessage:
                if ((flags & SharedFlag) != 0)
                {
                    throw file.Damaged("its HDF5 objects share their types, which is not read");
                }

                _messages.TryAdd(kind, (offset, content.ToArray()));
                break;
            default:
                break;
        }
    }

    /// <summary>The sizes of the axes; null for an array without elements of any shape.</summary>
    private static int[]? Sizes(Hdf5File file, string name, byte[] space)
    {
        int version = space.Length > 3 ? space[0] : 0, rank = version > 0 ? space[1] : 0, start = version == 1 ? 8 : 4;
        if (version is not (1 or 2) || rank > Shape.MaxRank || space.Length < start + (8 * rank))
        {
            throw file.Damaged($"the shape of {FileText.Quote(name)} is damaged, or has more than {Shape.MaxRank} axes");
        }

        if (version == 2 && space[3] == 2)
        {
            return null;
        }

        int[] sizes = new int[rank];
        long count = 1;
        for (int i = 0; i < rank; i++)
        {
            long size = Hdf5File.Long(space, start + (8 * i));
            if (size is < 0 or > int.MaxValue || (count *= Math.Max(size, 1)) > int.MaxValue * 1024L)
            {
                throw file.Damaged($"an axis of {FileText.Quote(name)} claims a size of {size:N0}");
            }

            sizes[i] = (int)size;
        }

        return sizes;
    }

    private static long Offset(Hdf5File file, string name, long at, byte[] layout, long bytes)
    {
        (int version, int kind) = layout.Length > 3 ? (layout[0], layout[1]) : (0, 0);
        if (version is not (3 or 4))
        {
            throw file.Damaged($"the layout of {FileText.Quote(name)} has version {version}; 3 and 4 are read");
        }

        (long offset, long stored) = kind switch
        {
            0 => (at + 4, BinaryPrimitives.ReadUInt16LittleEndian(layout.AsSpan(2))),
            1 when layout.Length >= 18 => (Hdf5File.Long(layout, 2), Hdf5File.Long(layout, 10)),
            2 => throw file.Damaged($"the elements of {FileText.Quote(name)} are in chunks; those are read that lie in one piece"),
            _ => throw file.Damaged($"the layout of {FileText.Quote(name)} is damaged"),
        };

        // An array without elements has no place.
        return bytes == 0 ? 0
            : stored == bytes ? offset
            : throw file.Damaged($"{FileText.Quote(name)} takes {bytes:N0} bytes by its shape, {stored:N0} by its layout");
    }
}
