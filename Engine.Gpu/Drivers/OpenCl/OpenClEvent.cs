using System.Diagnostics;
using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

/// <summary>A marker in the queue.</summary>
internal sealed unsafe class OpenClEvent(OpenClDriver driver, nint handle) : GpuEvent
{
    private nint _handle = handle;
    private long _seenDone;

    /// <inheritdoc/>
    public override bool IsDone
    {
        get
        {
            driver.Enter();
            int status;
            driver.Check(driver.Api.clGetEventInfo(Handle, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(int), &status, null), "clGetEventInfo");
            if (status < 0)
            {
                driver.CheckWait(status, "a command before an event");
            }

            return status == CL_COMPLETE;
        }
    }

    private nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <inheritdoc/>
    public override void Wait()
    {
        driver.Enter();
        nint handle = Handle;
        driver.CheckWait(driver.Api.clWaitForEvents(1, &handle), "clWaitForEvents");
        if (_seenDone == 0)
        {
            _seenDone = Stopwatch.GetTimestamp();
        }
    }

    /// <inheritdoc/>
    /// <remarks>By the device's clock; on a queue that keeps no times, by the host's, which only sees the end of waiting. Queues keep times where <c>ENGINE_DEBUG=2</c> asks.</remarks>
    public override double MillisecondsSince(GpuEvent earlier)
    {
        var start = (OpenClEvent)earlier;
        start.Wait();
        Wait();
        return start.TryGetTime(out ulong from) && TryGetTime(out ulong to)
            ? (long)(to - from) * 1e-6
            : Math.Max(0, Stopwatch.GetElapsedTime(start._seenDone, _seenDone).TotalMilliseconds);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            _ = driver.Api.clReleaseEvent(handle);
        }
    }

    private bool TryGetTime(out ulong nanoseconds)
    {
        ulong time = 0;
        int code = driver.Api.clGetEventProfilingInfo(Handle, CL_PROFILING_COMMAND_END, sizeof(ulong), &time, null);
        nanoseconds = time;
        return code == CL_SUCCESS;
    }
}
