namespace Engine.PtxInterpreter;

/// <summary>
/// Finds the registers that might be read before they are written. For nearly all registers the text shows that they are not, and
/// these cost nothing at run time; the rest is watched thread by thread.
/// </summary>
internal static class DefiniteAssignment
{
    /// <summary>Per register: whether some way through the kernel reads it first.</summary>
    public static bool[] Uncertain(PtxKernel kernel, RegisterUse[] uses, int[][] targets)
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
            HalfAssigned half = new();
            int end = block + 1 < starts.Count ? starts[block + 1] : body.Count;
            for (int i = starts[block]; i < end; i++)
            {
                Assign(body[i], uses[i], assigned, half);
            }

            PtxInstruction last = body[end - 1];
            foreach (int target in targets[end - 1])
            {
                Flow(blockOf[target], assigned);
            }

            if (last.Guard != null || last.Opcode is not ("bra" or "brx" or "ret" or "exit" or "trap"))
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
            HalfAssigned half = new();
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

                Assign(body[i], uses[i], assigned, half);
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

    private static List<int> Starts(PtxKernel kernel, int[][] targets)
    {
        SortedSet<int> starts = [0];
        for (int i = 0; i < targets.Length; i++)
        {
            starts.UnionWith(targets[i]);
            if (kernel.Body[i].Opcode is "bra" or "brx" or "ret" or "exit" or "trap" && i + 1 < targets.Length)
            {
                starts.Add(i + 1);
            }
        }

        return [.. starts];
    }

    /// <summary>
    /// A guarded instruction may write nothing, so it proves nothing, unless the register is written under the opposite guard as well.
    /// </summary>
    private static void Assign(PtxInstruction instruction, RegisterUse use, ulong[] assigned, HalfAssigned half)
    {
        foreach (PtxRegister register in use.Writes)
        {
            if (instruction.Guard == null || half.Completes(register, instruction.Guard, instruction.GuardNegated))
            {
                assigned[register.Index / 64] |= 1UL << (register.Index % 64);
            }
        }

        foreach (PtxRegister register in use.Writes)
        {
            half.Forget(register);
        }
    }

    /// <summary>Registers that were written under a guard, as long as the guard keeps its value.</summary>
    private sealed class HalfAssigned
    {
        private readonly Dictionary<PtxRegister, (PtxRegister Guard, bool Negated)> _guards = [];

        /// <summary>Notes a write under a guard; true if it was written under the opposite one before.</summary>
        public bool Completes(PtxRegister register, PtxRegister guard, bool negated)
        {
            if (_guards.TryGetValue(register, out (PtxRegister Guard, bool Negated) known) && known == (guard, !negated))
            {
                return true;
            }

            _guards[register] = (guard, negated);
            return false;
        }

        /// <summary>A register has a new value, so what was written under it as a guard says nothing any more.</summary>
        public void Forget(PtxRegister guard)
        {
            foreach (PtxRegister register in _guards.Where(pair => pair.Value.Guard == guard).Select(static pair => pair.Key).ToArray())
            {
                _guards.Remove(register);
            }
        }
    }
}
