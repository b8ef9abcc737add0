using ILGPU.Runtime;

namespace Engine.Gpu;

/// <summary>
/// The arguments of one launch of a <see cref="DeviceKernel"/>: their types are compared with the method's parameters, their memory is held until
/// the launch is issued, and on a card they are written in the order that the kernel wants them.
/// </summary>
internal ref struct LaunchWriter
{
    private readonly DeviceKernel _kernel;
    private readonly IlgpuSignature _signature;
    private readonly bool _writes;
    private IlgpuArguments _arguments;
    private OperandLease _lease;
    private int _next;

    public LaunchWriter(DeviceKernel kernel, IlgpuSignature signature, Span<KernelArgument> memory)
    {
        _kernel = kernel;
        _signature = signature;
        _writes = kernel.Device is GpuDevice;
        _arguments = new IlgpuArguments(memory, kernel.Device is GpuDevice gpu ? gpu.Driver.Target.Api : GpuApi.Cuda);
        _lease = default;
    }

    /// <summary>Shared memory that comes with the launch, where the kernel takes it as a parameter.</summary>
    public void AddSharedMemory(int bytes) => _arguments.AddSharedMemory(bytes);

    /// <summary>The extent, for the index that comes first.</summary>
    public void AddExtent(in KernelExtent extent)
    {
        _next++;
        switch (extent.Rank)
        {
            case 1:
                _arguments.Add(extent.Size.X);
                break;
            default:
                _arguments.Add(KernelArgument.Raw((uint)extent.Size.X | ((long)extent.Size.Y << 32), sizeof(long)));
                if (extent.Rank == 3)
                {
                    _arguments.Add(KernelArgument.Raw(extent.Size.Z, sizeof(int), continues: true));
                }

                break;
        }
    }

    /// <summary>The next argument.</summary>
    /// <exception cref="ArgumentException">The parameter at this place is of another type, or there is none.</exception>
    public void Add<T>(in T value)
    {
        if (_next >= _signature.Parameters.Count || _signature.Parameters[_next].Type != typeof(T))
        {
            throw _kernel.WrongArgument(_next, typeof(T));
        }

        KernelParameter<T>.Writer.Write(value, _signature.Parameters[_next], ref this);
        _next++;
    }

    /// <summary>Whether all parameters have their arguments.</summary>
    /// <exception cref="ArgumentException">Some have none.</exception>
    public readonly void CheckAll()
    {
        if (_next != _signature.Parameters.Count)
        {
            throw _kernel.WrongArgument(_next, null);
        }
    }

    /// <summary>A number that is a parameter of its own.</summary>
    public void AddNumber(long bits, ArgumentKind kind, int size)
    {
        if (_writes)
        {
            _arguments.Add(KernelArgument.Number(bits, kind, size));
        }
    }

    /// <summary>A part of a structure.</summary>
    public void AddWord(in KernelArgument word) => _arguments.Add(word);

    /// <summary>A view that is a parameter of its own.</summary>
    public void AddView(MemoryBuffer? buffer, long start, long length, Type element, int elementSize)
    {
        KernelArgument memory = Hold(buffer, start, length, element, elementSize);
        if (_writes)
        {
            _arguments.AddView(memory, start, length);
        }
    }

    /// <summary>Whether arguments are written; on the CPU the method takes them as they are.</summary>
    public readonly bool Writes => _writes;

    /// <summary>On OpenCL, where buffers come before all else, one of a structure.</summary>
    public void AddInFront(in KernelArgument buffer) => _arguments.AddBufferInFront(buffer);

    /// <summary>Sees to it that a view's memory is there until the launch is issued.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    /// <exception cref="DeviceMismatchException">It is not the kernel's device's.</exception>
    public KernelArgument Hold(MemoryBuffer? buffer, long start, long length, Type element, int elementSize)
    {
        switch (buffer)
        {
            case TensorBuffer { Storage: { } storage }:
                if (storage.Device != _kernel.Device)
                {
                    throw new DeviceMismatchException($"{_kernel}: argument {_next} is a view of a tensor on {storage.Device}; the kernel runs on {_kernel.Device}. Move the tensor with To(device).");
                }

                CheckInside(buffer, start, length, elementSize);
                _lease.Add(storage);
                CapturePass.RecordingOn(_kernel.Device)?.Touch(storage);
                return KernelArgument.Part(storage, start * elementSize, length * elementSize, TensorElements.TypeOf(element));
            case null when length == 0:
                return KernelArgument.Buffer(0, 0);
            case null:
                throw new ArgumentException($"{_kernel}: argument {_next} is a view of no memory.");
            default:
                if (!AcceleratorMemory.IsOf(_kernel.Device, buffer.Accelerator))
                {
                    throw new DeviceMismatchException(
                        $"{_kernel}: argument {_next} is a view of memory of {buffer.Accelerator}; the kernel runs on {_kernel.Device}. Adopt the accelerator, or copy into a tensor.");
                }

                ObjectDisposedException.ThrowIf(buffer.IsDisposed, buffer);
                CheckInside(buffer, start, length, elementSize);
                return KernelArgument.Buffer(buffer.NativePtr, start * elementSize);
        }
    }

    /// <summary>Constructors of views do not check their arguments.</summary>
    private readonly void CheckInside(MemoryBuffer buffer, long start, long length, int elementSize)
    {
        // The first two comparisons keep the third from overflowing.
        long bytes = buffer.LengthInBytes;
        if ((ulong)start > (ulong)bytes || (ulong)length > (ulong)bytes || (start + length) * elementSize > bytes)
        {
            throw new ArgumentException($"{_kernel}: argument {_next} is a view of {length} elements of {elementSize} bytes from element {start} on, which leads out of its memory of {bytes} bytes.");
        }
    }

    /// <summary>All arguments in the kernel's order.</summary>
    public readonly ReadOnlySpan<KernelArgument> Finish() => _arguments.Finish();

    /// <summary>Releases the memory.</summary>
    public void Dispose() => _lease.Dispose();
}
