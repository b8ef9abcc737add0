namespace Engine.Gpu.Tests;

/// <summary>A driver that computes nothing: it notes what reaches it and compiles when the test lets it.</summary>
internal sealed class ScriptedDriver : GpuDriver
{
    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private long _lastHandle;

    /// <summary>Stands in for the compiler; it may wait or throw.</summary>
    public Action<KernelSource> Compiling { get; set; } = static _ => { };

    /// <summary>Called with the first byte of an upload before it is noted; it may throw.</summary>
    public Action<byte> Uploading { get; set; } = static _ => { };

    /// <summary>Called with the block of a download; it may throw.</summary>
    public Action<nint> Downloading { get; set; } = static _ => { };

    /// <summary>What came, in order: the constants of launched kernels as text, uploads with their first byte, and so on.</summary>
    public string[] Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    public GpuTarget Limits { get; init; } = new() { Api = GpuApi.OpenCl, ComputeUnits = 4, SharedBytes = 32 << 10 };

    public override GpuTarget Target => Limits;

    public override string Description => "scripted";

    public override string Identity => "scripted";

    public override long TotalMemory => 1 << 20;

    public override bool TryAllocate(long bytes, out nint handle)
    {
        handle = (nint)Interlocked.Add(ref _lastHandle, 256);
        return true;
    }

    public override void Free(nint handle) => Note($"free {handle}");

    public override void Upload(ReadOnlySpan<byte> source, nint handle, long offset)
    {
        Uploading(source[0]);
        Note($"upload {source[0]}");
    }

    public override void Download(nint handle, long offset, Span<byte> destination)
    {
        Downloading(handle);
        Note("download");
    }

    public override void Copy(nint source, long sourceOffset, nint destination, long destinationOffset, long bytes) => Note("copy");

    public override void Clear(nint handle, long offset, long bytes) => Note("clear");

    public override CompiledKernel Compile(KernelSource source)
    {
        Compiling(source);
        return new Compiled(source);
    }

    public override CompiledKernel? TryLoad(KernelSource source, ReadOnlySpan<byte> binary) => HasBinaries ? new Compiled(source) : null;

    /// <summary>Whether it gives binaries, and takes them back.</summary>
    public bool HasBinaries { get; init; }

    public override byte[] GetBinary(CompiledKernel kernel) => HasBinaries ? [1, 2, 3] : [];

    public override void Launch(CompiledKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments) => Note($"{kernel.Source.Name} {(arguments.IsEmpty ? 0 : arguments[0].Bits)}");

    public override void Synchronize() => Note("synchronize");

    public override GpuEvent RecordEvent() => throw new NotSupportedException();

    public override void BeginRecording() => Note("begin");

    public override GpuRecording EndRecording() => throw new NotSupportedException();

    public override void AbortRecording() => Note("abort");

    protected override void Dispose(bool disposing) => Note("dispose");

    private void Note(string call)
    {
        lock (_lock)
        {
            _calls.Add(call);
        }
    }

    private sealed class Compiled(KernelSource source) : CompiledKernel(source);
}
