using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>The owner of the memory of tensors and the processor of kernels.</summary>
/// <remarks>Devices are compared by reference. All members are safe to call from several threads.</remarks>
public abstract partial class Device
{
    /// <summary>Names a device.</summary>
    /// <param name="name">The name for <see cref="Get"/>: the kind's name, alone or with a number, as in <c>cpu</c> and <c>metal:0</c>.</param>
    /// <param name="kind">The family: one of <see cref="DeviceKind"/>'s, or a kind of the backend's own.</param>
    /// <exception cref="ArgumentException">The kind is not set.</exception>
    protected Device(string name, DeviceKind kind)
    {
        // First of all, since the finalizer of a device that is refused asks for it too.
        Pool = new MemoryPool(this);
        if (kind == default)
        {
            throw new ArgumentException($"The device '{name}' has no kind. Give it one of DeviceKind's, or its own: new DeviceKind(\"metal\").", nameof(kind));
        }

        Name = name;
        Kind = kind;
    }

    /// <summary>The name in commands and messages: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>.</summary>
    public string Name { get; }

    /// <summary>The family.</summary>
    public DeviceKind Kind { get; }

    /// <summary>A description of the device: model, instruction set or driver.</summary>
    public virtual string Description => Name;

    /// <summary>
    /// Whether it computes on the machine's own processor. Where that is reached through OpenCL it comes after the CPU backend, which is faster.
    /// </summary>
    public virtual bool IsProcessor => Kind == DeviceKind.Cpu;

    /// <summary>
    /// Whether it computes in double precision. Where it does not, tensors of <see cref="DType.Float64"/> cannot be made on it; nothing else needs it.
    /// </summary>
    public virtual bool HasFloat64 => true;

    /// <summary>The kernels.</summary>
    public abstract Backend Backend { get; }

    /// <summary>Where tensors get their memory.</summary>
    public MemoryPool Pool { get; }

    /// <summary>
    /// The bytes of memory that the device has, which <see cref="Pool"/> never exceeds; <see cref="long.MaxValue"/> where it does not tell.
    /// </summary>
    public virtual long TotalMemory => long.MaxValue;

    /// <summary>How many threads the kernels use; only a CPU has a choice.</summary>
    /// <exception cref="NotSupportedException">The device has no threads to choose.</exception>
    public virtual int Threads
    {
        get => 1;
        set => throw new NotSupportedException($"{Name}: the number of threads cannot be chosen on this device.");
    }

    /// <summary>
    /// The rounding that products and convolutions of float32 tensors may apply to their factors on tensor cores;
    /// <see cref="MathMode.Strict"/> by default.
    /// </summary>
    /// <remarks>
    /// In another mode factors are rounded to the format that the mode names (to the nearest; large products only, since small ones gain
    /// nothing), which the matrix units of CUDA cards of compute capability 8.0 and newer multiply several times faster. Sums, and all that
    /// is stored, stay float32. Results differ from those of the strict mode by about the format's precision and are as reproducible. The
    /// mode has no effect on other operations and types, nor on devices without such units: the CPU, OpenCL and older cards always compute
    /// in float32. Tensors of float16 or bfloat16 go through the matrix units in every mode, since products of their elements
    /// are exact in float32. A captured step keeps the mode it was captured with.
    /// </remarks>
    public MathMode MathMode { get; set; }

    /// <summary>What the device has found out about itself since it was discovered, as entries of <see cref="Probe"/>; nothing by default.</summary>
    protected internal virtual IReadOnlyList<ProbeEntry> Findings => [];

    /// <summary>Copies host bytes into device memory.</summary>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie inside of the memory.</exception>
    /// <exception cref="DeviceMismatchException">The memory is another device's.</exception>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public void Upload(ReadOnlySpan<byte> source, Storage destination, long offsetInBytes)
    {
        CheckRange(nameof(Upload), destination, offsetInBytes, source.Length);
        Refuse(nameof(Upload), HostAccess.Upload);
        destination.AddReference();
        try
        {
            UploadCore(source, destination, offsetInBytes);
        }
        finally
        {
            destination.Release();
        }
    }

    /// <summary>Copies device memory to the host, after all kernels before it have finished.</summary>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie inside of the memory.</exception>
    /// <exception cref="DeviceMismatchException">The memory is another device's.</exception>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public void Download(Storage source, long offsetInBytes, Span<byte> destination)
    {
        CheckRange(nameof(Download), source, offsetInBytes, destination.Length);
        Refuse(nameof(Download), HostAccess.Read);
        source.AddReference();
        try
        {
            DownloadCore(source, offsetInBytes, destination);
        }
        finally
        {
            source.Release();
        }
    }

