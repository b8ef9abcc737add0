using System.Diagnostics;
using System.Runtime.InteropServices;
using Engine.Gpu;

namespace Engine.PtxInterpreter;

/// <summary>When the streams of a card carry out what they are given. A card may do so at any time between the call and the moment that somebody waits for it.</summary>
internal enum StreamOrder
{
    /// <summary>In the call.</summary>
    AtOnce,

    /// <summary>When somebody waits for it: what a stream needs of another and does not wait for is not there.</summary>
    Late,

    /// <summary>The first stream late, all others as early as the events that they wait for allow: what they overwrite too early is gone.</summary>
    OthersFirst,
}

/// <summary>Streams and events, and the order of their work where it is not carried out at once.</summary>
internal static unsafe partial class FakeCuda
{
    /// <summary>Carries work out, puts it off, or captures it.</summary>
    private static CudaResult Enqueue(FakeContext context, nint stream, Func<CudaResult> work, FakeMark? needs = null)
    {
        if (stream == 0)
        {
            return Drain(context) is var before && before != CudaResult.CUDA_SUCCESS ? before : work();
        }

        if (Find<FakeStream>(stream) is not { } found || found.Context != context)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (found.Captured != null)
        {
            found.Captured.Add(work);
            return CudaResult.CUDA_SUCCESS;
        }

        if (context.Device.Order == StreamOrder.AtOnce)
        {
            return work();
        }

        lock (context.Streams)
        {
            found.Pending.Enqueue((work, needs));
            return AdvanceOthers(context);
        }
    }

    /// <summary>Carries out what a stream was given: all of it, or until a mark is passed.</summary>
    private static CudaResult Drain(FakeStream stream, FakeMark? until = null)
    {
        FakeContext context = stream.Context;
        lock (context.Streams)
        {
            while (until is not { IsPassed: true } && stream.Pending.TryPeek(out (Func<CudaResult> Run, FakeMark? Needs) next))
            {
                if (next.Needs is { IsPassed: false } mark)
                {
                    CudaResult other = Drain(mark.Stream, mark);
                    if (other != CudaResult.CUDA_SUCCESS)
                    {
                        return other;
                    }

                    // That may have carried this out, too.
                    continue;
                }

                _ = stream.Pending.Dequeue();
                CudaResult result = next.Run();
                result = result == CudaResult.CUDA_SUCCESS ? AdvanceOthers(context) : result;
                if (result != CudaResult.CUDA_SUCCESS)
                {
                    return result;
                }
            }

            return CudaResult.CUDA_SUCCESS;
        }
    }

    private static CudaResult Drain(FakeContext context)
    {
        lock (context.Streams)
        {
            foreach (FakeStream stream in context.Streams)
            {
                CudaResult result = Drain(stream);
                if (result != CudaResult.CUDA_SUCCESS)
                {
                    return result;
                }
            }

            return CudaResult.CUDA_SUCCESS;
        }
    }

    private static CudaResult AdvanceOthers(FakeContext context)
    {
        if (context.Device.Order != StreamOrder.OthersFirst)
        {
            return CudaResult.CUDA_SUCCESS;
        }

        for (bool moved = true; moved;)
        {
            moved = false;
            foreach (FakeStream stream in context.Streams.Skip(1))
            {
                while (stream.Pending.TryPeek(out (Func<CudaResult> Run, FakeMark? Needs) next) && next.Needs is null or { IsPassed: true })
                {
                    _ = stream.Pending.Dequeue();
                    moved = true;
                    CudaResult result = next.Run();
                    if (result != CudaResult.CUDA_SUCCESS)
                    {
                        return result;
                    }
                }
            }
        }

        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamCreate(nint* stream, uint flags) => Call(nameof(cuStreamCreate), context =>
    {
        FakeStream made = new(context);
        *stream = Register(made);
        lock (context.Streams)
        {
            context.Streams.Add(made);
        }

        return flags <= 1 ? CudaResult.CUDA_SUCCESS : CudaResult.CUDA_ERROR_INVALID_VALUE;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamDestroy_v2(nint stream) => Call(nameof(cuStreamDestroy_v2), context =>
    {
        // The work that it has is done all the same.
        if (Find<FakeStream>(stream) is { } found)
        {
            _ = Drain(found);
            lock (context.Streams)
            {
                _ = context.Streams.Remove(found);
            }
        }

        return Unregister<FakeStream>(stream);
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamSynchronize(nint stream) => Call(nameof(cuStreamSynchronize), context =>
    {
        if (stream == 0)
        {
            return Drain(context);
        }

        if (Find<FakeStream>(stream) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        found.IsCaptureInvalid = found.Captured != null;
        return found.Captured == null ? Drain(found) : CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamWaitEvent(nint stream, nint handle, uint flags) => Call(nameof(cuStreamWaitEvent), context =>
    {
        if (Find<FakeEvent>(handle) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (flags != 0)
        {
            return CudaResult.CUDA_ERROR_INVALID_VALUE;
        }

        if (Find<FakeStream>(stream) is { Captured: not null })
        {
            // It would tie the capture to work outside of it.
            return CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }

        // An event that was never recorded is waited for by nobody.
        return found.Mark is { } mark ? Enqueue(context, stream, static () => CudaResult.CUDA_SUCCESS, mark) : CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuEventCreate(nint* handle, uint flags) => Call(nameof(cuEventCreate), context =>
    {
        *handle = Register(new FakeEvent(context, hasTime: (flags & 2) == 0));
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuEventDestroy_v2(nint handle) => Call(nameof(cuEventDestroy_v2), _ => Unregister<FakeEvent>(handle));

    [UnmanagedCallersOnly]
    private static CudaResult cuEventRecord(nint handle, nint stream) => Call(nameof(cuEventRecord), context =>
    {
        if (Find<FakeEvent>(handle) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        // Who waits from here on waits for this record, not for a later one.
        FakeMark? mark = Find<FakeStream>(stream) is { Captured: null } recorded ? new FakeMark(recorded) : null;
        found.Mark = mark;
        return Enqueue(context, stream, () =>
        {
            found.Timestamp = Stopwatch.GetTimestamp();
            mark?.IsPassed = true;
            return CudaResult.CUDA_SUCCESS;
        });
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuEventQuery(nint handle) => Call(nameof(cuEventQuery), _ =>
        Find<FakeEvent>(handle) is not { } found ? CudaResult.CUDA_ERROR_INVALID_HANDLE
        : found.Mark is { IsPassed: false } ? CudaResult.CUDA_ERROR_NOT_READY : CudaResult.CUDA_SUCCESS);

    [UnmanagedCallersOnly]
    private static CudaResult cuEventSynchronize(nint handle) => Call(nameof(cuEventSynchronize), _ =>
        Find<FakeEvent>(handle) is not { } found ? CudaResult.CUDA_ERROR_INVALID_HANDLE
        : found.Mark is { IsPassed: false } mark ? Drain(mark.Stream, mark) : CudaResult.CUDA_SUCCESS);

    [UnmanagedCallersOnly]
    private static CudaResult cuEventElapsedTime(float* milliseconds, nint start, nint end) => Call(nameof(cuEventElapsedTime), _ =>
    {
        if (Find<FakeEvent>(start) is not { HasTime: true, Timestamp: > 0 } first || Find<FakeEvent>(end) is not { HasTime: true, Timestamp: > 0 } last)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        *milliseconds = (float)Stopwatch.GetElapsedTime(first.Timestamp, last.Timestamp).TotalMilliseconds;
        return CudaResult.CUDA_SUCCESS;
    });
}
