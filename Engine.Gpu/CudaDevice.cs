namespace Engine.Gpu;

/// <summary>An NVIDIA card through its own driver; compute capability 7.0 and a driver for CUDA 11.0 or newer.</summary>
/// <remarks>
/// A host that computes with CUDA itself can share its card and its memory: the engine then works in the host's context, on the host's
/// stream, in order with the host's own work. For example a host that uses ILGPU:
/// <code>
/// // accelerator is the host's CudaAccelerator, stream its CudaStream, buffer an ILGPU buffer of 64 · 784 floats.
/// using CudaDevice device = CudaDevice.Adopt(accelerator, stream);
/// using Tensor x = device.Wrap(buffer, [64, 784]);
/// using Tensor y = model.Forward(x);
/// ArrayView&lt;float&gt; result = y.AsArrayView&lt;float&gt;(accelerator);   // later work in the stream finds y finished
/// </code>
/// </remarks>
public sealed partial class CudaDevice : GpuDevice
{
    // Kernels read up to 16 bytes at once and judge by offsets whether they may: handles are always multiples of this.
    private const int HandleAlignment = 256;

    private readonly CudaDriver _driver;

    internal CudaDevice(string name, CudaDriver driver)
        : base(name, DeviceKind.Cuda, driver) => _driver = driver;

    /// <summary>The <c>CUcontext</c> that everything lives in: the host's own, or else the primary context of the device.</summary>
    public nint Context => Shared(_driver.Context);

    /// <summary>The <c>CUstream</c> that carries all work.</summary>
    public nint Stream => Shared(_driver.Stream);

    /// <summary>Compute capability as 10 · major + minor: 80 for an A100, 90 for an H100.</summary>
    public int ComputeCapability => _driver.Target.ComputeCapability;

    /// <summary>
    /// Works inside a host's context, on the host's stream, in order with the host's own work there. The engine frees neither. It frees its own
    /// objects in the context when the device is disposed, which must come before the end of the context.
    /// </summary>
    /// <param name="context">A <c>CUcontext</c>. It need not be current on any thread, and the calling thread's current one is left as it is.</param>
    /// <param name="stream">A <c>CUstream</c> of the context; 0 is the default stream.</param>
    /// <exception cref="ArgumentException">The context is 0, or its device is too old.</exception>
    /// <exception cref="DeviceUnavailableException">There is no CUDA driver.</exception>
    public static CudaDevice Adopt(nint context, nint stream) =>
        CudaApi.TryLoad(out CudaApi? api, out string reason)
            ? Adopt(api, context, stream)
            : throw new DeviceUnavailableException($"A CUDA context cannot be adopted: {reason}.");

    /// <summary>A tensor over memory of the context that the host owns and frees: row-major from the pointer on.</summary>
    /// <param name="devicePointer">A <c>CUdeviceptr</c>, a multiple of the element's size.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="dtype">The type of the elements that are there.</param>
    /// <param name="owner">Kept alive as long as the tensor and its views are.</param>
    /// <remarks>
    /// The driver does not report the length of the memory: the shape must fit. Kernels run in <see cref="Stream"/>; memory that the host writes or
    /// reads in another stream needs an event in between.
    /// </remarks>
    /// <exception cref="ArgumentException">The pointer is 0 or lies between elements.</exception>
    public Tensor Wrap(nint devicePointer, Shape shape, DType dtype, object? owner = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(devicePointer);
        int elementBytes = dtype.SizeInBytes();
        if (devicePointer % elementBytes != 0)
        {
            throw new ArgumentException($"The pointer 0x{devicePointer:x} is not a multiple of the {elementBytes} bytes of an element of {dtype}.", nameof(devicePointer));
        }

        if (shape.ElementCount > (long.MaxValue / elementBytes) - HandleAlignment)
        {
            throw new ArgumentException($"A tensor of {shape} takes more bytes than can be addressed.", nameof(shape));
        }

        // The handle is the boundary below; nothing before the pointer is touched.
        Work.Share();
        nint handle = devicePointer & -HandleAlignment;
        long offset = (devicePointer - handle) / elementBytes;
        long bytes = (offset + shape.ElementCount) * elementBytes;
        return Storage.Wrap(this, handle, bytes, dtype, Layout.Contiguous(shape, offset), owner);
    }

    /// <summary>
    /// The <c>CUdeviceptr</c> of a tensor's element (0, 0, …); the layout's strides give the others. It is valid until the tensor is disposed,
    /// and work in <see cref="Stream"/> finds the finished values.
    /// </summary>
    /// <remarks>
    /// A pointer keeps nothing alive: hold the tensor in a <c>using</c> around all that uses it. The memory of a temporary without a
    /// holder goes to other tensors. Work that was put into the stream before the end of the tensor runs before theirs.
    /// </remarks>
    /// <exception cref="DeviceMismatchException">The tensor is on another device.</exception>
    public nint GetPointer(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.Device == this
            ? SharedAddress(tensor)
            : throw new DeviceMismatchException($"GetPointer: the tensor is on {tensor.Device}, not on {this}; tensor.To(device) copies it.");
    }

    private nint SharedAddress(Tensor tensor)
    {
        nint address = Shared(tensor, tensor.Operand.Address);
        GC.KeepAlive(tensor);
        return address;
    }

    /// <summary>The same card with another stream and memory pool, in its primary context.</summary>
    internal CudaDevice OpenAgain() => new(Name, _driver.OpenAgain());

    internal static CudaDevice Adopt(CudaApi api, nint context, nint stream)
    {
        ArgumentOutOfRangeException.ThrowIfZero(context);
        CudaDriver driver = CudaDriver.Adopt(api, context, stream);
        if (driver.Target.ComputeCapability < CudaDeviceInfo.LeastComputeCapability)
        {
            string description = driver.Description;
            driver.Dispose();
            throw new ArgumentException($"The context's device cannot be used: {description}: compute capability 7.0 or newer is needed.", nameof(context));
        }

        CudaDevice device = new("cuda:adopted", driver);
        device.Work.Share();
        return device;
    }
}
