using System.Runtime.InteropServices;

namespace Engine.PtxInterpreter;

/// <summary>
/// Watches one launch for threads that touch the same bytes of global memory, one of them writing. Threads of one block may do so with a
/// barrier in between; threads of different blocks only where an atomic operation of the one released, for the whole device, what an atomic operation of the
/// other on the same place acquired. It remembers every byte and is slow: an option.
/// </summary>
/// <remarks>One block runs at a time here. Fences beside atomic operations without an order are not taken for one.</remarks>
internal sealed class GlobalRaces
{
    private readonly record struct Access(uint Thread, int Block, int Epoch, bool IsAtomic);

    private readonly Dictionary<ulong, Access> _writers = [];
    private readonly Dictionary<ulong, Readers> _readers = [];
    private readonly Dictionary<ulong, HashSet<Release>> _released = [];
    private readonly Dictionary<int, List<Acquisition>> _acquired = [];
    private readonly Dictionary<int, int> _epochs = [];

    /// <summary>Who has read a byte: the last one, whether blocks did before, and whether all did so by atomic operations.</summary>
    private readonly record struct Readers(Access Last, bool Several, bool AreAtomic);

    /// <summary>What the thread did before, and what its block did before an earlier barrier, can be acquired.</summary>
    private readonly record struct Release(int Block, uint Thread, int Epoch);

    /// <summary>The thread from now on, and its block after the next barrier, sees what was released before.</summary>
    private readonly record struct Acquisition(uint Thread, int Epoch, Release[] Seen);

    /// <summary>A barrier of a block: what its threads did before is ordered before what they do next.</summary>
    public void NextEpoch(Block block) => CollectionsMarshal.GetValueRefOrAddDefault(_epochs, NumberOf(block), out _)++;

    public void Touch(Block block, int thread, ulong address, int bytes, bool writes, bool atomic = false)
    {
        int number = NumberOf(block);
        Access self = new(block.GlobalThread(thread), number, _epochs.GetValueOrDefault(number), atomic);
        for (ulong place = address; place < address + (ulong)bytes; place++)
        {
            if (_writers.TryGetValue(place, out Access writer) && Conflicts(writer, self))
            {
                block.Fault(PtxFaultKind.GlobalRace, thread, $"{(writes ? "writes" : "reads")} global memory at 0x{place:x}, which thread {writer.Thread} of the launch wrote");
            }

            bool isRead = _readers.TryGetValue(place, out Readers readers);
            if (!writes)
            {
                _readers[place] = new Readers(self, isRead && (readers.Several || readers.Last.Block != self.Block), atomic && (!isRead || readers.AreAtomic));
                continue;
            }

            if (isRead && !(readers.AreAtomic && atomic) && (readers.Several || Conflicts(readers.Last, self)))
            {
                block.Fault(PtxFaultKind.GlobalRace, thread, $"writes global memory at 0x{place:x}, which thread {readers.Last.Thread} of the launch read");
            }

            _writers[place] = self;
        }
    }

    /// <summary>An atomic operation of a thread that orders memory for the whole device.</summary>
    public void Synchronize(Block block, int thread, ulong address, bool acquires, bool releases)
    {
        if (!acquires && !releases)
        {
            return;
        }

        uint self = block.GlobalThread(thread);
        int number = NumberOf(block), epoch = _epochs.GetValueOrDefault(number);
        HashSet<Release> releasedHere = CollectionsMarshal.GetValueRefOrAddDefault(_released, address, out _) ??= [];
        if (acquires)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(_acquired, number, out _) ??= []).Add(new Acquisition(self, epoch, [.. releasedHere]));
        }

        if (releases)
        {
            // What was seen before is handed on with what was done.
            releasedHere.UnionWith(_acquired.GetValueOrDefault(number, []).Where(before => before.Thread == self || before.Epoch < epoch).SelectMany(static before => before.Seen));
            releasedHere.Add(new Release(number, self, epoch));
        }
    }

    private static int NumberOf(Block block) => (int)(block.GlobalThread(0) / (uint)block.Threads);

    private bool Conflicts(Access earlier, Access self) =>
        earlier.Thread != self.Thread && !(earlier.IsAtomic && self.IsAtomic)
        && (earlier.Block == self.Block ? earlier.Epoch == self.Epoch : !IsOrdered(earlier, self));

    private bool IsOrdered(Access earlier, Access self) => _acquired.TryGetValue(self.Block, out List<Acquisition>? all) && all.Exists(acquired =>
        (acquired.Thread == self.Thread || acquired.Epoch < self.Epoch)
        && Array.Exists(acquired.Seen, release => release.Block == earlier.Block && (release.Thread == earlier.Thread || earlier.Epoch < release.Epoch)));
}
