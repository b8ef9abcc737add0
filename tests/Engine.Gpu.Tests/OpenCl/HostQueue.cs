using NUnit.Framework;
using static Engine.Gpu.ClConstants;

namespace Engine.Gpu.Tests;

/// <summary>What a host that computes with OpenCL itself has: a context, a queue and buffers, made through the raw functions.</summary>
internal sealed unsafe class HostQueue : IDisposable
{
    private readonly ClApi _api = OpenClMachine.Api;

    public HostQueue(ulong properties = 0)
    {
        DeviceId = OpenClMachine.Device;
        nint device = DeviceId;
        int code;
        Context = _api.clCreateContext(null, 1, &device, 0, 0, &code);
        Assert.That(code, Is.EqualTo(CL_SUCCESS));
        Queue = _api.clCreateCommandQueue(Context, device, properties, &code);
        if (code != CL_SUCCESS)
        {
            _ = _api.clReleaseContext(Context);
            Assert.Ignore($"the device offers no queue with properties {properties}");
        }
    }

    public nint DeviceId { get; }

    public nint Context { get; }

    public nint Queue { get; }

    public nint NewBuffer(ReadOnlySpan<float> values)
    {
        int code;
        nint buffer = _api.clCreateBuffer(Context, CL_MEM_READ_WRITE, (nuint)values.Length * sizeof(float), null, &code);
        Assert.That(code, Is.EqualTo(CL_SUCCESS));
        Write(buffer, values);
        return buffer;
    }

    public void Write(nint buffer, ReadOnlySpan<float> values)
    {
        fixed (float* first = values)
        {
            int code = _api.clEnqueueWriteBuffer(Queue, buffer, CL_TRUE, 0, (nuint)values.Length * sizeof(float), first, 0, null, null);
            Assert.That(code, Is.EqualTo(CL_SUCCESS));
        }
    }

    public float[] Read(nint buffer, int count, long byteOffset = 0)
    {
        float[] values = new float[count];
        fixed (float* first = values)
        {
            int code = _api.clEnqueueReadBuffer(Queue, buffer, CL_TRUE, (nuint)byteOffset, (nuint)count * sizeof(float), first, 0, null, null);
            Assert.That(code, Is.EqualTo(CL_SUCCESS));
        }

        return values;
    }

    public void Release(nint buffer) => Assert.That(_api.clReleaseMemObject(buffer), Is.EqualTo(CL_SUCCESS));

    public uint ReferencesOfQueue() => ClInfo.Value<uint>(_api.clGetCommandQueueInfo, Queue, CL_QUEUE_REFERENCE_COUNT);

    public uint ReferencesOfContext() => ClInfo.Value<uint>(_api.clGetContextInfo, Context, CL_CONTEXT_REFERENCE_COUNT);

    public void Dispose()
    {
        _ = _api.clReleaseCommandQueue(Queue);
        _ = _api.clReleaseContext(Context);
    }

    private const uint CL_CONTEXT_REFERENCE_COUNT = 0x1080;
    private const uint CL_QUEUE_REFERENCE_COUNT = 0x1092;
}
