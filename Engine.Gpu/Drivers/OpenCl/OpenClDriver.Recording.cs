namespace Engine.Gpu;

internal sealed unsafe partial class OpenClDriver
{
    private volatile RecordingBuilder? _recording;
    private volatile int _recordingThread;

    /// <summary>The recording that takes this thread's launches, copies and clears instead of the queue. Work of other threads goes to the queue.</summary>
    private RecordingBuilder? Recording => _recording is { } recording && _recordingThread == Environment.CurrentManagedThreadId ? recording : null;

    /// <inheritdoc/>
    public override void BeginRecording()
    {
        Enter();
        lock (_lock)
        {
            if (_recording is not null)
            {
                throw new InvalidOperationException($"{Description}: a recording is already under way.");
            }

            _recordingThread = Environment.CurrentManagedThreadId;
            _recording = new RecordingBuilder(_api);
        }
    }

    /// <inheritdoc/>
    public override GpuRecording EndRecording()
    {
        Enter();
        lock (_lock)
        {
            RecordingBuilder recording = _recording ?? throw new InvalidOperationException($"{Description}: no recording is under way.");
            _recording = null;
            return new OpenClRecording(this, recording.Commands);
        }
    }

    /// <inheritdoc/>
    public override void AbortRecording()
    {
        lock (_lock)
        {
            _recording?.Release();
            _recording = null;
        }
    }

    /// <summary>Carries recorded commands out in one go.</summary>
    internal void Replay(ReadOnlySpan<RecordedCommand> commands)
    {
        EnterUnrecorded("a replay");
        lock (_lock)
        {
            foreach (ref readonly RecordedCommand command in commands)
            {
                Enqueue(command);
            }

            Check(_api.clFlush(_queue), "clFlush");
        }
    }

    private void Enqueue(in RecordedCommand command)
    {
        switch (command.Kind)
        {
            case RecordedCommandKind.Launch:
                _lastKernel = command.KernelName!;
                EnqueueLaunch(command.Kernel, command.Group, command.Grid);
                break;
            case RecordedCommandKind.Copy:
                EnqueueCopy(command);
                break;
            default:
                EnqueueClear(command);
                break;
        }

        CountCommand();
    }

    /// <summary>A launch with a kernel object of its own, which keeps its arguments, so that a replay sets none.</summary>
    private RecordedCommand Bind(OpenClKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        int code;
        nint handle = CreateKernel(kernel.Program, kernel.Source.Name, &code);
        Check(code, "clCreateKernel");
        try
        {
            SetArguments(handle, arguments);
        }
        catch (EngineException)
        {
            _ = _api.clReleaseKernel(handle);
            throw;
        }

        List<nint> buffers = [];
        foreach (ref readonly KernelArgument argument in arguments)
        {
            if (argument.Kind is ArgumentKind.Buffer or ArgumentKind.Memory && argument.Handle != 0)
            {
                buffers.Add(argument.Handle);
            }
        }

        return RecordedCommand.Launch(kernel.Source, handle, grid, [.. buffers]);
    }
}
