namespace Engine.Gpu;

/// <summary>The commands of a recording under way; their memory is held from the moment they are added.</summary>
internal sealed unsafe class RecordingBuilder(ClApi api)
{
    private readonly List<RecordedCommand> _commands = [];

    public RecordedCommand[] Commands => [.. _commands];

    public void Add(in RecordedCommand command)
    {
        foreach (nint buffer in BuffersOf(command))
        {
            _ = api.clRetainMemObject(buffer);
        }

        _commands.Add(command);
    }

    /// <summary>Releases the objects of an unfinished recording.</summary>
    public void Release() => Release(api, Commands);

    /// <summary>Gives back the kernel objects and the memory of commands.</summary>
    public static void Release(ClApi api, ReadOnlySpan<RecordedCommand> commands)
    {
        foreach (ref readonly RecordedCommand command in commands)
        {
            if (command.Kernel != 0)
            {
                _ = api.clReleaseKernel(command.Kernel);
            }

            foreach (nint buffer in BuffersOf(command))
            {
                _ = api.clReleaseMemObject(buffer);
            }
        }
    }

    private static nint[] BuffersOf(in RecordedCommand command) => command.Kind switch
    {
        RecordedCommandKind.Launch => command.Buffers!,
        RecordedCommandKind.Copy => [command.Source, command.Destination],
        _ => [command.Destination],
    };
}
