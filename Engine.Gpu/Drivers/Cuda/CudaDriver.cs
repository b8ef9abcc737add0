namespace Engine.Gpu;

/// <summary>An NVIDIA card through its own driver: PTX goes in, nothing but the display driver has to be installed.</summary>
internal sealed unsafe partial class CudaDriver : GpuDriver
{
    // A non-blocking stream: it does not wait for work that others put on the process-wide default stream.
    private const uint NonBlockingStream = 1;

    private readonly CudaContext _context;
    private readonly CudaApi _api;
    private readonly CudaStagingRing _staging;
    private readonly CudaUploads? _uploads;
    private readonly bool _ownsStream;
    private readonly Lock _opening = new();
    private nint _stream;
    private int _disposed;

    private CudaDriver(CudaContext context, CudaDeviceInfo info, nint? adoptedStream, GpuTarget? target = null)
    {
        _context = context;
        _api = context.Api;
        _staging = new CudaStagingRing(context);
        _stream = adoptedStream ?? 0;
        _ownsStream = adoptedStream is null;
        _uploads = _ownsStream ? new CudaUploads(context) : null;
        Target = target ?? info.ToTarget();
        Description = info.Description;
        Identity = info.Identity;
        TotalMemory = info.TotalMemory;
    }

    /// <inheritdoc/>
    public override GpuTarget Target { get; }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override string Identity { get; }

    /// <inheritdoc/>
    public override long TotalMemory { get; }

    /// <inheritdoc/>
    public override bool OwnsStream => _ownsStream;

    /// <summary>The context that everything lives in.</summary>
    public nint Context => _context.Handle;

    /// <summary>The stream that orders everything.</summary>
    public nint Stream
    {
        get
        {
            using CudaContext.Scope scope = Enter();
            return _stream;
        }
    }

    /// <summary>Works in the primary context of a device, on a stream of its own. Nothing is made on the device before it is used.</summary>
    /// <remarks><paramref name="target"/> replaces the limits that the device reports.</remarks>
    public static CudaDriver Open(CudaApi api, int device, GpuTarget? target = null) =>
        new(CudaContext.Primary(api, device), CudaDeviceInfo.Read(api, device), adoptedStream: null, target);

    /// <summary>Another driver of the same card.</summary>
    public CudaDriver OpenAgain() => Open(_api, _context.Device, Target);

    /// <summary>Works in a host's context, on a host's stream (0: the default stream), and frees neither.</summary>
    public static CudaDriver Adopt(CudaApi api, nint context, nint stream)
    {
        CudaContext adopted = CudaContext.Adopt(api, context);
        return new CudaDriver(adopted, CudaDeviceInfo.Read(api, adopted.Device), stream);
    }

    /// <inheritdoc/>
    public override bool TryAllocate(long bytes, out nint handle)
    {
        using CudaContext.Scope scope = Enter();
        nint memory = 0;
        CudaResult result = _api.cuMemAlloc_v2(&memory, (nuint)bytes);
        if (result == CudaResult.CUDA_ERROR_OUT_OF_MEMORY && _uploads?.Trim() == true)
        {
            result = _api.cuMemAlloc_v2(&memory, (nuint)bytes);
        }

        handle = memory;
        if (result == CudaResult.CUDA_ERROR_OUT_OF_MEMORY)
        {
            return false;
        }

        _context.Check(result, nameof(_api.cuMemAlloc_v2));
        return true;
    }

    /// <inheritdoc/>
    public override void Free(nint handle)
    {
        if (_context.TryEnter(out CudaContext.Scope scope))
        {
            _ = _api.cuMemFree_v2(handle);
        }

        scope.Dispose();
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, nint handle, long offset)
    {
        RefuseWhileRecording("uploaded");
        using CudaContext.Scope scope = Enter();
        if (_uploads is null || !_uploads.TryUpload(source, handle + (nint)offset, _stream))
        {
            _staging.Upload(source, handle + (nint)offset, _stream);
        }
    }

    /// <inheritdoc/>
    public override void Download(nint handle, long offset, Span<byte> destination)
    {
        RefuseWhileRecording("downloaded");
        using CudaContext.Scope scope = Enter();
        fixed (byte* host = destination)
        {
            if (destination.Length > 0)
            {
                _context.Check(_api.cuMemcpyDtoHAsync_v2(host, handle + (nint)offset, (nuint)destination.Length, _stream));
            }

            _context.Check(_api.cuStreamSynchronize(_stream));
        }
    }

    /// <inheritdoc/>
    public override void Copy(nint source, long sourceOffset, nint destination, long destinationOffset, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        using CudaContext.Scope scope = Enter();
        _context.Check(_api.cuMemcpyDtoDAsync_v2(destination + (nint)destinationOffset, source + (nint)sourceOffset, (nuint)bytes, WorkStream));
    }

    /// <inheritdoc/>
    public override void Clear(nint handle, long offset, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        using CudaContext.Scope scope = Enter();
        _context.Check(_api.cuMemsetD8Async(handle + (nint)offset, 0, (nuint)bytes, WorkStream));
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
        RefuseWhileRecording("waited for");
        using CudaContext.Scope scope = Enter();
        _context.Check(_api.cuStreamSynchronize(_stream));
    }

    /// <inheritdoc/>
    public override GpuEvent RecordEvent()
    {
        using CudaContext.Scope scope = Enter();
        return new CudaEvent(_context, _stream);
    }

    private CudaContext.Scope Enter()
    {
        CudaContext.Scope scope = _context.Enter();
        if (_ownsStream && Volatile.Read(ref _stream) == 0)
        {
            try
            {
                MakeStream();
            }
            catch
            {
                scope.Dispose();
                throw;
            }
        }

        return scope;
    }

    private void MakeStream()
    {
        lock (_opening)
        {
            if (_stream == 0)
            {
                nint stream;
                _context.Check(_api.cuStreamCreate(&stream, NonBlockingStream));
                Volatile.Write(ref _stream, stream);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        AbortRecording();
        if (_context.TryEnter(out CudaContext.Scope scope))
        {
            // Work under way still reads the staging memory and runs the kernels.
            _ = _api.cuStreamSynchronize(_stream);
            _staging.Release();
            _uploads?.Release();
            UnloadModules();
            if (_captureStream != 0)
            {
                _ = _api.cuStreamDestroy_v2(_captureStream);
            }

            if (_ownsStream && _stream != 0)
            {
                _ = _api.cuStreamDestroy_v2(_stream);
            }
        }

        scope.Dispose();
        _context.Dispose();
    }
}
