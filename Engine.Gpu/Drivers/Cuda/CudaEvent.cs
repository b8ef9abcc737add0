using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>An event of the CUDA driver.</summary>
internal sealed unsafe class CudaEvent : GpuEvent
{
    private const uint DefaultFlags = 0;

    private readonly CudaContext _context;
    private nint _handle;
    private long _seenDone;

    /// <summary>Marks where the stream is now. The context is current.</summary>
    public CudaEvent(CudaContext context, nint stream)
    {
        _context = context;
        nint handle;
        context.Check(context.Api.cuEventCreate(&handle, DefaultFlags));
        _handle = handle;
        context.Check(context.Api.cuEventRecord(handle, stream));
    }

    /// <inheritdoc/>
    public override bool IsDone
    {
        get
        {
            using CudaContext.Scope scope = _context.Enter();
            CudaResult result = _context.Api.cuEventQuery(Handle);
            if (result == CudaResult.CUDA_ERROR_NOT_READY)
            {
                return false;
            }

            _context.Check(result, nameof(_context.Api.cuEventQuery));
            return true;
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
        using CudaContext.Scope scope = _context.Enter();
        _context.Check(_context.Api.cuEventSynchronize(Handle));
        if (_seenDone == 0)
        {
            _seenDone = Stopwatch.GetTimestamp();
        }
    }

    /// <inheritdoc/>
    /// <remarks>By the device's clock; where the driver has no function for that, by the host's, which only sees the end of waiting.</remarks>
    public override double MillisecondsSince(GpuEvent earlier)
    {
        earlier.Wait();
        Wait();
        if (_context.Api.cuEventElapsedTime is null)
        {
            return Math.Max(0, Stopwatch.GetElapsedTime(((CudaEvent)earlier)._seenDone, _seenDone).TotalMilliseconds);
        }

        using CudaContext.Scope scope = _context.Enter();
        float milliseconds;
        _context.Check(_context.Api.cuEventElapsedTime(&milliseconds, ((CudaEvent)earlier).Handle, Handle));
        return milliseconds;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            if (_context.TryEnter(out CudaContext.Scope scope))
            {
                _ = _context.Api.cuEventDestroy_v2(handle);
            }

            scope.Dispose();
        }
    }
}
