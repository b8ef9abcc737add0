namespace Engine.Gpu;

/// <summary>
/// Recording by stream capture. The captured stream is never the one that carries out work: the host may own that one, it may be the default
/// stream, which cannot be captured, and other threads' work goes on in it undisturbed: only the thread that began records.
/// </summary>
internal sealed unsafe partial class CudaDriver
{
    private readonly Lock _recordingLock = new();
    private nint _captureStream;
    private volatile int _recordingThread;
    private int _recordedLaunches;

    /// <summary>Whether the work of this thread is recorded.</summary>
    private bool IsRecordedHere => _recordingThread is var thread && thread != 0 && thread == Environment.CurrentManagedThreadId;

    /// <summary>Where this thread's launches, copies and clears go now.</summary>
    private nint WorkStream => IsRecordedHere ? _captureStream : _stream;

    /// <inheritdoc/>
    public override void BeginRecording()
    {
        lock (_recordingLock)
        {
            if (_recordingThread != 0)
            {
                throw new InvalidOperationException("A recording is already under way on this device; end it or abort it first.");
            }

            using CudaContext.Scope scope = Enter();
            if (_captureStream == 0)
            {
                nint stream;
                _context.Check(_api.cuStreamCreate(&stream, NonBlockingStream));
                _captureStream = stream;
            }

            // Relaxed: other threads may allocate, load kernels and wait meanwhile.
            _context.Check(_api.cuStreamBeginCapture_v2(_captureStream, CudaCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED));
            _recordedLaunches = 0;
            _recordingThread = Environment.CurrentManagedThreadId;
        }
    }

    /// <inheritdoc/>
    public override GpuRecording EndRecording()
    {
        lock (_recordingLock)
        {
            if (_recordingThread == 0)
            {
                throw new InvalidOperationException("No recording is under way on this device.");
            }

            _recordingThread = 0;
            using CudaContext.Scope scope = Enter();
            nint graph = 0;
            nint executable = 0;
            _context.Check(_api.cuStreamEndCapture(_captureStream, &graph));
            CudaResult result = _api.cuGraphInstantiateWithFlags is not null
                ? _api.cuGraphInstantiateWithFlags(&executable, graph, 0)
                : _api.cuGraphInstantiate_v2(&executable, graph, null, null, 0);
            _ = _api.cuGraphDestroy(graph);
            _context.Check(result, "cuGraphInstantiate");
            return new CudaRecording(_context, _stream, executable, _recordedLaunches);
        }
    }

    /// <inheritdoc/>
    public override void AbortRecording()
    {
        lock (_recordingLock)
        {
            if (_recordingThread == 0)
            {
                return;
            }

            _recordingThread = 0;
            if (_context.TryEnter(out CudaContext.Scope scope))
            {
                nint graph = 0;
                if (_api.cuStreamEndCapture(_captureStream, &graph) == CudaResult.CUDA_SUCCESS && graph != 0)
                {
                    _ = _api.cuGraphDestroy(graph);
                }
            }

            scope.Dispose();
        }
    }

    private void RefuseWhileRecording(string what)
    {
        if (IsRecordedHere)
        {
            throw new InvalidOperationException($"A recording is under way: nothing can be {what} before it ends, because recorded work has not run yet.");
        }
    }
}

/// <summary>A CUDA graph, ready to be launched.</summary>
internal sealed class CudaRecording(CudaContext context, nint stream, nint executable, int launches) : GpuRecording
{
    private nint _executable = executable;

    /// <inheritdoc/>
    public override int Launches => launches;

    /// <inheritdoc/>
    public override unsafe void Replay()
    {
        ObjectDisposedException.ThrowIf(_executable == 0, this);
        using CudaContext.Scope scope = context.Enter();
        context.NoteKernel($"a recording of {launches} kernels");
        context.Check(context.Api.cuGraphLaunch(_executable, stream));
    }

    /// <inheritdoc/>
    public override unsafe void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _executable, 0);
        if (handle != 0)
        {
            if (context.TryEnter(out CudaContext.Scope scope))
            {
                _ = context.Api.cuGraphExecDestroy(handle);
            }

            scope.Dispose();
        }
    }
}
