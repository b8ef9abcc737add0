using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Engine.PtxInterpreter;

/// <summary>
/// The state of one block of threads: a column per register with one entry per thread, shared memory, and the group of threads that is
/// being carried out. A worker owns one and uses it for many blocks.
/// </summary>
internal sealed unsafe partial class Block : IDisposable
{
    /// <summary>Instructions that a block may take before it is taken to hang.</summary>
    private const long MaxSteps = 2_000_000_000;

    private readonly KernelProgram _program;
    private readonly int* _guardList;
    private readonly int* _groupList;
    private Operation _current;
    private bool _isResident;
    private bool _yields;

    public Block(KernelProgram program)
    {
        _program = program;
        _current = program.Operations[0];
        Threads = program.GroupSize;
        Frame = (byte*)NativeMemory.AlignedAlloc((nuint)program.FrameBytes, 64);
        new Span<byte>(Frame, program.FrameBytes).Clear();
        Ranges = (MemoryRange*)NativeMemory.AllocZeroed((nuint)Math.Max(1, program.MemoryOperations), (nuint)sizeof(MemoryRange));
        _guardList = (int*)NativeMemory.Alloc(1024, sizeof(int));
        _groupList = (int*)NativeMemory.Alloc(1024, sizeof(int));
        _counters = (int*)NativeMemory.Alloc(1024, sizeof(int));
        _states = (ThreadState*)NativeMemory.Alloc(1024, sizeof(ThreadState));
        Shared = new SharedMemory(this, program.SharedGranule, program.HasWarpBarriers, program.HasWarpgroups);
        Local = new LocalMemory(this, program);
        Copies = new AsyncCopies(this);
        Products = new WarpgroupProducts(this);
        program.FillConstants(Frame);
    }

    public int Threads { get; }

    /// <summary>All columns; an operand is a byte offset into it.</summary>
    public byte* Frame { get; }

    /// <summary>The active threads: <see cref="Count"/> from <see cref="Start"/> on, unless <see cref="List"/> names them.</summary>
    public int Start { get; private set; }

    public int Count { get; private set; }

    public int* List { get; private set; }

    /// <summary>Per instruction that touches global memory: the allocation that it touched last.</summary>
    public MemoryRange* Ranges { get; }

    public SharedMemory Shared { get; }

    public LocalMemory Local { get; }

    public AsyncCopies Copies { get; }

    public WarpgroupProducts Products { get; }

    public GlobalMemory Memory { get; private set; } = GlobalMemory.None;

    /// <summary>Set where accesses to global memory are watched for races.</summary>
    public GlobalRaces? Races { get; private set; }

    /// <summary>Whether branches that promise to be uniform must keep the promise.</summary>
    public bool WatchesUniformBranches { get; private set; }

    /// <summary>Parameters of the launch.</summary>
    public byte* Parameters { get; private set; }

    public (int X, int Y, int Z) Index { get; private set; }

    /// <summary>Threads times instructions so far.</summary>
    public long ThreadInstructions { get; private set; }

    /// <summary>Set to count what the operations do; slow.</summary>
    public BlockSample? Sample { get; set; }

    /// <summary>Says that a thread did wrong.</summary>
    [DoesNotReturn]
    public void Fault(PtxFaultKind kind, int thread, string what) =>
        throw new PtxFault(kind, _program.Name, _current.Line, Index, thread, what);

    /// <summary>A number of the thread that no other thread of the launch has.</summary>
    public uint GlobalThread(int thread)
    {
        (int x, int y, int _) = Grid;
        return (uint)((((((long)Index.Z * y) + Index.Y) * x) + Index.X) * Threads + thread);
    }

    private (int X, int Y, int Z) Grid { get; set; }

    /// <summary>Prepares for the blocks of a launch.</summary>
    public void Begin(Launch launch)
    {
        Memory = launch.Memory;
        Races = launch.Races;
        WatchesUniformBranches = launch.WatchesUniformBranches;
        Products.AreLost = launch.LosesProducts;
        Parameters = launch.Parameters;
        _isResident = launch.IsResident;
        Grid = launch.Grid;
        Shared.Resize(_program.SharedBytes, launch.DynamicSharedBytes);
        new Span<MemoryRange>(Ranges, _program.MemoryOperations).Clear();
        Fill(_program.SpecialSlot("%nctaid.x"), Grid.X);
        Fill(_program.SpecialSlot("%nctaid.y"), Grid.Y);
        Fill(_program.SpecialSlot("%nctaid.z"), Grid.Z);
        Fill(_program.SpecialSlot("%dynamic_smem_size"), launch.DynamicSharedBytes);
        ThreadInstructions = 0;
    }

    /// <summary>Carries out one block from its first instruction to the end of all of its threads.</summary>
    public void Run((int X, int Y, int Z) index)
    {
        Enter(index);
        Continue();
    }

    /// <summary>Lets the other blocks of the launch go on, where they run at the same time.</summary>
    public void Yield() => _yields = _isResident;

