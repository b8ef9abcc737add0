using ILGPU.Runtime.Cuda;

namespace Engine.Gpu;

/// <content>Accelerators of ILGPU's.</content>
public sealed partial class CudaDevice
{
    /// <summary>
    /// Works in the context of an accelerator of ILGPU's, on one of its streams: the work of ILGPU and its algorithms in that stream and that of the
    /// engine does are in one order, without waiting.
    /// </summary>
    /// <param name="accelerator">The accelerator. It outlives the device: dispose tensors, device, accelerator in this order.</param>
    /// <param name="stream">One of its streams; its default stream unless one is given. ILGPU's work in other streams needs <c>Synchronize()</c> in between.</param>
    /// <remarks>
    /// Buffers become tensors by <c>device.Wrap(view)</c>, tensors become views by <c>tensor.AsArrayView&lt;T&gt;(accelerator)</c>, and kernels of
    /// <c>device.Kernel(…)</c> take views of both. Nothing is copied.
    /// </remarks>
    /// <exception cref="ArgumentException">The stream is another accelerator's, or the card is too old.</exception>
    /// <exception cref="ObjectDisposedException">The accelerator or the stream was disposed.</exception>
    /// <exception cref="PlatformNotSupportedException">The program was compiled ahead of time.</exception>
    public static CudaDevice Adopt(CudaAccelerator accelerator, CudaStream? stream = null)
    {
        AcceleratorMemory.CheckAdoption(accelerator, stream);
        stream ??= (CudaStream)accelerator.DefaultStream;
        CudaDevice device = Adopt(accelerator.NativePtr, stream.StreamPtr);
        device.Accelerator = accelerator;
        device.AcceleratorStream = stream;
        return device;
    }

    /// <summary>
    /// Whether large products go to NVIDIA's cuBLAS, which must be installed; off unless it is set. Only on an adopted accelerator, through
    /// ILGPU.Algorithms.
    /// </summary>
    /// <remarks>
    /// <para>cuBLAS takes products of two matrices of float32 or float64 of at least 128³ multiplications, transposed or not, with factors alpha
    /// and beta. In float32 it computes in the <see cref="Device.MathMode"/> <see cref="MathMode.Strict"/> or <see cref="MathMode.Tf32"/>. All else
    /// is computed by the engine's kernels as before: other types and modes, batches, products with a bias or an activation, rows that are not
    /// dense, smaller products, the forward and backward passes of convolutions, everything in captured steps, and what <see cref="KernelSet.Ilgpu"/> has
    /// kernels for.</para>
    /// <para>Results differ from those of the engine's kernels by rounding, and may differ from one version of cuBLAS to another. A thread that
    /// multiplies has the accelerator bound to it afterwards, as with any call of ILGPU's.</para>
    /// </remarks>
    /// <exception cref="OperationNotSupportedException">It is set on a device that has adopted no accelerator, or cuBLAS cannot be used.</exception>
    public bool UseCuBlas
    {
        get => Products is not null;
        set
        {
            LibraryProducts? before = Products;
            if (value && before is null)
            {
                IlgpuCompiler.Require();
                Products = CuBlasProducts.Open(this, Accelerator as CudaAccelerator, AcceleratorStream as CudaStream);
            }
            else if (!value)
            {
                Products = null;
                before?.Dispose();
            }
        }
    }
}
