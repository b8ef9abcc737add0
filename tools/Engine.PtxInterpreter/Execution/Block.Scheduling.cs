namespace Engine.PtxInterpreter;

/// <summary>
/// Which threads run. As long as all take the same way there is one group and no bookkeeping; after a divergent branch each thread has
/// a program counter, and those with the smallest one run until they reach the next smallest, which brings them together again where
/// structured code comes together.
/// </summary>
internal sealed unsafe partial class Block
{
    private enum ThreadState : byte
    {
        Running,
        AtBarrier,
        AtWarp,
        Exited,
    }

    private readonly int* _counters;
    private readonly ThreadState* _states;

    /// <summary>The active group's next instruction.</summary>
    private int _next;

    /// <summary>The smallest next instruction of runnable threads outside of the active group.</summary>
    private int _nextOther;

    /// <summary>Threads that have not exited.</summary>
    private int _live;

    /// <summary>Whether all threads of the block are active.</summary>
    private bool IsWhole => Count == Threads;

    /// <summary>Sends the threads whose guard holds to a target.</summary>
    public void Branch(int target, int guard, bool negated, bool isUniform)
    {
        if (guard < 0)
        {
            _next = target;
            return;
        }

        byte* values = Frame + guard;
        byte wanted = negated ? (byte)0 : (byte)1;
        int taken = 0;
        if (List == null)
        {
            taken = new ReadOnlySpan<byte>(values + Start, Count).Count(wanted);
        }
        else
        {
            for (int i = 0; i < Count; i++)
            {
                taken += values[List[i]] == wanted ? 1 : 0;
            }
        }

        if (taken == Count)
        {
            _next = target;
        }
        else if (taken > 0)
        {
            for (int i = 0; i < Count; i++)
            {
                int thread = ActiveThread(i);
                _counters[thread] = values[thread] == wanted ? target : _next;
            }

            CheckUniform(isUniform);
            Choose();
        }
    }

    /// <summary>Sends each active thread to one of several targets.</summary>
    public void Branch(int[] targets, int index, bool isUniform)
    {
        uint* numbers = (uint*)(Frame + index);
        for (int i = 0; i < Count; i++)
        {
            int thread = ActiveThread(i);
            if (numbers[thread] >= (uint)targets.Length)
            {
                Fault(PtxFaultKind.OutOfBounds, thread, $"branches to target {numbers[thread]} of {targets.Length}");
            }

            _counters[thread] = targets[numbers[thread]];
        }

        CheckUniform(isUniform);
        Choose();
    }

    /// <summary>Where branches are watched: the active threads of each warp must all go the same way after one that promises it.</summary>
    private void CheckUniform(bool isUniform)
    {
        for (int i = 1; isUniform && WatchesUniformBranches && i < Count; i++)
        {
            (int before, int thread) = (ActiveThread(i - 1), ActiveThread(i));
            if (before / WarpOperation.Size == thread / WarpOperation.Size && _counters[before] != _counters[thread])
            {
                Fault(PtxFaultKind.DivergentBranch, thread, $"goes another way than thread {before} of its warp at a branch that promises to be uniform");
            }
        }
    }

    /// <summary>Ends the threads whose guard holds.</summary>
    public void Exit(int guard, bool negated)
    {
        byte* values = Frame + guard;
        byte wanted = negated ? (byte)0 : (byte)1;
        for (int i = 0; i < Count; i++)
        {
            int thread = ActiveThread(i);
            _counters[thread] = _next;
            if (guard < 0 || values[thread] == wanted)
            {
                _states[thread] = ThreadState.Exited;
                _live--;
            }
        }

        if (_live > 0)
        {
            Choose();
        }
    }

    /// <summary>The active threads wait for all others.</summary>
    public void Barrier()
    {
        if (IsWhole)
        {
            Shared.NextEpoch();
            Races?.NextEpoch(this);
            _program.Operations[_next - 1].EndBarrier(this);
            return;
        }

        for (int i = 0; i < Count; i++)
        {
            int thread = ActiveThread(i);
            _counters[thread] = _next;
            _states[thread] = ThreadState.AtBarrier;
        }

        Choose();
    }

    private void Restart()
    {
        _next = 0;
        _nextOther = int.MaxValue;
        _live = Threads;
        Start = 0;
        Count = Threads;
        List = null;
        new Span<ThreadState>(_states, Threads).Clear();
    }

    /// <summary>The active group has reached or passed other threads: choose anew.</summary>
    private void Park()
    {
        for (int i = 0; i < Count; i++)
        {
            _counters[ActiveThread(i)] = _next;
        }

        Choose();
    }

    private void Choose()
    {
        int smallest = int.MaxValue;
        int second = int.MaxValue;
        for (int thread = 0; thread < Threads; thread++)
        {
            int counter = _counters[thread];
            if (_states[thread] != ThreadState.Running || counter == smallest)
            {
                continue;
            }

            if (counter < smallest)
            {
                second = smallest;
                smallest = counter;
            }
            else if (counter < second)
            {
                second = counter;
            }
        }

        if (smallest == int.MaxValue)
        {
            ReleaseBarrier();
            return;
        }

        int n = 0;
        for (int thread = 0; thread < Threads; thread++)
        {
            _groupList[n] = thread;
            n += _states[thread] == ThreadState.Running && _counters[thread] == smallest ? 1 : 0;
        }

        Count = n;
        Start = _groupList[0];
        List = _groupList[n - 1] - Start + 1 == n ? null : _groupList;
        _next = smallest;
        _nextOther = second;
    }

    /// <summary>Nobody runs any more: all must have come to the same barrier, or some would wait for ever.</summary>
    private void ReleaseBarrier()
    {
        for (int thread = 0; thread < Threads; thread++)
        {
            if (_states[thread] == ThreadState.AtWarp)
            {
                FaultMembers(thread);
            }
        }

        int waiting = -1;
        for (int thread = 0; thread < Threads && waiting < 0; thread++)
        {
            waiting = _states[thread] == ThreadState.AtBarrier ? thread : -1;
        }

        for (int thread = 0; thread < Threads; thread++)
        {
            if (_states[thread] == ThreadState.Exited)
            {
                Fault(PtxFaultKind.DivergentBarrier, waiting, $"waits at the barrier of line {LineBefore(waiting)}, but thread {thread} has exited");
            }

            if (_counters[thread] != _counters[waiting])
            {
                Fault(PtxFaultKind.DivergentBarrier, waiting, $"waits at the barrier of line {LineBefore(waiting)}, but thread {thread} waits at that of line {LineBefore(thread)}");
            }
        }

        int next = _counters[0];
        Restart();
        _next = next;
        Shared.NextEpoch();
        Races?.NextEpoch(this);
        _program.Operations[next - 1].EndBarrier(this);
    }

    private int LineBefore(int thread) => _program.Operations[_counters[thread] - 1].Line;
}
