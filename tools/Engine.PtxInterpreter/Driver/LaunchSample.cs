namespace Engine.PtxInterpreter;

/// <summary>A launch on a card on paper, and what one block of it, from the middle of the grid, did.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Text">The text of its module.</param>
/// <param name="Architecture">The number after sm_ of the card.</param>
/// <param name="Blocks">The blocks of the grid.</param>
/// <param name="Threads">The threads of a block.</param>
/// <param name="SharedBytes">The shared memory of a block.</param>
/// <param name="Lines">
/// For each line of the text how often its instruction was issued to a warp, and the bytes that it moved (see <see cref="MemoryTraffic"/>; <see cref="Unknown"/> where nobody knows); null
/// where the block could not be run.
/// </param>
internal sealed record LaunchSample(string Kernel, string Text, int Architecture, long Blocks, int Threads, int SharedBytes, IReadOnlyDictionary<int, (long Issues, long Bytes)>? Lines)
{
    /// <summary>Bytes of which nothing is known. An access that no lane took part in moved none.</summary>
    public const long Unknown = -1;
}
