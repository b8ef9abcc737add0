using System.Collections.Concurrent;
using Engine.Gpu;

namespace Engine.PtxInterpreter;

/// <summary>What handles of the fake driver stand for.</summary>
internal abstract class FakeObject
{
    public nint Handle { get; set; }
}

internal sealed class FakeContext(FakeDevice device) : FakeObject
{
    public FakeDevice Device { get; } = device;

    public bool IsDestroyed { get; set; }

    /// <summary>Streams, events, modules and graphs that were made and not destroyed.</summary>
    public int LiveObjects { get; set; }

    /// <summary>The streams in the order in which they were made; held by who changes their work.</summary>
    public List<FakeStream> Streams { get; } = [];

    /// <summary>Pinned memory that was not freed.</summary>
    public HashSet<nint> Pinned { get; } = [];
}

internal abstract class FakeOwned(FakeContext context) : FakeObject
{
    public FakeContext Context { get; } = context;
}

/// <summary>Work is carried out in the order of the card (<see cref="FakeDevice.Order"/>), unless it is captured.</summary>
internal sealed class FakeStream(FakeContext context) : FakeOwned(context)
{
    /// <summary>What was put off, each with the mark that has to be passed before.</summary>
    public Queue<(Func<CudaResult> Run, FakeMark? Needs)> Pending { get; } = new();

    public List<Func<CudaResult>>? Captured { get; set; }

    /// <summary>Whether something was asked of the stream that a capture does not allow.</summary>
    public bool IsCaptureInvalid { get; set; }
}

/// <summary>A place in a stream's work.</summary>
internal sealed class FakeMark(FakeStream stream)
{
    public FakeStream Stream { get; } = stream;

    public bool IsPassed { get; set; }
}

internal sealed class FakeEvent(FakeContext context, bool hasTime) : FakeOwned(context)
{
    /// <summary>Where it was recorded last; null for never, or in the default stream.</summary>
    public FakeMark? Mark { get; set; }

    public bool HasTime { get; } = hasTime;

    public long Timestamp { get; set; }
}

internal sealed class FakeModule(FakeContext context, PtxModule module, string text) : FakeOwned(context)
{
    public List<FakeFunction> Functions { get; } = [];

    /// <summary>What each kernel takes, where an assembler is there to tell.</summary>
    public IReadOnlyDictionary<string, KernelResources>? Resources { get; init; }

    public Dictionary<string, FakeKernel> Kernels { get; } = module.Kernels.ToDictionary(kernel => kernel.Name, kernel => new FakeKernel(module, kernel, context.Device.Sampler is null ? "" : text));
}

/// <summary>An entry of a module, compiled for each shape of blocks that it is launched with.</summary>
internal sealed class FakeKernel
{
    // Only where blocks may have more than one shape.
    private readonly PtxModule? _module;
    private readonly ConcurrentDictionary<BlockShape, KernelProgram> _programs = new();

    public FakeKernel(PtxModule module, PtxKernel kernel, string text)
    {
        Text = text;
        First = KernelCompiler.Compile(module, kernel);
        _programs[First.Group] = First;
        (_module, Kernel) = kernel.RequiredGroup is null ? (module, kernel) : (null, kernel.WithoutBody());
    }

    /// <summary>The text of the module, where a sampler reads it.</summary>
    public string Text { get; }

    public PtxKernel Kernel { get; }

    /// <summary>Compiled when the module was loaded: what does not depend on the shape of blocks.</summary>
    public KernelProgram First { get; }

    public KernelProgram For(BlockShape group) => _programs.GetOrAdd(group, shape => KernelCompiler.Compile(_module!, Kernel, shape));

    /// <summary>Frees what is kept between launches.</summary>
    public void Clear()
    {
        foreach (KernelProgram program in _programs.Values)
        {
            program.Clear();
        }
    }
}

internal sealed class FakeFunction(FakeContext context, FakeKernel kernel) : FakeOwned(context)
{
    public FakeKernel Kernel { get; } = kernel;

    /// <summary>What it takes, where an assembler is there to tell.</summary>
    public KernelResources? Resources { get; init; }

    public int MaxDynamicSharedBytes { get; set; } = 48 * 1024;
}

internal sealed class FakeGraph(FakeContext context, IReadOnlyList<Func<CudaResult>> nodes) : FakeOwned(context)
{
    public IReadOnlyList<Func<CudaResult>> Nodes { get; } = nodes;
}

internal sealed class FakeGraphExecutable(FakeContext context, IReadOnlyList<Func<CudaResult>> nodes) : FakeOwned(context)
{
    public IReadOnlyList<Func<CudaResult>> Nodes { get; } = nodes;
}

internal sealed class FakeLink(FakeContext context, FakeLog log) : FakeOwned(context)
{
    public FakeLog Log { get; } = log;

    public string? Text { get; set; }

    /// <summary>The finished binary, in memory that the link owns.</summary>
    public nint Binary { get; set; }
}

/// <summary>The buffer that a caller gave for the compiler's complaints.</summary>
internal readonly unsafe struct FakeLog
{
    private readonly byte* _buffer;
    private readonly int _bytes;

    public FakeLog(uint count, CudaJitOption* options, void** values)
    {
        for (uint i = 0; i < count; i++)
        {
            if (options[i] == CudaJitOption.CU_JIT_ERROR_LOG_BUFFER)
            {
                _buffer = (byte*)values[i];
            }
            else if (options[i] == CudaJitOption.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
            {
                _bytes = (int)(nint)values[i];
            }
        }
    }

    public void Write(string message)
    {
        if (_buffer != null && _bytes > 0)
        {
            Span<byte> space = new(_buffer, _bytes);
            System.Text.Unicode.Utf8.FromUtf16(message, space[..^1], out _, out int written);
            space[written] = 0;
        }
    }
}
