namespace Engine;

/// <summary>Figures of a device's memory pool, in bytes.</summary>
/// <param name="InUse">Held by living tensors.</param>
/// <param name="Cached">Free blocks kept for reuse.</param>
/// <param name="Peak">The largest <see cref="InUse"/> so far.</param>
/// <param name="Blocks">How many blocks are held by living tensors.</param>
/// <param name="Orphans">How many blocks the garbage collector had to find so far because no one disposed their tensors.</param>
/// <param name="Allocations">How often the pool had to ask the device for memory.</param>
public readonly record struct MemoryReport(long InUse, long Cached, long Peak, int Blocks, long Orphans, long Allocations)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{InUse >> 20} MiB in use in {Blocks} blocks, {Cached >> 20} MiB cached, peak {Peak >> 20} MiB, {Orphans} blocks found by the garbage collector, {Allocations} allocations";
}
