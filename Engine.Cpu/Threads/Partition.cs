namespace Engine.Cpu;

/// <summary>Into how many parts a loop over memory is cut.</summary>
internal static class Partition
{
    /// <summary>
    /// A thread should have this many elements to pass over: waking and joining the workers costs 2 to 5 µs, in which one thread
    /// reads and writes about this much of the L2 cache.
    /// </summary>
    public const long ElementsPerThread = 1 << 15;

    /// <summary>
    /// So many parts each thread should have: one that is slower than the others then does fewer. Two processors of a virtual machine differed by 5 to 15 % over
    /// a tenth of a millisecond to ten; with four parts each they wait for each other an eighth as long.
    /// </summary>
    public const int PartsPerThread = 4;

    /// <summary>At least one part and at most <paramref name="most"/>; otherwise a multiple of the number of threads that the work pays for.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="elements">The size of the work, in elements that are read or written once.</param>
    /// <param name="most">How many pieces the work falls into.</param>
    public static int Parts(WorkerPool pool, long elements, long most) => Parts(pool, elements, most, ElementsPerThread);

    /// <summary>The same, of work in any unit.</summary>
    public static int Parts(WorkerPool pool, long work, long most, long workPerThread)
    {
        long threads = Math.Min(pool.Threads, work / workPerThread);
        return threads <= 1 || most <= 1 ? 1 : (int)Math.Min(most, threads * PartsOfThread(work, threads, workPerThread));
    }

    /// <summary>Into how many parts the work of each of some threads is cut: one, or several of <paramref name="workPerPart"/> at least.</summary>
    public static int PartsOfThread(double work, long threads, long workPerPart) => threads > 1 ? (int)Math.Clamp(work / threads / workPerPart, 1, PartsPerThread) : 1;

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