    /// <summary>Goes to the first instruction of a block.</summary>
    public void Enter((int X, int Y, int Z) index)
    {
        Index = index;
        Fill(_program.SpecialSlot("%ctaid.x"), index.X);
        Fill(_program.SpecialSlot("%ctaid.y"), index.Y);
        Fill(_program.SpecialSlot("%ctaid.z"), index.Z);
        foreach (int slot in _program.TrackedSlots)
        {
            new Span<byte>(Frame + slot, Threads).Clear();
        }

        Shared.Reset();
        Local.Reset();
        Copies.Reset();
        Products.Reset();
        Restart();
    }

    /// <summary>Carries out instructions until the block yields or all of its threads have ended.</summary>
    /// <returns>Whether they have ended.</returns>
    public bool Continue()
    {
        Operation[] operations = _program.Operations;
        long steps = 0;
        long done = 0;
        _yields = false;
        while (_live > 0 && !_yields)
        {
            Operation operation = operations[_next++];
            _current = operation;
            if (operation.Members >= 0 && !IsWhole && !Gather(operation))
            {
                continue;
            }

            done += Count;
            if (Sample is { } sample)
            {
                CountOperation(sample, operation, _next - 1);
            }

            if (operation.Guard < 0 || operation.IsControl)
            {
                operation.Execute(this);
            }
            else
            {
                ExecuteGuarded(operation);
            }

            if (_next >= _nextOther)
            {
                Park();
            }

            if (++steps > MaxSteps)
            {
                Fault(PtxFaultKind.Endless, ActiveThread(0), $"{MaxSteps} instructions and no end");
            }
        }

        ThreadInstructions += done;
        return _live == 0;
    }

    /// <summary>Counts an operation that is about to be carried out for the active threads.</summary>
    private void CountOperation(BlockSample sample, Operation operation, int number)
    {
        sample.Issues[number] += (Count + WarpOperation.Size - 1) / WarpOperation.Size;
        if (operation.Access is not { } access)
        {
            return;
        }

        Span<ulong> addresses = stackalloc ulong[WarpOperation.Size];
        int taken = 0, warp = -1;
        for (int j = 0; j < Count; j++)
        {
            int thread = ActiveThread(j);
            if (thread / WarpOperation.Size != warp)
            {
                sample.Bytes[number] += taken == 0 ? 0 : MemoryTraffic.Of(addresses[..taken], access.Bytes, access.IsShared);
                (taken, warp) = (0, thread / WarpOperation.Size);
            }

            bool takesPart = operation.Guard < 0 || Frame[operation.Guard + thread] == (operation.GuardNegated ? 0 : 1);
            if (takesPart)
            {
                ulong address = access.Address.At(this, thread);
                addresses[taken++] = address;
                if (operation.WritesGlobal && Memory.Contains((nint)address, (ulong)access.Bytes))
                {
                    sample.Keep(address, access.Bytes);
                }
            }
        }

        sample.Bytes[number] += taken == 0 ? 0 : MemoryTraffic.Of(addresses[..taken], access.Bytes, access.IsShared);
    }

    public int ActiveThread(int i) => List == null ? Start + i : List[i];

    /// <summary>Narrows the active threads to those whose predicate holds; false if none is left. <see cref="Widen"/> undoes it.</summary>
    private void ExecuteGuarded(Operation operation)
    {
        int start = Start;
        int count = Count;
        int* list = List;
        byte* guard = Frame + operation.Guard;
        byte wanted = operation.GuardNegated ? (byte)0 : (byte)1;
        if (list == null)
        {
            ReadOnlySpan<byte> values = new(guard + start, count);
            int first = values.IndexOf(wanted);
            if (first < 0)
            {
                return;
            }

            int last = values.LastIndexOf(wanted);
            if (!values[first..(last + 1)].ContainsAnyExcept(wanted))
            {
                Start = start + first;
                Count = last - first + 1;
            }
            else
            {
                int n = 0;
                for (int i = start + first; i <= start + last; i++)
                {
                    _guardList[n] = i;
                    n += guard[i] == wanted ? 1 : 0;
                }

                Count = n;
                List = _guardList;
            }
        }
        else
        {
            int n = 0;
            for (int i = 0; i < count; i++)
            {
                _guardList[n] = list[i];
                n += guard[list[i]] == wanted ? 1 : 0;
            }

            if (n == 0)
            {
                return;
            }

            Count = n;
            List = _guardList;
        }

        operation.Execute(this);
        Start = start;
        Count = count;
        List = list;
    }

    private void Fill(int slot, int value)
    {
        if (slot >= 0)
        {
            new Span<int>(Frame + slot, Threads).Fill(value);
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Frame);
        NativeMemory.Free(Ranges);
        NativeMemory.Free(_guardList);
        NativeMemory.Free(_groupList);
        NativeMemory.Free(_counters);
        NativeMemory.Free(_states);
        Shared.Dispose();
        Local.Dispose();
    }
}

/// <summary>An allocation: its first byte and the one after its last.</summary>
internal struct MemoryRange
{
    public ulong Start;
    public ulong End;
}
