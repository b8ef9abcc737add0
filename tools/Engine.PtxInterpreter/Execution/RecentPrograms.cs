namespace Engine.PtxInterpreter;

/// <summary>
/// The programs that ran last; the blocks of others are freed. A block holds the registers of all its threads, a megabyte for many kernels, and a run of tests has thousands of them.
/// </summary>
internal static class RecentPrograms
{
    private const int Count = 64;

    private static readonly LinkedList<KernelProgram> s_programs = [];
    private static readonly Dictionary<KernelProgram, LinkedListNode<KernelProgram>> s_nodes = [];
    private static readonly Lock s_lock = new();

    /// <summary>Makes a program the latest.</summary>
    public static void Add(KernelProgram program)
    {
        KernelProgram? oldest = null;
        lock (s_lock)
        {
            if (s_nodes.TryGetValue(program, out LinkedListNode<KernelProgram>? node))
            {
                s_programs.Remove(node);
                s_programs.AddLast(node);
                return;
            }

            s_nodes.Add(program, s_programs.AddLast(program));
            if (s_programs.Count > Count)
            {
                oldest = s_programs.First!.Value;
                s_programs.RemoveFirst();
                s_nodes.Remove(oldest);
            }
        }

        // A block that still runs comes back later, and its program is among the latest then.
        oldest?.Clear();
    }
}
