namespace Engine.PtxInterpreter;

/// <summary>
/// Finds the registers that might be read before they are written. For nearly all registers the text shows that they are not, and
/// these cost nothing at run time; the rest is watched thread by thread.
/// </summary>
internal static class DefiniteAssignment
{
    /// <summary>Per register: whether some way through the kernel reads it first.</summary>
    public static bool[] Uncertain(PtxKernel kernel, RegisterUse[] uses, int[] targets)
    {
        IReadOnlyList<PtxInstruction> body = kernel.Body;
        int words = (kernel.Registers.Count + 63) / 64;
        List<int> starts = Starts(kernel, targets);
        int[] blockOf = new int[body.Count];
        for (int b = 0; b < starts.Count; b++)
        {
            Array.Fill(blockOf, b, starts[b], (b + 1 < starts.Count ? starts[b + 1] : body.Count) - starts[b]);
        }

        // Assigned at the entry of each block on every way to it; null until the block is reached.
        ulong[]?[] atEntry = new ulong[]?[starts.Count];
        atEntry[0] = new ulong[words];
        Queue<int> work = new([0]);
        while (work.TryDequeue(out int block))
        {
            ulong[] assigned = (ulong[])atEntry[block]!.Clone();
            int end = block + 1 < starts.Count ? starts[block + 1] : body.Count;
            for (int i = starts[block]; i < end; i++)
            {
                Assign(body[i], uses[i], assigned);
            }

            PtxInstruction last = body[end - 1];
            if (targets[end - 1] >= 0)
            {
                Flow(blockOf[targets[end - 1]], assigned);
            }

            if (last.Guard != null || last.Opcode is not ("bra" or "ret" or "exit"))
            {
                Flow(blockOf[end], assigned);
            }
        }

        bool[] uncertain = new bool[kernel.Registers.Count];
        for (int block = 0; block < starts.Count; block++)
        {
            if (atEntry[block] is not { } entry)
            {
                continue;
            }

            ulong[] assigned = (ulong[])entry.Clone();
            int end = block + 1 < starts.Count ? starts[block + 1] : body.Count;
            for (int i = starts[block]; i < end; i++)
            {
                foreach (PtxRegister register in uses[i].Reads)
                {
                    bool isAssigned = (assigned[register.Index / 64] >> (register.Index % 64) & 1) != 0;
                    if (!isAssigned && ReferenceEquals(register, body[i].Guard))
                    {
                        throw new PtxException(body[i].Line, $"guard {register.Name} is not written on every way to here");
                    }

                    uncertain[register.Index] |= !isAssigned;
                }

                Assign(body[i], uses[i], assigned);
            }
        }

        return uncertain;

        void Flow(int to, ulong[] assigned)
        {
            if (atEntry[to] is not { } known)
            {
                atEntry[to] = (ulong[])assigned.Clone();
                work.Enqueue(to);
                return;
            }

            bool changed = false;
            for (int w = 0; w < words; w++)
            {
                ulong both = known[w] & assigned[w];
                changed |= both != known[w];
                known[w] = both;
            }

            if (changed)
            {
                work.Enqueue(to);
            }
        }
    }

    private static List<int> Starts(PtxKernel kernel, int[] targets)
    {
        SortedSet<int> starts = [0];
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] >= 0)
            {
                starts.Add(targets[i]);
            }

            if (kernel.Body[i].Opcode is "bra" or "ret" or "exit" && i + 1 < targets.Length)
            {
                starts.Add(i + 1);
            }
        }

        return [.. starts];
    }

    /// <summary>A guarded instruction may write nothing, so it proves nothing.</summary>
    private static void Assign(PtxInstruction instruction, RegisterUse use, ulong[] assigned)
    {
        if (instruction.Guard != null)
        {
            return;
        }

        foreach (PtxRegister register in use.Writes)
        {
            assigned[register.Index / 64] |= 1UL << (register.Index % 64);
        }
    }
}
