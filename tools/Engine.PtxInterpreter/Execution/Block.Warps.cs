using System.Numerics;

namespace Engine.PtxInterpreter;

/// <summary>
/// Warps that wait for themselves: an instruction that names lanes is carried out when all of them that have not exited are there. A lane that
/// is named, lives and never comes is an error, though a card may go on without it.
/// </summary>
internal sealed unsafe partial class Block
{
    /// <summary>The lanes of a warp that have not exited, one bit each.</summary>
    /// <param name="first">The thread in lane 0.</param>
    public uint LiveLanes(int first)
    {
        uint live = 0;
        for (int lane = 0; lane < WarpOperation.Size && first + lane < Threads; lane++)
        {
            live |= _states[first + lane] == ThreadState.Exited ? 0u : 1u << lane;
        }

        return live;
    }

    /// <summary>
    /// Parks the active lanes of warps that are not complete, and takes in the lanes that were parked here before.
    /// </summary>
    /// <returns>Whether the active threads may go on; if not, others were chosen.</returns>
    private bool Gather(Operation operation)
    {
        uint* members = (uint*)(Frame + operation.Members);
        int at = _next - 1;
        bool goesOn = true;
        int j = 0;
        while (j < Count)
        {
            int warp = ActiveThread(j) / WarpOperation.Size;
            int first = warp * WarpOperation.Size;
            uint active = 0, needed = 0, waiting = 0;
            for (; j < Count && ActiveThread(j) / WarpOperation.Size == warp; j++)
            {
                active |= 1u << (ActiveThread(j) - first);
                needed |= members[ActiveThread(j)];
            }

            for (int lane = 0; lane < WarpOperation.Size && first + lane < Threads; lane++)
            {
                waiting |= _states[first + lane] == ThreadState.AtWarp && _counters[first + lane] == at ? 1u << lane : 0;
            }

            bool isComplete = (needed & LiveLanes(first) & ~(active | waiting)) == 0;
            goesOn &= isComplete && waiting == 0;
            for (uint lanes = active | waiting; lanes != 0; lanes &= lanes - 1)
            {
                int thread = first + BitOperations.TrailingZeroCount(lanes);
                _counters[thread] = at;
                _states[thread] = isComplete ? ThreadState.Running : ThreadState.AtWarp;
            }
        }

        if (!goesOn)
        {
            Choose();
        }

        return goesOn;
    }

    private void FaultMembers(int thread)
    {
        _current = _program.Operations[_counters[thread]];
        int first = thread / WarpOperation.Size * WarpOperation.Size;
        uint here = 0;
        for (int lane = 0; lane < WarpOperation.Size && first + lane < Threads; lane++)
        {
            here |= _states[first + lane] == ThreadState.AtWarp && _counters[first + lane] == _counters[thread] ? 1u << lane : 0;
        }

        uint named = ((uint*)(Frame + _current.Members))[thread];
        Fault(PtxFaultKind.DivergentWarp, thread, $"names the lanes 0x{named:x8} as members, but 0x{here:x8} are here");
    }
}
