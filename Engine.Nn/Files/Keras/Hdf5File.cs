using System.Buffers.Binary;

namespace Engine.Nn;

/// <summary>
/// The arrays of numbers in an HDF5 file, as h5py writes them unless it is told otherwise: superblock version 0 or 1, groups by symbol tables, arrays in one piece. Nothing else is read; what a file has of
/// newer or rarer structures is refused by name.
/// </summary>
/// <remarks>
/// Format: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html. Every structure is visited once at most, and all arrays together take no more bytes than the file has, so that neither time nor memory grows beyond it.
/// </remarks>
internal sealed class Hdf5File
{
    private const int SuperblockBytes = 96, MostDepth = 32, MostNameBytes = 512;

    private readonly CheckedFile _file;
    private readonly long _start, _length;
    private readonly HashSet<long> _visited = [];
    private readonly List<(string Name, Hdf5Array Array)> _arrays = [];
    private long _arrayBytes, _structureBytes;

    /// <summary>Finds the arrays of a file, or of a part of one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">Where the HDF5 file begins in it.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <exception cref="EngineException">It is damaged, or has structures that are not read.</exception>
    public Hdf5File(CheckedFile file, long start, long length)
    {
        (_file, _start, _length) = (file, start, length);
        byte[] superblock = new byte[SuperblockBytes];
        if (length < SuperblockBytes)
        {
            throw NoHdf5();
        }

        Read(0, superblock);
        if (!superblock.AsSpan(0, 8).SequenceEqual((ReadOnlySpan<byte>)[0x89, .. "HDF\r\n\u001A\n"u8]))
        {
            throw NoHdf5();
        }

        int version = superblock[8];
        if (version > 1)
        {
            throw Damaged($"its HDF5 superblock has version {version}; 0 and 1 are read, which h5py writes unless libver or track_order is set");
        }

        if (superblock[13] != 8 || superblock[14] != 8)
        {
            throw Damaged($"its HDF5 addresses and lengths have {superblock[13]} and {superblock[14]} bytes; 8 are read");
        }

        int addresses = version == 0 ? 24 : 28;
        if (Long(superblock, addresses) != 0)
        {
            throw Damaged("its HDF5 addresses do not count from its beginning");
        }

        ReadObject(string.Empty, Long(superblock, addresses + 40), depth: 0);
    }

    /// <summary>The arrays by their paths, such as <c>layers/dense/vars/0</c>.</summary>
    public IReadOnlyList<(string Name, Hdf5Array Array)> Arrays => _arrays;

    /// <summary>The elements of an array.</summary>
    public Tensor Load(string name, Hdf5Array array, Device? device)
    {
        using FilePart elements = new(_file, _start + array.Offset, array.Elements.DataBytes);
        return NpyArray.ReadElements(elements, array.Elements, device, (reason, error) => _file.Damaged($"array {FileText.Quote(name)}: {reason}", error));
    }

    public EngineException Damaged(string reason) => _file.Damaged(reason);

    /// <summary>Some bytes of the file.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > _length - destination.Length)
        {
            throw Damaged($"it points to byte {offset:N0} and {destination.Length:N0} bytes behind, but has {_length:N0}");
        }

        _file.Read(_start + offset, destination);
    }

    /// <summary>The bytes of a structure. Structures do not overlap, so that all of them together have no more bytes than the file.</summary>
    public byte[] Read(long offset, long bytes)
    {
        if (bytes < 0 || offset < 0 || offset > _length - bytes || (_structureBytes += bytes) > _length)
        {
            throw Damaged($"a structure of {bytes:N0} bytes at byte {offset:N0} lies outside of its {_length:N0} bytes, or structures overlap");
        }

        byte[] content = new byte[bytes];
        Read(offset, content);
        return content;
    }

    public static long Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private EngineException NoHdf5() => Damaged("it is no HDF5 file; one begins with \\x89HDF");

    /// <summary>A group, or an array of numbers; what is neither is passed over.</summary>
    private void ReadObject(string name, long address, int depth)
    {
        Visit(address);
        if (depth > MostDepth)
        {
            throw Damaged($"its groups lie more than {MostDepth} deep in each other");
        }

        Hdf5Header header = Hdf5Header.Read(this, address);
        if (header.SymbolTable is var (tree, heap))
        {
            ReadGroup(name, tree, heap, depth);
        }
        else if (header.Array(this, name) is { } array)
        {
            _arrayBytes += array.Elements.DataBytes;
            if (array.Elements.DataBytes > 0 && (array.Offset < 0 || array.Offset > _length - array.Elements.DataBytes || _arrayBytes > _length))
            {
                throw Damaged($"the elements of {FileText.Quote(name)} lie outside of it, or arrays overlap");
            }

            _arrays.Add((name, array));
        }
    }

    private void ReadGroup(string name, long tree, long heap, int depth)
    {
        byte[] head = Read(heap, 32);
        if (!head.AsSpan(0, 4).SequenceEqual("HEAP"u8))
        {
            throw Damaged($"the names of group {FileText.Quote(name)} are damaged");
        }

        (long names, long namesBytes) = (Long(head, 24), Long(head, 8));
        Stack<long> nodes = new([tree]);
        while (nodes.TryPop(out long node))
        {
            Visit(node);
            byte[] start = Read(node, 8);
            int count = BinaryPrimitives.ReadUInt16LittleEndian(start.AsSpan(6));
            if (start.AsSpan(0, 4).SequenceEqual("SNOD"u8))
            {
                byte[] entries = Read(node + 8, count * 40L);
                for (int at = 0; at < entries.Length; at += 40)
                {
                    // Kind 2 is a name for another name.
                    if (BinaryPrimitives.ReadInt32LittleEndian(entries.AsSpan(at + 16)) != 2)
                    {
                        string own = Name(names, namesBytes, Long(entries, at));
                        ReadObject(name.Length == 0 ? own : $"{name}/{own}", Long(entries, at + 8), depth + 1);
                    }
                }
            }
            else if (start.AsSpan(0, 5).SequenceEqual("TREE\0"u8))
            {
                // Two neighbours, then a key before, between and behind the children.
                byte[] children = Read(node + 24, (16L * count) + 8);
                for (int i = count - 1; i >= 0; i--)
                {
                    nodes.Push(Long(children, (16 * i) + 8));
                }
            }
            else
            {
                throw Damaged($"the tree of group {FileText.Quote(name)} is damaged");
            }
        }
    }

    private string Name(long names, long namesBytes, long offset)
    {
        if (offset < 0 || offset >= namesBytes)
        {
            throw Damaged("a name lies outside of the names of its group");
        }

        long most = Math.Min(Math.Min(MostNameBytes, namesBytes - offset), _length - names - offset);
        byte[] bytes = new byte[Math.Max(0, most)];
        Read(names + offset, bytes);
        int end = bytes.AsSpan().IndexOf((byte)0);
        return end > 0 ? System.Text.Encoding.UTF8.GetString(bytes, 0, end) : throw Damaged($"a name is empty, or has more than {MostNameBytes} bytes");
    }

    private void Visit(long address)
    {
        if (!_visited.Add(address))
        {
            throw Damaged($"two of its HDF5 structures are the one at byte {address:N0}");
        }
    }
}

/// <summary>An array in an HDF5 file.</summary>
/// <param name="Elements">Their type, order and shape.</param>
/// <param name="Offset">Where they begin.</param>
internal readonly record struct Hdf5Array(NpyHeader Elements, long Offset);
