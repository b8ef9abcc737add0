using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>
/// Launches of calls that do not rely on each other, kept back so that those with groups of one size go out as one (<see cref="PartsKernel"/>). Any other launch, and the end of
/// the calls, sends them.
/// </summary>
/// <remarks>It belongs to the thread that makes the calls. Memory that the kept launches read is held until they are sent.</remarks>
internal sealed class IndependentLaunches : IDisposable
{
    // More parts would be one kernel of the size of all, which takes long to compile.
    private const int MostParts = 5;

    [ThreadStatic]
    private static IndependentLaunches? s_current;

    [ThreadStatic]
    private static IndependentLaunches? s_spare;

    private readonly List<Entry> _entries = [];
    private readonly List<LaunchGrid> _grids = [];
    private readonly List<KernelArgument> _arguments = [];
    private readonly List<Tensor> _held = [];
    private GpuBackend _backend = null!;
    private int _depth;
    private int _argumentBytes;
    private int _counters;

    /// <summary>Those of this thread, if such calls are under way.</summary>
    public static IndependentLaunches? Current => s_current;

    /// <summary>Whose launches they are.</summary>
    public GpuBackend Backend => _backend;

    /// <summary>The work-items of a group that further launches should have; 0 while none is kept.</summary>
    public int GroupSize { get; private set; }

    /// <summary>Whether pointwise programs are among the calls.</summary>
    public bool HasMaps { get; private set; }

    /// <summary>Begins such calls, or goes on with those around.</summary>
    public static IndependentLaunches Begin(GpuBackend backend, bool hasMaps = false)
    {
        if (s_current is not { } current)
        {
            s_current = current = s_spare ?? new IndependentLaunches();
            s_spare = null;
            (current._backend, current.HasMaps) = (backend, hasMaps);
        }

        current._depth++;
        return current;
    }

    /// <summary>
    /// Sends what is kept and keeps nothing more until the result is disposed: for calls of several launches, whose memory must outlive the first of them, and for kernels that go
    /// together with no others. Null where nothing is kept anyway.
    /// </summary>
    public static IDisposable? Pause()
    {
        if (s_current is not { } current)
        {
            return null;
        }

        current.Send();
        s_current = null;
        return new Paused(current);
    }

    /// <summary>Keeps a launch.</summary>
    public void Add<TDefinition>(in TDefinition definition, int groupSize, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
        where TDefinition : struct, IKernelDefinition, IEquatable<TDefinition>
    {
        int bytes = BytesOf(arguments);
        if (_entries.Count == MostParts || (_entries.Count > 0 && (groupSize != GroupSize || _argumentBytes + bytes > _backend.Target.MaxArgumentBytes)))
        {
            Send();
        }

        GroupSize = groupSize;
        _argumentBytes += bytes;
        _entries.Add(new Entry<TDefinition>(definition));
        _grids.Add(grid);
        _arguments.AddRange(arguments);
    }

    /// <summary>Holds memory until the launches are sent.</summary>
    public void Hold(Tensor memory) => _held.Add(memory);

    /// <summary>The first of so many counters that no kept launch uses.</summary>
    public int TakeCounters(int count)
    {
        if (_counters + count > GroupCounters.Count)
        {
            Send();
        }

        int first = _counters;
        _counters += count;
        return first;
    }

    /// <summary>Sends what is kept.</summary>
    public void Send()
    {
        ReadOnlySpan<KernelArgument> all = CollectionsMarshal.AsSpan(_arguments);
        try
        {
            if (_entries.Count == 1)
            {
                _entries[0].Launch(_backend, _grids[0], all);
            }
            else if (_entries.Count > 1)
            {
                PartsKernel kernel = new(new PartList([.. _entries.Select(static entry => entry.Definition)], GroupSize));
                ArgumentList arguments = new(stackalloc KernelArgument[256]);
                LaunchGrid grid = PartsKernel.Bind(ref arguments, CollectionsMarshal.AsSpan(_grids));
                foreach (ref readonly KernelArgument argument in all)
                {
                    arguments.Add(argument);
                }

                _backend.LaunchNow(kernel, grid, arguments.Span);
            }
        }
        finally
        {
            Forget();
        }
    }

    /// <summary>Ends the calls; the outermost end sends what is kept.</summary>
    public void Dispose()
    {
        if (--_depth > 0)
        {
            return;
        }

        s_current = null;
        try
        {
            Send();
        }
        finally
        {
            _backend = null!;
            s_spare = this;
        }
    }

    private void Forget()
    {
        _entries.Clear();
        _grids.Clear();
        _arguments.Clear();
        (GroupSize, _argumentBytes, _counters) = (0, 0, 0);
        foreach (Tensor memory in _held)
        {
            memory.Dispose();
        }

        _held.Clear();
    }

    // With the grid's three numbers of each part.
    private static int BytesOf(ReadOnlySpan<KernelArgument> arguments)
    {
        const int Grid = 3 * sizeof(int);
        int bytes = Grid;
        foreach (ref readonly KernelArgument argument in arguments)
        {
            bytes += argument.Kind == ArgumentKind.Buffer ? 2 * sizeof(long) : sizeof(long);
        }

        return bytes;
    }

    private sealed class Paused(IndependentLaunches launches) : IDisposable
    {
        public void Dispose() => s_current = launches;
    }

    private abstract class Entry
    {
        public abstract IKernelDefinition Definition { get; }

        public abstract void Launch(GpuBackend backend, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments);
    }

    private sealed class Entry<TDefinition>(TDefinition definition) : Entry
        where TDefinition : struct, IKernelDefinition, IEquatable<TDefinition>
    {
        public override IKernelDefinition Definition => definition;

        public override void Launch(GpuBackend backend, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments) => backend.LaunchNow(definition, grid, arguments);
    }
}
