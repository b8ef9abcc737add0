using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

/// <summary>A card or processor with OpenCL 1.2.</summary>
/// <remarks>
/// A host that computes with OpenCL itself can share its device and buffers: the engine then works in the host's context, on the host's
/// queue, in order with the host's own work. For example a host that uses ILGPU:
/// <code>
/// // accelerator is the host's CLAccelerator, stream its CLStream, buffer an ILGPU buffer of 64 · 784 floats.
/// using OpenClDevice device = OpenClDevice.Adopt(accelerator, stream);
/// using Tensor x = device.Wrap(buffer, [64, 784]);
/// using Tensor y = model.Forward(x);
/// ArrayView&lt;float&gt; result = y.AsArrayView&lt;float&gt;(accelerator);   // later work in the queue finds y finished
/// </code>
/// </remarks>
public sealed partial class OpenClDevice : GpuDevice
{
    // Kernels read up to 16 bytes at once and judge by offsets whether they may.
    private const int Alignment = 16;

    private readonly OpenClDriver _driver;

    internal OpenClDevice(string name, OpenClDriver driver)
        : base(name, DeviceKind.OpenCl, driver) => _driver = driver;

    /// <summary>The <c>cl_context</c> that all buffers of this device belong to.</summary>
    public nint Context => Shared(_driver.Context);

    /// <summary>The <c>cl_device_id</c>.</summary>
    public nint DeviceId => _driver.DeviceId;

    /// <summary>The in-order <c>cl_command_queue</c> that carries all work.</summary>
    public nint Queue => Shared(_driver.Queue);

    /// <summary>
    /// Works inside a host's context, on the host's queue, in order with the host's own work there. The engine holds references of its own
    /// until it is disposed and never frees objects of the host.
    /// </summary>
    /// <param name="context">A <c>cl_context</c>.</param>
    /// <param name="device">A <c>cl_device_id</c> of the context.</param>
    /// <param name="queue">An in-order <c>cl_command_queue</c> of that context and device.</param>
    /// <exception cref="ArgumentException">The three do not belong together, the queue is out of order, or the device is too old.</exception>
    /// <exception cref="DeviceUnavailableException">There is no OpenCL library.</exception>
    public static OpenClDevice Adopt(nint context, nint device, nint queue)
    {
        ArgumentOutOfRangeException.ThrowIfZero(context);
        ArgumentOutOfRangeException.ThrowIfZero(device);
        ArgumentOutOfRangeException.ThrowIfZero(queue);
        List<ProbeEntry> report = [];
        ClApi api = ClLibrary.Open(report) ?? throw new DeviceUnavailableException($"OpenCL could not be loaded:\n{new DeviceReport(report)}", new DeviceReport(report));
        return Adopt(api, context, device, queue);
    }

    /// <summary>
    /// A tensor over memory that the host owns and frees: a <c>cl_mem</c> of this device's <see cref="Context"/>, row-major from an offset on.
    /// </summary>
    /// <param name="buffer">The <c>cl_mem</c>.</param>
    /// <param name="byteOffset">Where element (0, 0, …) lies; a multiple of the element's size.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="dtype">The type of the elements that are there.</param>
    /// <param name="owner">Kept alive as long as the tensor and its views are.</param>
    /// <exception cref="ArgumentException">
    /// The buffer is too small, of another context, over host memory that is no multiple of 16 bytes, or the offset is between elements.
    /// </exception>
    public Tensor Wrap(nint buffer, long byteOffset, Shape shape, DType dtype, object? owner = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        Require(dtype);
        (long offset, long remainder) = Math.DivRem(byteOffset, dtype.SizeInBytes());
        if (remainder != 0)
        {
            throw new ArgumentException($"The offset of {byteOffset} bytes is not a multiple of the {dtype.SizeInBytes()} bytes of an element.", nameof(byteOffset));
        }

        Int128 bytes = (Int128)byteOffset + ((Int128)shape.ElementCount * dtype.SizeInBytes());
        (nint context, long size, nint start) = _driver.Describe(buffer);
        if (context != _driver.Context)
        {
            throw new ArgumentException("The buffer belongs to another context than this device.", nameof(buffer));
        }

        if (start % Alignment != 0)
        {
            throw new ArgumentException($"The buffer begins at a place that is not a multiple of {Alignment} bytes, as kernels need it.", nameof(buffer));
        }

        if (bytes > size)
        {
            throw new ArgumentException($"A tensor of {shape} at byte {byteOffset} ends at byte {bytes}, but the buffer has {size}.", nameof(shape));
        }

        Work.Share();
        return Storage.Wrap(this, buffer, size, dtype, Layout.Contiguous(shape, offset), owner);
    }

    /// <summary>
    /// The <c>cl_mem</c> of a tensor and the offset of element (0, 0, …) in it; the layout's strides give the others. It is valid until the
    /// tensor is disposed, and work in <see cref="Queue"/> finds the finished values.
    /// </summary>
    /// <remarks>
    /// A handle keeps nothing alive: hold the tensor in a <c>using</c> around all that uses it. The memory of a temporary without a
    /// holder goes to other tensors. Work that was put into the queue before the end of the tensor runs before theirs.
    /// </remarks>
    /// <exception cref="DeviceMismatchException">The tensor is on another device.</exception>
    public (nint Buffer, long ByteOffset) GetBuffer(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.Device == this
            ? (Shared(tensor, tensor.Storage.Handle), tensor.Layout.Offset * tensor.DType.SizeInBytes())
            : throw new DeviceMismatchException($"GetBuffer: the tensor is on {tensor.Device}, not on {this}; tensor.To(device) copies it.");
    }

    /// <summary>The same card with another context, queue and memory pool.</summary>
    internal OpenClDevice OpenAgain() => new(Name, new OpenClDriver(_driver.Api, _driver.DeviceId, _driver.Target));

    internal static OpenClDevice Adopt(ClApi api, nint context, nint device, nint queue)
    {
        if (OpenClTarget.WhyNot(api, device) is { } reason)
        {
            throw new ArgumentException($"The device cannot be used: {reason}.", nameof(device));
        }

        (nint queueContext, nint queueDevice, ulong properties) = OpenClDriver.DescribeQueue(api, queue);
        if (queueContext != context || queueDevice != device)
        {
            throw new ArgumentException("The queue belongs to another context or device.", nameof(queue));
        }

        if ((properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) != 0)
        {
            throw new ArgumentException("The queue must be in order: the engine's kernels rely on it.", nameof(queue));
        }

        OpenClDevice adopted = new("opencl:adopted", new OpenClDriver(api, context, device, queue));
        adopted.Work.Share();
        return adopted;
    }
}
