namespace Engine.PtxInterpreter;

/// <summary>What an instruction loads or stores: where the addresses of its threads are, and how many bytes a thread takes.</summary>
internal readonly record struct AccessPlan(Address Address, int Bytes, bool IsShared);

/// <summary>
/// The traffic that the accesses of a warp make. Global memory moves in sectors of 32 bytes, each once for a warp. Shared memory has 32 banks of 4 bytes and gives
/// each bank's word to any number of threads in a pass; what lies in other words of a bank takes further passes. Accesses of 8 and 16 bytes are made by a half and
/// a quarter of the warp at a time.
/// </summary>
internal static class MemoryTraffic
{
    private const int SectorBytes = 32, WordBytes = 4, Banks = 32;

    /// <summary>Bytes that move: whole sectors, or 128 bytes for each pass over the banks.</summary>
    /// <param name="addresses">Of the threads that take part, at most 32.</param>
    /// <param name="bytes">Of each access.</param>
    /// <param name="isShared">Whether they go to shared memory.</param>
    public static long Of(ReadOnlySpan<ulong> addresses, int bytes, bool isShared)
    {
        if (!isShared)
        {
            HashSet<ulong> sectors = [];
            foreach (ulong address in addresses)
            {
                for (ulong sector = address / SectorBytes; sector <= (address + (ulong)bytes - 1) / SectorBytes; sector++)
                {
                    sectors.Add(sector);
                }
            }

            return (long)sectors.Count * SectorBytes;
        }

        int together = Math.Min(WarpOperation.Size, WarpOperation.Size * WordBytes / Math.Max(WordBytes, bytes)), passes = 0;
        Span<int> words = stackalloc int[Banks];
        for (int first = 0; first < addresses.Length; first += together)
        {
            HashSet<ulong> seen = [];
            words.Clear();
            foreach (ulong address in addresses.Slice(first, Math.Min(together, addresses.Length - first)))
            {
                for (ulong word = address / WordBytes; word <= (address + (ulong)bytes - 1) / WordBytes; word++)
                {
                    words[(int)(word % Banks)] += seen.Add(word) ? 1 : 0;
                }
            }

            int most = 0;
            foreach (int count in words)
            {
                most = Math.Max(most, count);
            }

            passes += most;
        }

        return (long)passes * Banks * WordBytes;
    }
}
