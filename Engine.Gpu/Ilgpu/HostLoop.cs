using System.Diagnostics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>Runs an implicitly grouped kernel on the host: the method is called once for each index, on the device's threads.</summary>
internal static class HostLoop
{
    /// <summary>A kernel that has ended by then stays on the calling thread: waking others would cost about as much again.</summary>
    private const int AloneMicroseconds = 20;

    private static readonly long s_aloneTicks = Math.Max(1, Stopwatch.Frequency * AloneMicroseconds / 1_000_000);

    /// <summary>Calls <paramref name="kernel"/> for each index below <paramref name="extent"/> and returns when all calls have ended.</summary>
    /// <remarks>
    /// The calling thread begins alone, to measure the cost of an index. The indices that are left after <see cref="AloneMicroseconds"/> are cut
    /// into one part a thread. Each thread goes through its indices in ascending order (x fastest) up to the first that fails, so that
    /// the one which is reported is the lowest whatever the timing.
    /// </remarks>
    /// <typeparam name="TIndex">One of ILGPU's six index types.</typeparam>
    /// <param name="device">Whose threads do the work.</param>
    /// <param name="extent">The number of indices in each dimension; none at all if one of them is 0.</param>
    /// <param name="kernel">The kernel with its arguments.</param>
    /// <param name="name">The kernel's name in messages.</param>
    /// <param name="usesLocalMemory">Whether the kernel allocates local memory (<see cref="LocalMemoryUse"/>): then it runs on threads of ILGPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">The extent is negative, or too large.</exception>
    /// <exception cref="KernelExecutionException">The kernel used an index outside a view, or threw.</exception>
    /// <exception cref="InvalidOperationException">Called from inside a kernel.</exception>
    public static void Run<TIndex>(HostDevice device, TIndex extent, Action<TIndex> kernel, string name, bool usesLocalMemory = false) where TIndex : struct
    {
        KernelAssertions.ThrowIfInsideKernel(name);
        IndexSpace space = IndexSpace.Of(extent);
        KernelAssertions.Arm();
        if (usesLocalMemory)
        {
            RunOnSimulator(device, space, kernel, name);
            return;
        }

        long count = space.Count, done = 0, start = Stopwatch.GetTimestamp();
        while (done < count)
        {
            long end = Math.Min(count, Math.Max(1, 2 * done));
            RunRange(space, done, end, kernel, name);
            done = end;
            if (device.Threads > 1 && Stopwatch.GetTimestamp() - start > s_aloneTicks)
            {
                RunRest(device, space, done, kernel, name);
                return;
            }
        }
    }

    private static void RunRest<TIndex>(HostDevice device, IndexSpace space, long first, Action<TIndex> kernel, string name) where TIndex : struct
    {
        int parts = (int)Math.Min(device.Threads, space.Count - first);
        device.RunParts(parts, part => RunPart(space, first, part, parts, kernel, name));
    }

    /// <summary>One group whose work-items are the parts of the loop.</summary>
    private static void RunOnSimulator<TIndex>(HostDevice device, IndexSpace space, Action<TIndex> kernel, string name) where TIndex : struct
    {
        int parts = (int)Math.Min(Math.Min(device.Threads, GroupSimulator.MaxGroupSize), space.Count);
        if (parts > 0)
        {
            GroupSimulator.Run(new KernelConfig(1, parts), () => RunPart(space, 0, Group.IdxX, parts, kernel, name), name);
        }
    }

    private static void RunPart<TIndex>(IndexSpace space, long first, int part, int parts, Action<TIndex> kernel, string name) where TIndex : struct
    {
        long rest = space.Count - first;
        RunRange(space, Begin(part), Begin(part + 1), kernel, name);

        long Begin(int i) => first + (rest / parts * i) + Math.Min(i, rest % parts);
    }

    private static void RunRange<TIndex>(IndexSpace space, long first, long end, Action<TIndex> kernel, string name) where TIndex : struct
    {
        (long row, long x) = Math.DivRem(first, space.X);
        (long z, long y) = Math.DivRem(row, space.Y);
        using KernelAssertions.Scope scope = KernelAssertions.Enter(name);
        try
        {
            for (long i = first; i < end; i++)
            {
                kernel(IndexSpace.Index<TIndex>(x, y, z));
                if (++x == space.X)
                {
                    x = 0;
                    if (++y == space.Y)
                    {
                        y = 0;
                        z++;
                    }
                }
            }
        }
        catch (Exception e)
        {
            throw new KernelExecutionException($"Kernel {name} failed at index {IndexSpace.Text<TIndex>(x, y, z)}: {e.Message}", e);
        }
    }
}
