using System.Runtime.InteropServices;
using Engine.Gpu;

namespace Engine.PtxInterpreter;

/// <summary>Memory, copies, capture.</summary>
internal static unsafe partial class FakeCuda
{
    [UnmanagedCallersOnly]
    private static CudaResult cuMemGetInfo_v2(nuint* free, nuint* total) => Call(nameof(cuMemGetInfo_v2), context =>
    {
        *free = (nuint)(context.Device.Memory.Capacity - context.Device.Memory.Used);
        *total = (nuint)context.Device.Memory.Capacity;
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemAlloc_v2(nint* address, nuint bytes) => Call(nameof(cuMemAlloc_v2), context =>
    {
        if (bytes == 0)
        {
            return CudaResult.CUDA_ERROR_INVALID_VALUE;
        }

        if (bytes > long.MaxValue || !context.Device.Memory.TryAllocate((long)bytes, out nint allocated))
        {
            return CudaResult.CUDA_ERROR_OUT_OF_MEMORY;
        }

        *address = allocated;
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemFree_v2(nint address) => Call(nameof(cuMemFree_v2), context =>
        Drain(context) is var work && work != CudaResult.CUDA_SUCCESS ? work
        : address == 0 || context.Device.Memory.TryFree(address) ? CudaResult.CUDA_SUCCESS : CudaResult.CUDA_ERROR_INVALID_VALUE);

    [UnmanagedCallersOnly]
    private static CudaResult cuMemAllocHost_v2(nint* address, nuint bytes) => Call(nameof(cuMemAllocHost_v2), context =>
    {
        *address = (nint)NativeMemory.AlignedAlloc(bytes, 4096);
        lock (context.Pinned)
        {
            context.Pinned.Add(*address);
        }

        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemFreeHost(nint address) => Call(nameof(cuMemFreeHost), context =>
    {
        lock (context.Pinned)
        {
            if (!context.Pinned.Remove(address))
            {
                return CudaResult.CUDA_ERROR_INVALID_VALUE;
            }
        }

        NativeMemory.AlignedFree((void*)address);
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuMemcpyHtoDAsync_v2(nint to, void* from, nuint bytes, nint stream) => Call(nameof(cuMemcpyHtoDAsync_v2), context =>
        Enqueue(context, stream, () =>
        {
            if (bytes > 0 && !context.Device.Memory.Contains(to, bytes))
            {
                return CudaResult.CUDA_ERROR_INVALID_VALUE;
            }

            Buffer.MemoryCopy(from, (void*)to, bytes, bytes);
            return CudaResult.CUDA_SUCCESS;
        }));

    [UnmanagedCallersOnly]
    private static CudaResult cuMemcpyDtoHAsync_v2(void* to, nint from, nuint bytes, nint stream) => Call(nameof(cuMemcpyDtoHAsync_v2), context =>
        Enqueue(context, stream, () =>
        {
            if (bytes > 0 && !context.Device.Memory.Contains(from, bytes))
            {
                return CudaResult.CUDA_ERROR_INVALID_VALUE;
            }

            Buffer.MemoryCopy((void*)from, to, bytes, bytes);
            return CudaResult.CUDA_SUCCESS;
        }));

    [UnmanagedCallersOnly]
    private static CudaResult cuMemcpyDtoDAsync_v2(nint to, nint from, nuint bytes, nint stream) => Call(nameof(cuMemcpyDtoDAsync_v2), context =>
        Enqueue(context, stream, () =>
        {
            if (bytes > 0 && !(context.Device.Memory.Contains(to, bytes) && context.Device.Memory.Contains(from, bytes)))
            {
                return CudaResult.CUDA_ERROR_INVALID_VALUE;
            }

            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
            return CudaResult.CUDA_SUCCESS;
        }));

    [UnmanagedCallersOnly]
    private static CudaResult cuMemsetD8Async(nint to, byte value, nuint bytes, nint stream) => Call(nameof(cuMemsetD8Async), context =>
        Enqueue(context, stream, () =>
        {
            if (bytes > 0 && !context.Device.Memory.Contains(to, bytes))
            {
                return CudaResult.CUDA_ERROR_INVALID_VALUE;
            }

            NativeMemory.Fill((void*)to, bytes, value);
            return CudaResult.CUDA_SUCCESS;
        }));

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamBeginCapture_v2(nint stream, CudaCaptureMode mode) => Call(nameof(cuStreamBeginCapture_v2), _ =>
    {
        // The default stream cannot be captured.
        if (Find<FakeStream>(stream) is not { } found || found.Captured != null)
        {
            return stream == 0 ? CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : CudaResult.CUDA_ERROR_INVALID_VALUE;
        }

        found.Captured = [];
        found.IsCaptureInvalid = false;
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuStreamEndCapture(nint stream, nint* graph) => Call(nameof(cuStreamEndCapture), context =>
    {
        *graph = 0;
        if (Find<FakeStream>(stream) is not { Captured: { } nodes } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_VALUE;
        }

        found.Captured = null;
        if (found.IsCaptureInvalid)
        {
            return CudaResult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }

        *graph = Register(new FakeGraph(context, nodes));
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuGraphInstantiateWithFlags(nint* executable, nint graph, ulong flags) => Call(nameof(cuGraphInstantiateWithFlags), context =>
    {
        if (Find<FakeGraph>(graph) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        *executable = Register(new FakeGraphExecutable(context, found.Nodes));
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuGraphLaunch(nint executable, nint stream) => Call(nameof(cuGraphLaunch), context =>
        Find<FakeGraphExecutable>(executable) is not { } found ? CudaResult.CUDA_ERROR_INVALID_HANDLE : Enqueue(context, stream, () =>
        {
            foreach (Func<CudaResult> node in found.Nodes)
            {
                CudaResult result = node();
                if (result != CudaResult.CUDA_SUCCESS)
                {
                    return result;
                }
            }

            return CudaResult.CUDA_SUCCESS;
        }));

    [UnmanagedCallersOnly]
    private static CudaResult cuGraphExecDestroy(nint executable) => Call(nameof(cuGraphExecDestroy), _ => Unregister<FakeGraphExecutable>(executable));

    [UnmanagedCallersOnly]
    private static CudaResult cuGraphDestroy(nint graph) => Call(nameof(cuGraphDestroy), _ => Unregister<FakeGraph>(graph));
}
