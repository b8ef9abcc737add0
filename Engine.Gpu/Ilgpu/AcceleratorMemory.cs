using ILGPU;
using ILGPU.Runtime;

namespace Engine.Gpu;

/// <summary>Which accelerators of ILGPU's have which device's memory.</summary>
internal static class AcceleratorMemory
{
    /// <summary>Whether memory of an accelerator is a device's as well: any CPU accelerator's is the host's, a card's only if the device has adopted it.</summary>
    public static bool IsOf(Device device, Accelerator? accelerator) =>
        accelerator is not null && (device is HostDevice ? accelerator.AcceleratorType == AcceleratorType.CPU : device is GpuDevice gpu && ReferenceEquals(gpu.Accelerator, accelerator));

    /// <summary>As <see cref="IsOf"/>, but throws if it is not.</summary>
    /// <exception cref="DeviceMismatchException">The memory is another one's.</exception>
    /// <exception cref="ObjectDisposedException">The accelerator was disposed.</exception>
    public static void Require(Device device, Accelerator accelerator, string member)
    {
        ObjectDisposedException.ThrowIf(accelerator.IsDisposed, accelerator);
        if (!IsOf(device, accelerator))
        {
            throw new DeviceMismatchException(device is GpuDevice
                ? $"{member}: {device} does not share its memory with the accelerator {accelerator.Name}. CudaDevice.Adopt and OpenClDevice.Adopt make a device that does; To(device) moves tensors there."
                : $"{member}: the accelerator {accelerator.Name} has its own memory, the tensor is on {device}. Adopt the accelerator and move the tensor to the adopted device with To(device).");
        }
    }

    /// <summary>The checks of both ways to adopt an accelerator.</summary>
    /// <exception cref="ArgumentException">The stream is another accelerator's.</exception>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    public static void CheckAdoption(Accelerator accelerator, AcceleratorStream? stream)
    {
        IlgpuCompiler.Require();
        ArgumentNullException.ThrowIfNull(accelerator);
        IlgpuLibraries.Register();
        ObjectDisposedException.ThrowIf(accelerator.IsDisposed, accelerator);
        if (stream is not null)
        {
            ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
            if (!ReferenceEquals(stream.Accelerator, accelerator))
            {
                throw new ArgumentException($"The stream belongs to {stream.Accelerator.Name}, not to the accelerator {accelerator.Name} that is to be adopted.", nameof(stream));
            }
        }
    }

    /// <summary>The buffer that a view is of.</summary>
    public static MemoryBuffer? BufferOf<TView>(in TView view)
        where TView : struct, IArrayView => view.Buffer;

    /// <summary>Where in its buffer a view begins, in elements.</summary>
    public static long StartOf<TView>(in TView view)
        where TView : struct, IContiguousArrayView => view.Index;
}
