namespace Engine.PtxInterpreter;

/// <summary>
/// Watches one launch for threads that touch the same bytes of global memory, one of them writing. Threads of one block may do so with a
/// barrier in between; threads of different blocks may not at all. It remembers every byte and is slow: an option.
/// </summary>
internal sealed class GlobalRaces
{
    private readonly record struct Access(uint Thread, int Block, int Epoch, bool IsAtomic);

    private readonly Dictionary<ulong, Access> _writers = [];
    private readonly Dictionary<ulong, (Access Last, bool Several)> _readers = [];
    private int _epoch;

    /// <summary>A barrier of a block: what its threads did before is ordered before what they do next.</summary>
    public void NextEpoch(Block block)
    {
        _ = block;
        _epoch++;
    }

    public void Touch(Block block, int thread, ulong address, int bytes, bool writes, bool atomic = false)
    {
        Access self = new(block.GlobalThread(thread), (int)(block.GlobalThread(thread) / (uint)block.Threads), _epoch, atomic);
        for (ulong place = address; place < address + (ulong)bytes; place++)
        {
            if (_writers.TryGetValue(place, out Access writer) && Conflicts(writer, self))
            {
                block.Fault(PtxFaultKind.GlobalRace, thread, $"{(writes ? "writes" : "reads")} global memory at 0x{place:x}, which thread {writer.Thread} of the launch wrote");
            }

            if (!writes)
            {
                bool several = _readers.TryGetValue(place, out (Access Last, bool Several) reader) && (reader.Several || reader.Last.Block != self.Block);
                _readers[place] = (self, several);
                continue;
            }

            if (_readers.TryGetValue(place, out (Access Last, bool Several) earlier) && (earlier.Several || Conflicts(earlier.Last, self)))
            {
                block.Fault(PtxFaultKind.GlobalRace, thread, $"writes global memory at 0x{place:x}, which thread {earlier.Last.Thread} of the launch read");
            }

            _writers[place] = self;
        }
    }

    private static bool Conflicts(Access earlier, Access self) =>
        earlier.Thread != self.Thread && !(earlier.IsAtomic && self.IsAtomic) && (earlier.Block != self.Block || earlier.Epoch == self.Epoch);
}
