using System.Numerics;
using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

internal sealed unsafe partial class OpenClDriver
{
    /// <inheritdoc/>
    public override bool TryAllocate(long bytes, out nint handle)
    {
        Enter();
        handle = 0;
        if (bytes > LargestBlock)
        {
            return false;
        }

        int code;
        nint buffer = _api.clCreateBuffer(_context, CL_MEM_READ_WRITE, (nuint)Math.Max(bytes, 1), null, &code);
        if (IsExhaustion(code))
        {
            return false;
        }

        Check(code, "clCreateBuffer");

        // Drivers allocate when memory is first used; moving the buffer there without content makes a lack of it show here.
        code = _api.clEnqueueMigrateMemObjects(_queue, 1, &buffer, CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED, 0, null, null);
        if (code != CL_SUCCESS)
        {
            _ = _api.clReleaseMemObject(buffer);
            if (IsExhaustion(code))
            {
                return false;
            }

            Check(code, "clEnqueueMigrateMemObjects");
        }

        handle = buffer;
        return true;
    }

    /// <inheritdoc/>
    public override void Free(nint handle)
    {
        // Commands in the queue hold the memory until they are done. The answer of a lost device does not matter.
        if (handle != 0)
        {
            _ = _api.clReleaseMemObject(handle);
        }
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, nint handle, long offset)
    {
        EnterUnrecorded("an upload");
        _staging.Upload(source, _queue, handle, offset);
    }

    /// <inheritdoc/>
    public override void Download(nint handle, long offset, Span<byte> destination)
    {
        EnterUnrecorded("a download");
        if (destination.IsEmpty)
        {
            return;
        }

        fixed (byte* bytes = destination)
        {
            CheckWait(_api.clEnqueueReadBuffer(_queue, handle, CL_TRUE, (nuint)offset, (nuint)destination.Length, bytes, 0, null, null), "clEnqueueReadBuffer");
        }
    }

    /// <inheritdoc/>
    public override void Copy(nint source, long sourceOffset, nint destination, long destinationOffset, long bytes) =>
        Issue(RecordedCommand.Copy(source, sourceOffset, destination, destinationOffset, bytes));

    /// <inheritdoc/>
    public override void Clear(nint handle, long offset, long bytes) => Issue(RecordedCommand.Clear(handle, offset, bytes));

    /// <summary>Context, device and properties of a queue.</summary>
    internal static (nint Context, nint Device, ulong Properties) DescribeQueue(ClApi api, nint queue) =>
        (ClInfo.Value<nint>(api.clGetCommandQueueInfo, queue, CL_QUEUE_CONTEXT),
        ClInfo.Value<nint>(api.clGetCommandQueueInfo, queue, CL_QUEUE_DEVICE),
        ClInfo.Value<ulong>(api.clGetCommandQueueInfo, queue, CL_QUEUE_PROPERTIES));

    /// <summary>Context and size of a buffer, and where it begins in the host's memory or another buffer, if it does.</summary>
    internal (nint Context, long Bytes, nint Start) Describe(nint buffer) =>
        (ClInfo.Value<nint>(_api.clGetMemObjectInfo, buffer, CL_MEM_CONTEXT),
        (long)ClInfo.Value<nuint>(_api.clGetMemObjectInfo, buffer, CL_MEM_SIZE),
        ClInfo.Value<nint>(_api.clGetMemObjectInfo, buffer, CL_MEM_HOST_PTR) | ClInfo.Value<nint>(_api.clGetMemObjectInfo, buffer, CL_MEM_OFFSET));

    private static bool IsExhaustion(int code) =>
        code is CL_MEM_OBJECT_ALLOCATION_FAILURE or CL_OUT_OF_RESOURCES or CL_OUT_OF_HOST_MEMORY or CL_INVALID_BUFFER_SIZE;

    /// <summary>Carries a copy or a clear out, or records it.</summary>
    private void Issue(in RecordedCommand command)
    {
        Enter();
        if (command.Bytes == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (Recording is { } recording)
            {
                recording.Add(command);
            }
            else
            {
                Enqueue(command);
            }
        }
    }

    private void EnqueueCopy(in RecordedCommand command) =>
        Check(_api.clEnqueueCopyBuffer(_queue, command.Source, command.Destination, (nuint)command.SourceOffset, (nuint)command.DestinationOffset, (nuint)command.Bytes, 0, null, null), "clEnqueueCopyBuffer");

    private void EnqueueClear(in RecordedCommand command)
    {
        // Wide patterns are filled faster; the pattern's size must divide offset and length.
        long* zeros = stackalloc long[2] { 0, 0 };
        int pattern = 1 << BitOperations.TrailingZeroCount(command.DestinationOffset | command.Bytes | (2 * sizeof(long)));
        Check(_api.clEnqueueFillBuffer(_queue, command.Destination, zeros, (nuint)pattern, (nuint)command.DestinationOffset, (nuint)command.Bytes, 0, null, null), "clEnqueueFillBuffer");
    }
}