    /// <summary>Waits until every kernel has finished.</summary>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public void Synchronize()
    {
        Refuse(nameof(Synchronize), HostAccess.Wait);
        SynchronizeCore();
    }

    /// <summary>
    /// Tells a program's log what its user may want to know of a device, each thing once: that the first convolution on a card multiplies strictly where
    /// PyTorch rounds, for instance. What happens before there is a handler is told when it happens again.
    /// </summary>
    /// <remarks>
    /// The sender is the device. Handlers run on the thread that computes, in the midst of a call: they write a line and return.
    /// <code>
    /// Device.Notice += (_, notice) =&gt; logger.LogInformation("{Device}: {Message}", notice.Device, notice.Message);
    /// </code>
    /// </remarks>
    public static event EventHandler<DeviceNoticeEventArgs>? Notice;

    /// <summary>Raises <see cref="Notice"/>; false if nobody listens.</summary>
    protected bool RaiseNotice(string message)
    {
        if (Notice is not { } handlers)
        {
            return false;
        }

        handlers(this, new DeviceNoticeEventArgs(this, message));
        return true;
    }

    /// <summary>
    /// Runs a step once, and measures meanwhile which way of computing each of its matrix products and convolutions is the fastest on this device. Later
    /// calls use it, in this process and, where compiled kernels are kept, in later ones.
    /// </summary>
    /// <param name="step">A training step or a forward pass, with shapes as they will be used. It has its effects, such as an optimizer's update.</param>
    /// <param name="budget">The time for measurements. What was not compared with anything else in this time is computed as before.</param>
    /// <returns>How many products and convolutions of different shapes were measured; 0 on a device without a choice, where the step is not run.</returns>
    /// <remarks>
    /// Another choice may add in another order, so that results differ in their last bits from those before. With the same choices they are the same.
    /// Measure on an otherwise idle device, before a step is captured: it keeps the choices it was captured with. The environment variable
    /// <c>ENGINE_TUNE=1</c> measures during all work of a process instead, for a minute in all.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The budget is negative.</exception>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public int Tune(Action step, TimeSpan budget)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, TimeSpan.Zero);
        Refuse(nameof(Tune), HostAccess.Wait);
        return TuneCore(step, budget);
    }

    /// <summary>Runs a step once and measures the choices that the device has; 0 where it has none. The arguments were checked.</summary>
    protected virtual int TuneCore(Action step, TimeSpan budget) => 0;

    /// <summary>Copies host bytes into device memory. The source may be reused when the call returns; the range was checked, the memory is held.</summary>
    protected abstract void UploadCore(ReadOnlySpan<byte> source, Storage destination, long offsetInBytes);

    /// <summary>Copies device memory to the host, after all kernels before it have finished. The range was checked, the memory is held.</summary>
    protected abstract void DownloadCore(Storage source, long offsetInBytes, Span<byte> destination);

    /// <summary>Waits until every kernel has finished.</summary>
    protected virtual void SynchronizeCore()
    {
    }

    /// <summary>Told when a block that has an identity is given back or forgotten; from any thread, and never throws.</summary>
    protected internal virtual void Released(long storageId)
    {
    }

    /// <summary>Refuses element types that the device cannot compute with, before there is a tensor that nothing could be done with.</summary>
    /// <exception cref="OperationNotSupportedException">The type is float64 and the device has no double precision.</exception>
    protected internal void Require(DType dtype)
    {
        if (dtype == DType.Float64 && !HasFloat64)
        {
            throw new OperationNotSupportedException($"{Name}: the device has no double precision, so a float64 tensor cannot be there. Use float32 (x.To(DType.Float32) before x.To(device)), or another device, such as the CPU.");
        }
    }

    /// <summary>Asks the device for memory; false if there is none left.</summary>
    protected internal abstract bool TryAllocateMemory(long bytes, out nint handle);

    /// <summary>Gives memory back to the device.</summary>
    protected internal abstract void FreeMemory(nint handle);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private void CheckRange(string op, Storage storage, long offsetInBytes, int length, [CallerArgumentExpression(nameof(storage))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(storage, name);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetInBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetInBytes, storage.Bytes - length);
        if (storage.Device != this)
        {
            throw new DeviceMismatchException($"{op}: the memory is on {storage.Device}, not on {this}. Call it on the memory's own device.");
        }
    }
}
