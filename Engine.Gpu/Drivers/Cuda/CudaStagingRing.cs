namespace Engine.Gpu;

/// <summary>
/// Page-locked memory through which uploads go: a copy from it runs by itself, so an upload returns as soon as its bytes are in the ring.
/// A slot is used again when the event after its last copy has passed.
/// </summary>
internal sealed unsafe class CudaStagingRing(CudaContext context)
{
    /// <summary>Bytes that one copy carries: big enough for the bus to reach full speed.</summary>
    public const int SlotBytes = 1 << 20;

    /// <summary>Copies that may be under way at once.</summary>
    public const int Slots = 8;

    private const uint EventWithoutTiming = 2;

    private readonly Lock _lock = new();
    private readonly nint[] _events = new nint[Slots];
    private nint _memory;
    private bool _isPageable;
    private int _next;

    /// <summary>Copies bytes to an address on the device, in the order of the stream. The context is current.</summary>
    public void Upload(ReadOnlySpan<byte> source, nint destination, nint stream)
    {
        lock (_lock)
        {
            if (!EnsureMemory())
            {
                UploadPageable(source, destination, stream);
                return;
            }

            while (source.Length > 0)
            {
                int bytes = Math.Min(source.Length, SlotBytes);
                byte* slot = NextSlot();
                source[..bytes].CopyTo(new Span<byte>(slot, bytes));
                context.Check(context.Api.cuMemcpyHtoDAsync_v2(destination, slot, (nuint)bytes, stream));
                context.Check(context.Api.cuEventRecord(_events[_next], stream));
                _next = (_next + 1) % Slots;
                source = source[bytes..];
                destination += bytes;
            }
        }
    }

    /// <summary>Gives everything back. Never throws; the stream has been waited for.</summary>
    public void Release()
    {
        lock (_lock)
        {
            foreach (nint handle in _events)
            {
                if (handle != 0)
                {
                    _ = context.Api.cuEventDestroy_v2(handle);
                }
            }

            if (_memory != 0)
            {
                _ = context.Api.cuMemFreeHost(_memory);
            }

            Array.Clear(_events);
            _memory = 0;
        }
    }

    private byte* NextSlot()
    {
        if (_events[_next] == 0)
        {
            nint handle;
            context.Check(context.Api.cuEventCreate(&handle, EventWithoutTiming));
            _events[_next] = handle;
        }
        else
        {
            context.Check(context.Api.cuEventSynchronize(_events[_next]));
        }

        return (byte*)_memory + ((nint)_next * SlotBytes);
    }

    private bool EnsureMemory()
    {
        if (_memory == 0 && !_isPageable)
        {
            nint memory;
            CudaResult result = context.Api.cuMemAllocHost_v2(&memory, (nuint)SlotBytes * Slots);
            context.CheckLost(result, nameof(context.Api.cuMemAllocHost_v2));
            _isPageable = result != CudaResult.CUDA_SUCCESS;
            _memory = _isPageable ? 0 : memory;
        }

        return !_isPageable;
    }

    // Systems limit page-locked memory. Without any, the driver copies by itself, which may take until the stream has come this far.
    private void UploadPageable(ReadOnlySpan<byte> source, nint destination, nint stream)
    {
        fixed (byte* host = source)
        {
            if (source.Length > 0)
            {
                context.Check(context.Api.cuMemcpyHtoDAsync_v2(destination, host, (nuint)source.Length, stream));
                context.Check(context.Api.cuStreamSynchronize(stream));
            }
        }
    }
}
