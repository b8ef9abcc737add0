using System.Runtime.InteropServices;

namespace Engine.PtxInterpreter;

/// <summary>
/// The allocations of a device, so that an access can be told from one beside them. Blocks lie apart by a gap, which makes an access
/// just behind one an access to nothing.
/// </summary>
/// <remarks>A hundred thousand living blocks are no rarity in tests: each megabyte of addresses has a list of its own.</remarks>
internal sealed unsafe class GlobalMemory(long capacity)
{
    /// <summary>Bytes between blocks, and their alignment, which is that of the driver.</summary>
    private const int Gap = 256;

    private const int RegionShift = 20;

    private const long LargestFilled = 1L << 30;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, List<MemoryRange>> _regions = [];
    private readonly Dictionary<ulong, MemoryRange> _blocks = [];

    public static GlobalMemory None { get; } = new(0);

    public long Capacity { get; } = capacity;

    /// <summary>What each byte of new memory holds.</summary>
    public byte Filler { get; set; } = 0xFF;

    /// <summary>Bytes that are allocated.</summary>
    public long Used { get; private set; }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _blocks.Count;
            }
        }
    }

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

            // What memory holds before it is written is arbitrary: not-a-number in every format shows up in results. Huge blocks stay as they are, without pages.
            if (bytes <= LargestFilled)
            {
                NativeMemory.Fill(memory, (nuint)bytes, Filler);
            }

            address = (nint)memory;
            Used += bytes;
            MemoryRange range = new() { Start = (ulong)address, End = (ulong)address + (ulong)bytes };
            _blocks.Add(range.Start, range);
            for (ulong region = range.Start >> RegionShift; region <= (range.End - 1) >> RegionShift; region++)
            {
                if (!_regions.TryGetValue(region, out List<MemoryRange>? blocks))
                {
                    _regions.Add(region, blocks = []);
                }

                blocks.Add(range);
            }

            return true;
        }
    }

    /// <summary>Frees a block; false if it is none.</summary>
    public bool TryFree(nint address)
    {
        lock (_lock)
        {
            if (!_blocks.Remove((ulong)address, out MemoryRange range))
            {
                return false;
            }

            Used -= (long)(range.End - range.Start);
            for (ulong region = range.Start >> RegionShift; region <= (range.End - 1) >> RegionShift; region++)
            {
                _regions[region].RemoveAll(block => block.Start == range.Start);
            }

            NativeMemory.AlignedFree((void*)address);
            return true;
        }
    }

    /// <summary>The allocation that holds bytes, if one holds all of them.</summary>
    public bool TryFind(ulong address, ulong bytes, out MemoryRange range)
    {
        lock (_lock)
        {
            if (_regions.TryGetValue(address >> RegionShift, out List<MemoryRange>? blocks))
            {
                foreach (MemoryRange block in blocks)
                {
                    if (address >= block.Start && address < block.End)
                    {
                        range = block;
                        return bytes <= block.End - address;
                    }
                }
            }

            range = default;
            return false;
        }
    }

    /// <summary>Whether bytes from an address on belong to one allocation.</summary>
    public bool Contains(nint address, ulong bytes) => TryFind((ulong)address, bytes, out _);

    /// <summary>Where the nearest allocation lies, in words.</summary>
    public string Describe(ulong address)
    {
        MemoryRange[] ranges;
        lock (_lock)
        {
            ranges = [.. _blocks.Values];
        }

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
        ulong[] starts;
        lock (_lock)
        {
            starts = [.. _blocks.Keys];
        }

        foreach (ulong start in starts)
        {
            TryFree((nint)start);
        }
    }
}
