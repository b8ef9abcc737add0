using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>
/// Host memory through which uploads go: a transfer from it runs by itself, in the order of the queue, so an upload returns as soon as its
/// bytes are in the ring and does not wait for the work before it. A slot is used again when its last transfer has passed.
/// </summary>
internal sealed unsafe class OpenClStagingRing(OpenClDriver driver)
{
    /// <summary>Bytes that one transfer carries.</summary>
    public const int SlotBytes = 1 << 20;

    /// <summary>Transfers that may be under way at once.</summary>
    public const int Slots = 8;

    private const int PageBytes = 4096;

    private readonly Lock _lock = new();
    private readonly nint[] _events = new nint[Slots];
    private byte* _memory;
    private int _next;

    /// <summary>Copies bytes into a buffer of the device.</summary>
    public void Upload(ReadOnlySpan<byte> source, nint queue, nint buffer, long offset)
    {
        if (source.IsEmpty)
        {
            return;
        }

        lock (_lock)
        {
            if (_memory is null)
            {
                _memory = (byte*)NativeMemory.AlignedAlloc((nuint)SlotBytes * Slots, PageBytes);
            }

            while (!source.IsEmpty)
            {
                int bytes = Math.Min(source.Length, SlotBytes);
                byte* slot = NextSlot();
                source[..bytes].CopyTo(new Span<byte>(slot, bytes));
                nint done;
                driver.CheckWait(driver.Api.clEnqueueWriteBuffer(queue, buffer, ClConstants.CL_FALSE, (nuint)offset, (nuint)bytes, slot, 0, null, &done), "clEnqueueWriteBuffer");
                _events[_next] = done;
                _next = (_next + 1) % Slots;
                source = source[bytes..];
                offset += bytes;
            }

            driver.Check(driver.Api.clFlush(queue), "clFlush");
        }
    }

    /// <summary>Gives everything back. Never throws; the queue has been waited for.</summary>
    public void Release()
    {
        lock (_lock)
        {
            foreach (nint done in _events)
            {
                if (done != 0)
                {
                    _ = driver.Api.clReleaseEvent(done);
                }
            }

            Array.Clear(_events);
            NativeMemory.AlignedFree(_memory);
            _memory = null;
        }
    }

    private byte* NextSlot()
    {
        nint done = _events[_next];
        if (done != 0)
        {
            driver.CheckWait(driver.Api.clWaitForEvents(1, &done), "clWaitForEvents");
            _ = driver.Api.clReleaseEvent(done);
            _events[_next] = 0;
        }

        return _memory + ((nint)_next * SlotBytes);
    }
}
