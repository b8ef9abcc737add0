namespace Engine.PtxInterpreter;

/// <summary>An instruction that warpgroups, four warps each, carry out together.</summary>
internal abstract class WarpgroupOperation : Operation
{
    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j += WarpgroupProducts.Size)
        {
            int first = block.ActiveThread(j), last = j + WarpgroupProducts.Size - 1;
            if (first % WarpgroupProducts.Size != 0 || last >= block.Count || block.ActiveThread(last) != first + WarpgroupProducts.Size - 1)
            {
                block.Fault(PtxFaultKind.DivergentWarp, first, "needs whole warpgroups, and some of their threads are not here");
            }

            Execute(block, first);
        }
    }

    /// <summary>Carries it out for one warpgroup.</summary>
    protected abstract void Execute(Block block, int first);
}

/// <summary>wgmma.fence.</summary>
internal sealed class WarpgroupFence : WarpgroupOperation
{
    protected override void Execute(Block block, int first) => block.Products.Fence(first);
}

/// <summary>wgmma.commit_group.</summary>
internal sealed class WarpgroupCommit : WarpgroupOperation
{
    protected override void Execute(Block block, int first) => block.Products.Commit(first);
}

/// <summary>wgmma.wait_group.</summary>
internal sealed class WarpgroupWait(int latest) : WarpgroupOperation
{
    protected override void Execute(Block block, int first) => block.Products.Wait(first, latest);
}

/// <summary>wgmma.mma_async, the first factor in shared memory (one register names it) or in four registers.</summary>
internal sealed unsafe class WarpgroupMultiply(
    MatrixFormat format, MatrixShape shape, int[] sums, int[] a, int b, (int Slot, bool Negated) isSum, bool isATransposed, bool isBTransposed) : WarpgroupOperation
{
    protected override void Execute(Block block, int first)
    {
        WarpgroupFactor left = a.Length > 1
            ? new(null, new RegisterMatrix(format, a).Take(block, first))
            : new(new SharedMatrix(block, first, Uniform(block, first, a[0]), format, isATransposed), null);
        SharedMatrix right = new(block, first, Uniform(block, first, b), format, isBTransposed);
        byte* adds = block.Frame + isSum.Slot + first;
        for (int thread = 1; thread < WarpgroupProducts.Size; thread++)
        {
            if (adds[thread] != adds[0])
            {
                block.Fault(PtxFaultKind.DivergentWarp, first + thread, "scales the sums otherwise than the first thread of its warpgroup");
            }
        }

        block.Products.Begin(first, shape, sums, left, right, (adds[0] != 0) != isSum.Negated);
    }

    private static ulong Uniform(Block block, int first, int slot)
    {
        ulong* values = (ulong*)(block.Frame + slot) + first;
        for (int thread = 1; thread < WarpgroupProducts.Size; thread++)
        {
            if (values[thread] != values[0])
            {
                block.Fault(PtxFaultKind.BadDescriptor, first + thread, $"names a matrix by 0x{values[thread]:x16}, the first thread of its warpgroup by 0x{values[0]:x16}");
            }
        }

        return values[0];
    }
}

/// <summary>fence.proxy.async: what the thread wrote to shared memory is seen by the units that multiply and copy by themselves, once a barrier has followed.</summary>
internal sealed class ProxyFence : Operation
{
    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j++)
        {
            block.Shared.FenceProxy(block.ActiveThread(j));
        }
    }
}
