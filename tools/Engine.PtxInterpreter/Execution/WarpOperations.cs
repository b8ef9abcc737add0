namespace Engine.PtxInterpreter;

/// <summary>An instruction that warps of 32 threads carry out together.</summary>
internal abstract unsafe class WarpOperation : Operation
{
    public const int Size = 32;

    public override void Execute(Block block)
    {
        int j = 0;
        while (j < block.Count)
        {
            int first = block.ActiveThread(j);
            int warp = first / Size;
            uint active = 0;
            while (j < block.Count && block.ActiveThread(j) / Size == warp)
            {
                active |= 1u << (block.ActiveThread(j) % Size);
                j++;
            }

            Execute(block, warp * Size, active);
        }
    }

    /// <summary>Carries it out for the active lanes of one warp.</summary>
    /// <param name="block">The block.</param>
    /// <param name="first">The thread in lane 0.</param>
    /// <param name="active">One bit per active lane.</param>
    protected abstract void Execute(Block block, int first, uint active);

    /// <summary>The lanes named by the members' mask must be exactly those that are here; lanes that have exited may be named too.</summary>
    protected static void CheckMembers(Block block, int first, uint active, uint* masks)
    {
        uint live = block.LiveLanes(first);
        for (uint lanes = active; lanes != 0; lanes &= lanes - 1)
        {
            int thread = first + System.Numerics.BitOperations.TrailingZeroCount(lanes);
            if ((masks[thread] & live) != active)
            {
                block.Fault(PtxFaultKind.DivergentWarp, thread, $"names the lanes 0x{masks[thread]:x8} as members, but 0x{active:x8} are here");
            }
        }
    }

    /// <summary>All lanes of the warp must be here.</summary>
    protected static void CheckWhole(Block block, int first, uint active)
    {
        if (active != uint.MaxValue)
        {
            block.Fault(PtxFaultKind.DivergentWarp, first + System.Numerics.BitOperations.TrailingZeroCount(active), $"needs the whole warp, but only the lanes 0x{active:x8} are here");
        }
    }
}

/// <summary>An instruction for which the lanes of a warp that a mask names wait.</summary>
internal abstract class MemberOperation : WarpOperation
{
    /// <param name="members">The column of the mask.</param>
    protected MemberOperation(int members) => Members = members;
}

/// <summary>bar.warp.sync: what the lanes of a warp did to shared memory before is ordered before what they do next.</summary>
internal sealed unsafe class WarpBarrier(int members) : MemberOperation(members)
{
    protected override void Execute(Block block, int first, uint active)
    {
        CheckMembers(block, first, active, (uint*)(block.Frame + Members));
        if (active != block.LiveLanes(first))
        {
            block.Fault(PtxFaultKind.DivergentWarp, first + System.Numerics.BitOperations.TrailingZeroCount(active), $"only the lanes 0x{active:x8} wait; barriers for a part of a warp are not modelled");
        }

        block.Shared.OrderWarp(first / Size);
    }
}

internal enum ShuffleMode : byte
{
    Up,
    Down,
    Butterfly,
    Index,
}

/// <summary>shfl.sync: each lane reads a register of another one.</summary>
internal sealed unsafe class Shuffle(ShuffleMode mode, int d, int predicate, int a, int b, int clamp, int members) : MemberOperation(members)
{
    protected override void Execute(Block block, int first, uint active)
    {
        CheckMembers(block, first, active, (uint*)(block.Frame + Members));
        uint* values = stackalloc uint[Size];
        uint* from = (uint*)(block.Frame + a) + first;
        for (int lane = 0; lane < Size && first + lane < block.Threads; lane++)
        {
            values[lane] = from[lane];
        }

        for (int lane = 0; lane < Size; lane++)
        {
            if ((active >> lane & 1) == 0)
            {
                continue;
            }

            int thread = first + lane;
            uint control = ((uint*)(block.Frame + clamp))[thread];
            int offset = (int)(((uint*)(block.Frame + b))[thread] & 31);
            int limit = (int)(control & 31);
            int segment = (int)((control >> 8) & 31);
            int highest = (lane & segment) | (limit & ~segment);
            int lowest = lane & segment;
            (int source, bool inside) = mode switch
            {
                ShuffleMode.Up => (lane - offset, lane - offset >= highest),
                ShuffleMode.Down => (lane + offset, lane + offset <= highest),
                ShuffleMode.Butterfly => (lane ^ offset, (lane ^ offset) <= highest),
                _ => (lowest | (offset & ~segment), (lowest | (offset & ~segment)) <= highest),
            };
            source = inside ? source : lane;
            if ((active >> source & 1) == 0)
            {
                block.Fault(PtxFaultKind.DivergentWarp, thread, $"reads lane {source}, which is not here");
            }

            if (d >= 0)
            {
                ((uint*)(block.Frame + d))[thread] = values[source];
            }

            if (predicate >= 0)
            {
                block.Frame[predicate + thread] = inside ? (byte)1 : (byte)0;
            }
        }
    }
}

internal enum VoteMode : byte
{
    All,
    Any,
    Uniform,
    Ballot,
}

/// <summary>vote.sync: a predicate of all members, or one bit of each.</summary>
internal sealed unsafe class Vote(VoteMode mode, int d, int source, bool negated, int members) : MemberOperation(members)
{
    protected override void Execute(Block block, int first, uint active)
    {
        CheckMembers(block, first, active, (uint*)(block.Frame + Members));
        uint ballot = 0;
        for (int lane = 0; lane < Size; lane++)
        {
            if ((active >> lane & 1) != 0 && (block.Frame[source + first + lane] != 0) != negated)
            {
                ballot |= 1u << lane;
            }
        }

        bool holds = mode switch
        {
            VoteMode.All => ballot == active,
            VoteMode.Any => ballot != 0,
            _ => ballot == 0 || ballot == active,
        };
        for (uint lanes = active; lanes != 0; lanes &= lanes - 1)
        {
            int thread = first + System.Numerics.BitOperations.TrailingZeroCount(lanes);
            if (mode == VoteMode.Ballot)
            {
                ((uint*)(block.Frame + d))[thread] = ballot;
            }
            else
            {
                block.Frame[d + thread] = holds ? (byte)1 : (byte)0;
            }
        }
    }
}

/// <summary>The lanes that are here.</summary>
internal sealed unsafe class ActiveMask(int d) : WarpOperation
{
    protected override void Execute(Block block, int first, uint active)
    {
        for (uint lanes = active; lanes != 0; lanes &= lanes - 1)
        {
            ((uint*)(block.Frame + d))[first + System.Numerics.BitOperations.TrailingZeroCount(lanes)] = active;
        }
    }
}
