namespace Engine.Cpu;

/// <summary>Into how many parts a loop over memory is cut.</summary>
internal static class Partition
{
    /// <summary>
    /// A thread should have this many elements to pass over: waking and joining the workers costs 2 to 5 µs, in which one thread
    /// reads and writes about this much of the L2 cache.
    /// </summary>
    public const long ElementsPerThread = 1 << 15;

    /// <summary>At least one part, at most one a thread and at most <paramref name="most"/>.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="elements">The size of the work, in elements that are read or written once.</param>
    /// <param name="most">How many pieces the work falls into.</param>
    public static int Parts(WorkerPool pool, long elements, long most) =>
        (int)Math.Max(1, Math.Min(Math.Min(pool.Threads, most), elements / ElementsPerThread));

    /// <summary>Where part <paramref name="part"/> of <paramref name="parts"/> begins, rounded down to a multiple of <paramref name="unit"/>; the end where part = parts.</summary>
    public static nint Start(nint count, int part, int parts, nint unit = 1)
    {
        if (part == parts)
        {
            return count;
        }
        nint start = (nint)((Int128)count * part / parts);
        return start - (start % unit);
    }
}
