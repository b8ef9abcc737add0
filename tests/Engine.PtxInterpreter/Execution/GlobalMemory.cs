using System.Runtime.InteropServices;

namespace Engine.PtxInterpreter;

/// <summary>
/// The allocations of a device, so that an access can be told from one beside them. Blocks lie apart by a gap, which makes an access
/// just behind one an access to nothing. Reading needs no lock: the table is replaced as a whole.
/// </summary>
internal sealed unsafe class GlobalMemory(long capacity)
{
    /// <summary>Bytes between blocks, and their alignment, which is that of the driver.</summary>
    private const int Gap = 256;

    private readonly Lock _lock = new();
    private MemoryRange[] _ranges = [];

    public static GlobalMemory None { get; } = new(0);

    public long Capacity { get; } = capacity;

    /// <summary>Bytes that are allocated.</summary>
    public long Used { get; private set; }

    public int Count => _ranges.Length;

    /// <summary>Allocates; false if there is not enough.</summary>
    public bool TryAllocate(long bytes, out nint address)
    {
        lock (_lock)
        {
            address = 0;
            if (bytes <= 0 || bytes > Capacity - Used)
            {
                return false;
            }

            void* memory = NativeMemory.AlignedAlloc((nuint)bytes + Gap, Gap);
            if (memory == null)
            {
                return false;
            }

            // What memory holds before it is written is arbitrary: not-a-number in every format shows up in results.
            NativeMemory.Fill(memory, (nuint)bytes, 0xFF);
            address = (nint)memory;
            Used += bytes;
            MemoryRange[] ranges = [.. _ranges, new MemoryRange { Start = (ulong)address, End = (ulong)address + (ulong)bytes }];
            Array.Sort(ranges, (a, b) => a.Start.CompareTo(b.Start));
            Volatile.Write(ref _ranges, ranges);
            return true;
        }
    }

    /// <summary>Frees a block; false if it is none.</summary>
    public bool TryFree(nint address)
    {
        lock (_lock)
        {
            int index = Array.FindIndex(_ranges, range => range.Start == (ulong)address);
            if (index < 0)
            {
                return false;
            }

            Used -= (long)(_ranges[index].End - _ranges[index].Start);
            Volatile.Write(ref _ranges, [.. _ranges[..index], .. _ranges[(index + 1)..]]);
            NativeMemory.AlignedFree((void*)address);
            return true;
        }
    }

    /// <summary>The allocation that holds bytes, if one holds all of them.</summary>
    public bool TryFind(ulong address, ulong bytes, out MemoryRange range)
    {
        MemoryRange[] ranges = Volatile.Read(ref _ranges);
        int low = 0;
        int high = ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            range = ranges[middle];
            if (address < range.Start)
            {
                high = middle - 1;
            }
            else if (address >= range.End)
            {
                low = middle + 1;
            }
            else
            {
                return bytes <= range.End - address;
            }
        }

        range = default;
        return false;
    }

    /// <summary>Whether bytes from an address on belong to one allocation.</summary>
    public bool Contains(nint address, ulong bytes) => TryFind((ulong)address, bytes, out _);

    /// <summary>Where the nearest allocation lies, in words.</summary>
    public string Describe(ulong address)
    {
        MemoryRange[] ranges = Volatile.Read(ref _ranges);
        MemoryRange nearest = default;
        ulong distance = ulong.MaxValue;
        foreach (MemoryRange range in ranges)
        {
            ulong away = address < range.Start ? range.Start - address : address >= range.End ? address - range.End : 0;
            if (away < distance)
            {
                distance = away;
                nearest = range;
            }
        }

        if (distance == ulong.MaxValue)
        {
            return "no memory is allocated";
        }

        ulong bytes = nearest.End - nearest.Start;
        return address < nearest.Start ? $"{distance} bytes before a block of {bytes} bytes"
            : address < nearest.End ? $"at byte {address - nearest.Start} of a block of {bytes} bytes"
            : $"{distance} bytes behind a block of {bytes} bytes";
    }

    /// <summary>Frees everything.</summary>
    public void Clear()
    {
        foreach (MemoryRange range in _ranges.ToArray())
        {
            TryFree((nint)range.Start);
        }
    }
}
