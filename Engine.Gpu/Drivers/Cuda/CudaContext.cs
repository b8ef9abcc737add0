using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>
/// A CUDA context, the device's primary one or a host's, and the one place where the driver's answers are judged. CUDA keeps a current
/// context per thread, so each group of calls is inside <see cref="Enter"/>. The primary context is made at the first of them: it costs
/// a fraction of a second and hundreds of megabytes, which cards that are found but not used are spared.
/// </summary>
internal sealed unsafe class CudaContext : IDisposable
{
    private readonly Lock _retaining = new();
    private readonly bool _isPrimary;
    private nint _handle;
    private volatile string? _lastKernel;
    private volatile string? _lost;
    private int _disposed;

    private CudaContext(CudaApi api, nint handle, int device, bool isPrimary)
    {
        Api = api;
        _handle = handle;
        Device = device;
        _isPrimary = isPrimary;
    }

    public CudaApi Api { get; }

    public nint Handle
    {
        get
        {
            nint handle = Volatile.Read(ref _handle);
            return handle != 0 ? handle : Retain();
        }
    }

    /// <summary>The driver's number of the device.</summary>
    public int Device { get; }

    /// <summary>Whether the context was released.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>The context that the CUDA runtime, and most libraries, use on a device.</summary>
    public static CudaContext Primary(CudaApi api, int device) => new(api, 0, device, isPrimary: true);

    /// <summary>A context of the host, which stays the host's.</summary>
    public static CudaContext Adopt(CudaApi api, nint handle)
    {
        nint previous;
        int device;
        ThrowIfFailed(api, api.cuCtxGetCurrent(&previous), nameof(api.cuCtxGetCurrent));
        ThrowIfFailed(api, api.cuCtxSetCurrent(handle), nameof(api.cuCtxSetCurrent));
        CudaResult result = api.cuCtxGetDevice(&device);
        _ = api.cuCtxSetCurrent(previous);
        ThrowIfFailed(api, result, nameof(api.cuCtxGetDevice));
        return new CudaContext(api, handle, device, isPrimary: false);
    }

    /// <summary>Makes the context current on this thread until the scope ends.</summary>
    /// <exception cref="DeviceLostException">The device failed before.</exception>
    public Scope Enter()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, typeof(CudaDriver));
        if (_lost is not null)
        {
            ThrowLost();
        }

        nint handle = Handle;
        nint previous;
        Check(Api.cuCtxGetCurrent(&previous));
        if (previous == handle)
        {
            return default;
        }

        Check(Api.cuCtxSetCurrent(handle));
        return new Scope(Api, previous);
    }

    /// <summary>As <see cref="Enter"/>, for code that must not throw; false without a context to work in.</summary>
    public bool TryEnter(out Scope scope)
    {
        nint previous;
        scope = default;
        nint handle = Volatile.Read(ref _handle);
        if (IsDisposed || handle == 0 || Api.cuCtxGetCurrent(&previous) != CudaResult.CUDA_SUCCESS)
        {
            return false;
        }

        if (previous != handle)
        {
            scope = new Scope(Api, previous);
            return Api.cuCtxSetCurrent(handle) == CudaResult.CUDA_SUCCESS;
        }

        return true;
    }

    /// <summary>Failures show up late: the kernel that was launched last is the first suspect.</summary>
    public void NoteKernel(string name) => _lastKernel = name;

    /// <summary>Throws unless the call succeeded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Check(CudaResult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != CudaResult.CUDA_SUCCESS)
        {
            Throw(result, call);
        }
    }

    /// <summary>Throws if the result means that the device is gone; other failures are left to the caller.</summary>
    public void CheckLost(CudaResult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (IsSticky(result))
        {
            Throw(result, call);
        }
    }

    /// <summary>Lets a primary context go; the memory in it is freed with its last user. A host's context is left alone.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && _isPrimary && _handle != 0)
        {
            _ = Api.cuDevicePrimaryCtxRelease_v2(Device);
        }
    }

    // After these every further call in the context fails: memory may be corrupt, and CUDA has no way back but a new context.
    private static bool IsSticky(CudaResult result) => result
        is CudaResult.CUDA_ERROR_DEINITIALIZED
        or CudaResult.CUDA_ERROR_DEVICE_UNAVAILABLE
        or CudaResult.CUDA_ERROR_ECC_UNCORRECTABLE
        or CudaResult.CUDA_ERROR_NVLINK_UNCORRECTABLE
        or CudaResult.CUDA_ERROR_ILLEGAL_ADDRESS
        or CudaResult.CUDA_ERROR_LAUNCH_TIMEOUT
        or CudaResult.CUDA_ERROR_CONTEXT_IS_DESTROYED
        or CudaResult.CUDA_ERROR_ASSERT
        or (>= CudaResult.CUDA_ERROR_HARDWARE_STACK_ERROR and <= CudaResult.CUDA_ERROR_LAUNCH_FAILED)
        or CudaResult.CUDA_ERROR_UNKNOWN;

    private static void ThrowIfFailed(CudaApi api, CudaResult result, string call)
    {
        if (result != CudaResult.CUDA_SUCCESS)
        {
            throw new EngineException($"{call}: {api.Describe(result)}");
        }
    }

    private nint Retain()
    {
        lock (_retaining)
        {
            if (_handle == 0)
            {
                nint handle;
                CudaResult result = Api.cuDevicePrimaryCtxRetain(&handle, Device);
                if (result == CudaResult.CUDA_ERROR_DEVICE_UNAVAILABLE)
                {
                    throw new DeviceUnavailableException(
                        $"{nameof(Api.cuDevicePrimaryCtxRetain)}: {Api.Describe(result)}; another process holds the card alone (compute mode 'exclusive process'). "
                        + "End it, allow several with `nvidia-smi -c DEFAULT`, or use another device, such as the CPU.");
                }

                ThrowIfFailed(Api, result, nameof(Api.cuDevicePrimaryCtxRetain));
                Volatile.Write(ref _handle, handle);
            }

            return _handle;
        }
    }

    [DoesNotReturn]
    private void Throw(CudaResult result, string call)
    {
        // The argument is source text such as "Api.cuMemFree_v2(handle)"; messages need the name only.
        int end = call.IndexOf('(');
        string name = end < 0 ? call : call[(call.LastIndexOf('.', end) + 1)..end];
        string kernel = _lastKernel is null ? "no kernel was launched before" : $"the last kernel launched was {_lastKernel}";
        string message = $"{name}: {Api.Describe(result)}; {kernel}.";
        if (!IsSticky(result))
        {
            throw new EngineException(message);
        }

        _lost ??= message;
        ThrowLost();
    }

    [DoesNotReturn]
    private void ThrowLost() =>
        throw new DeviceLostException($"The CUDA device failed, and what was in its memory is lost; make a new device or restart the process. {_lost}");

    /// <summary>The thread's context before, which a host that drives several contexts expects to find again.</summary>
    public readonly ref struct Scope(CudaApi? api, nint previous)
    {
        public void Dispose()
        {
            if (previous != 0)
            {
                _ = api!.cuCtxSetCurrent(previous);
            }
        }
    }
}
