using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

/// <summary>A device with OpenCL 1.2 and one in-order queue on it.</summary>
/// <remarks>The context is made by the first call that needs it: on a card that takes a tenth of a second and memory that a host may not want to spend.</remarks>
internal sealed unsafe partial class OpenClDriver : GpuDriver
{
    /// <summary>Queues are flushed now and then, so that the device begins while the host still issues work.</summary>
    private const int CommandsBetweenFlushes = 32;

    private readonly ClApi _api;
    private readonly nint _device;
    private readonly Lock _lock = new();
    private readonly OpenClStagingRing _staging;
    private nint _context;
    private nint _queue;
    private int _commands;
    private string _lastKernel = "none";
    private string? _lossMessage;
    private volatile State _state;

    /// <summary>A device with a context of its own. <paramref name="target"/> replaces the limits that the device reports.</summary>
    public OpenClDriver(ClApi api, nint device, GpuTarget? target = null)
    {
        _api = api;
        _device = device;
        _staging = new OpenClStagingRing(this);
        Target = target ?? OpenClTarget.Read(api, device);
        string name = ClInfo.DeviceString(api, device, CL_DEVICE_NAME);
        string vendor = ClInfo.DeviceString(api, device, CL_DEVICE_VENDOR);
        string version = ClInfo.DeviceString(api, device, CL_DEVICE_VERSION);
        string driver = ClInfo.DeviceString(api, device, CL_DRIVER_VERSION);
        nint platform = ClInfo.Device<nint>(api, device, CL_DEVICE_PLATFORM);
        string platformVersion = ClInfo.PlatformString(api, platform, CL_PLATFORM_VERSION);
        TotalMemory = (long)Math.Min(ClInfo.Device<ulong>(api, device, CL_DEVICE_GLOBAL_MEM_SIZE), long.MaxValue);
        LargestBlock = (long)Math.Min(ClInfo.Device<ulong>(api, device, CL_DEVICE_MAX_MEM_ALLOC_SIZE), long.MaxValue);
        Description = $"{name} ({vendor}), {TotalMemory >> 20} MiB, {Target.ComputeUnits} compute units, {version}, driver {driver}";
        Identity = string.Join('|', "opencl", platformVersion, vendor, name, version, driver, BuildOptions);
    }

    /// <summary>A host's context and queue: references are taken and given back, nothing of the host's is ever freed.</summary>
    public OpenClDriver(ClApi api, nint context, nint device, nint queue, GpuTarget? target = null)
        : this(api, device, target)
    {
        Check(api.clRetainContext(context), "clRetainContext");
        int code = api.clRetainCommandQueue(queue);
        if (code != CL_SUCCESS)
        {
            _ = api.clReleaseContext(context);
            Check(code, "clRetainCommandQueue");
        }

        _context = context;
        _queue = queue;
        _state = State.Open;
    }

    private enum State : byte
    {
        Closed,
        Open,
        Lost,
        Disposed,
    }

    /// <inheritdoc/>
    public override GpuTarget Target { get; }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override string Identity { get; }

    /// <inheritdoc/>
    public override long TotalMemory { get; }

    /// <summary>The most bytes of one allocation, often a quarter of the memory.</summary>
    public long LargestBlock { get; }

    internal ClApi Api => _api;

    internal nint DeviceId => _device;

    internal nint Context
    {
        get
        {
            Enter();
            return _context;
        }
    }

    internal nint Queue
    {
        get
        {
            Enter();
            return _queue;
        }
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
        EnterUnrecorded("Synchronize");
        CheckWait(_api.clFinish(_queue), "clFinish");
    }

    /// <inheritdoc/>
    public override GpuEvent RecordEvent()
    {
        EnterUnrecorded("an event");
        nint handle;
        Check(_api.clEnqueueMarkerWithWaitList(_queue, 0, null, &handle), "clEnqueueMarkerWithWaitList");
        Check(_api.clFlush(_queue), "clFlush");
        return new OpenClEvent(this, handle);
    }

    /// <summary>Throws for a code that is not success. The failure is put together elsewhere, so that this is one comparison.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Check(int code, string call)
    {
        if (code != CL_SUCCESS)
        {
            Fail(code, call, wasWaiting: false);
        }
    }

    /// <summary>
    /// As <see cref="Check"/>, for calls that wait: there drivers report that a kernel went wrong as "out of resources", and the queue is dead.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CheckWait(int code, string call)
    {
        if (code != CL_SUCCESS)
        {
            Fail(code, call, wasWaiting: true);
        }
    }

    /// <summary>Makes sure that there is a queue and that the device was not lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Enter()
    {
        if (_state != State.Open)
        {
            OpenOrThrow();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (_state == State.Disposed)
            {
                return;
            }

            _recording?.Release();
            _recording = null;
            ReleaseKernels();
            if (_queue != 0)
            {
                // Uploads under way still read the staging memory; a lost device may do so for ever.
                if (_api.clFinish(_queue) == CL_SUCCESS)
                {
                    _staging.Release();
                }

                _ = _api.clReleaseCommandQueue(_queue);
            }

            if (_context != 0)
            {
                _ = _api.clReleaseContext(_context);
            }

            _state = State.Disposed;
        }
    }

    private void OpenOrThrow()
    {
        lock (_lock)
        {
            switch (_state)
            {
                case State.Open:
                    return;
                case State.Lost:
                    throw new DeviceLostException(_lossMessage!);
                case State.Disposed:
                    throw new ObjectDisposedException(Description);
            }

            nint device = _device;
            nint* properties = stackalloc nint[] { CL_CONTEXT_PLATFORM, ClInfo.Device<nint>(_api, device, CL_DEVICE_PLATFORM), 0 };
            int code;
            nint context = _api.clCreateContext(properties, 1, &device, 0, 0, &code);
            Check(code, "clCreateContext");
            nint queue = _api.clCreateCommandQueue(context, device, TracingDriver.MeasuresTime ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
            if (code != CL_SUCCESS)
            {
                _ = _api.clReleaseContext(context);
                Check(code, "clCreateCommandQueue");
            }

            _context = context;
            _queue = queue;
            _state = State.Open;
        }
    }

    private void EnterUnrecorded(string what)
    {
        Enter();
        if (Recording is not null)
        {
            throw new InvalidOperationException($"{Description}: {what} is not possible while work is recorded.");
        }
    }

    private void CountCommand()
    {
        if (++_commands >= CommandsBetweenFlushes)
        {
            _commands = 0;
            Check(_api.clFlush(_queue), "clFlush");
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fail(int code, string call, bool wasWaiting)
    {
        string message = $"{Description}: {call} failed with {ClException.NameOf(code)}; the last kernel was {_lastKernel}.";
        bool isLost = code is CL_DEVICE_NOT_AVAILABLE or CL_INVALID_COMMAND_QUEUE or NVIDIA_ILLEGAL_ACCESS || (wasWaiting && code is CL_OUT_OF_RESOURCES);
        if (!isLost)
        {
            throw new ClException(call, code, message);
        }

        _lossMessage = $"{message} The device is lost for this process, with all tensors on it.";
        _state = State.Lost;
        throw new DeviceLostException(_lossMessage);
    }
}
