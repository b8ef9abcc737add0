using System.Collections.Concurrent;

namespace Engine.Cpu;

/// <summary>The large blocks of the CPU's memory pools, each mapped by itself (<see cref="MappedMemory"/>) where that is possible.</summary>
internal static unsafe class TensorBlocks
{
    /// <summary>Smaller blocks come from the C library: a mapping takes whole pages and a call of the system.</summary>
    public const long FewestBytes = 1 << 20;

    private static readonly ConcurrentDictionary<nint, nint> s_bytes = new();

    /// <summary>A block of at least so many bytes; false for one that has to come from the C library.</summary>
    public static bool TryMap(long bytes, out nint handle)
    {
        handle = 0;
        if (bytes < FewestBytes || bytes > nint.MaxValue || !MappedMemory.IsSupported)
        {
            return false;
        }

        handle = (nint)MappedMemory.TryAllocate((nint)bytes, Environment.SystemPageSize);
        return handle != 0 && s_bytes.TryAdd(handle, (nint)bytes);
    }

    /// <summary>Gives a mapped block back; false for a block of the C library.</summary>
    public static bool TryUnmap(nint handle)
    {
        if (!s_bytes.TryRemove(handle, out nint bytes))
        {
            return false;
        }

        MappedMemory.Free((byte*)handle, bytes);
        return true;
    }
}
