namespace Engine.Gpu;

internal enum RecordedCommandKind : byte
{
    Launch,
    Copy,
    Clear,
}

/// <summary>A command of an OpenCL queue with all that it needs.</summary>
internal readonly struct RecordedCommand
{
    private RecordedCommand(RecordedCommandKind kind) => Kind = kind;

    public RecordedCommandKind Kind { get; }

    /// <summary>Of a launch: a kernel object whose arguments are set.</summary>
    public nint Kernel { get; private init; }

    public string? KernelName { get; private init; }

    public GroupShape Group { get; private init; }

    public LaunchGrid Grid { get; private init; }

    /// <summary>Of a launch: the buffers among its arguments, which the kernel object does not keep alive.</summary>
    public nint[]? Buffers { get; private init; }

    public nint Source { get; private init; }

    public long SourceOffset { get; private init; }

    public nint Destination { get; private init; }

    public long DestinationOffset { get; private init; }

    public long Bytes { get; private init; }

    public static RecordedCommand Launch(KernelSource source, nint kernel, LaunchGrid grid, nint[] buffers) =>
        new(RecordedCommandKind.Launch) { Kernel = kernel, KernelName = source.Name, Group = source.Group, Grid = grid, Buffers = buffers };

    public static RecordedCommand Copy(nint source, long sourceOffset, nint destination, long destinationOffset, long bytes) =>
        new(RecordedCommandKind.Copy) { Source = source, SourceOffset = sourceOffset, Destination = destination, DestinationOffset = destinationOffset, Bytes = bytes };

    public static RecordedCommand Clear(nint handle, long offset, long bytes) =>
        new(RecordedCommandKind.Clear) { Destination = handle, DestinationOffset = offset, Bytes = bytes };
}
