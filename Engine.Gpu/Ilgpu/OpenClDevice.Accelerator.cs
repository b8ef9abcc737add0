using ILGPU.Runtime.OpenCL;

namespace Engine.Gpu;

/// <content>Accelerators of ILGPU's.</content>
public sealed partial class OpenClDevice
{
    /// <summary>
    /// Works in the context of an accelerator of ILGPU's, on one of its queues: the work of ILGPU and its algorithms in that queue and that of the
    /// engine does are in one order, without waiting.
    /// </summary>
    /// <param name="accelerator">The accelerator. It outlives the device: dispose tensors, device, accelerator in this order.</param>
    /// <param name="stream">One of its streams; its default stream unless one is given. ILGPU's work in other streams needs <c>Synchronize()</c> in between.</param>
    /// <remarks>
    /// <para>Buffers become tensors by <c>device.Wrap(view)</c>, tensors become views by <c>tensor.AsArrayView&lt;T&gt;(accelerator)</c>, and kernels of
    /// <c>device.Kernel(…)</c> take views of both. Nothing is copied.</para>
    /// <para>ILGPU itself opens only devices with the generic address space of OpenCL 2.0; the engine, and C# kernels through
    /// <c>device.Kernel(…)</c>, need OpenCL 1.2 and no accelerator.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The stream is another accelerator's, or the device is too old.</exception>
    /// <exception cref="ObjectDisposedException">The accelerator or the stream was disposed.</exception>
    /// <exception cref="PlatformNotSupportedException">The program was compiled ahead of time.</exception>
    public static OpenClDevice Adopt(CLAccelerator accelerator, CLStream? stream = null)
    {
        AcceleratorMemory.CheckAdoption(accelerator, stream);
        stream ??= (CLStream)accelerator.DefaultStream;
        OpenClDevice device = Adopt(accelerator.NativePtr, accelerator.DeviceId, stream.CommandQueue);
        device.Accelerator = accelerator;
        device.AcceleratorStream = stream;
        return device;
    }
}
