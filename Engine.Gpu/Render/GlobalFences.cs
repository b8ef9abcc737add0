namespace Engine.Gpu;

/// <summary>
/// The barriers at which accesses to global memory must have come to an end: those that can come after a write of the kernel, or after a read
/// of memory that it may write later. At all others only shared memory is waited for: some cards wait for every access under way at a fence
/// of global memory, and in the loops of products those are the reads of the next slice.
/// </summary>
internal static class GlobalFences
{
    /// <summary>Those of a kernel's body.</summary>
    public static HashSet<BarrierStatement> Of(Block body)
    {
        HashSet<BarrierStatement> fences = new(ReferenceEqualityComparer.Instance);
        Walk(body, hasTouched: false, fences);
        return fences;
    }

    /// <summary>Whether global memory may have been accessed at the end of a block, given whether it may have been at its beginning.</summary>
    private static bool Walk(Block block, bool hasTouched, HashSet<BarrierStatement> fences)
    {
        foreach (Statement statement in block.Statements)
        {
            switch (statement)
            {
                case ArriveStatement or AwaitStatement or StoreStatement { Memory.IsShared: false } or LoadStatement { Memory: { IsShared: false, IsReadOnly: false } }:
                    hasTouched = true;
                    break;
                case BarrierStatement barrier when hasTouched:
                    fences.Add(barrier);
                    break;
                case IfStatement branch:
                    bool then = Walk(branch.Then, hasTouched, fences);
                    hasTouched = (branch.Otherwise is { } otherwise && Walk(otherwise, hasTouched, fences)) || then || hasTouched;
                    break;
                case ForStatement loop:
                    // Twice: the barriers of a round come after the accesses of the round before it.
                    hasTouched = Walk(loop.Body, hasTouched, fences);
                    hasTouched = Walk(loop.Body, hasTouched, fences);
                    break;
            }
        }

        return hasTouched;
    }
}
