using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Memory and a queue that the engine shares with ILGPU's OpenCL accelerator.</summary>
/// <remarks>
/// ILGPU opens no device without generic address space, such as PoCL 3.1, although context, queue and buffers work there: the tests set its flag.
/// ILGPU's own kernels are launched only where the device has what they need.
/// </remarks>
[TestFixture]
internal sealed class ClAcceleratorTests
{
    private Context _context = null!;
    private CLAccelerator _accelerator = null!;
    private OpenClDevice _device = null!;
    private bool _hasGenericAddressSpace;

    [OneTimeSetUp]
    public void Open()
    {
        _ = OpenClMachine.Device;
        IlgpuLibraries.Register();
        _context = Context.Create(static builder => builder.OpenCL(static _ => true).CPU());
        Assert.That(CLAPI.CurrentAPI.IsSupported, "ILGPU has not found the library that we have");
        CLDevice device = _context.GetCLDevices()[0];
        _hasGenericAddressSpace = device.Capabilities.GenericAddressSpace;
        if (!_hasGenericAddressSpace)
        {
            Assert.That(() => device.CreateCLAccelerator(_context), Throws.InstanceOf<CapabilityNotSupportedException>(), "needs no flag any more");
            SetGenericAddressSpace(device.Capabilities, true);
        }

        _accelerator = device.CreateCLAccelerator(_context);
        _device = OpenClDevice.Adopt(_accelerator);
    }

    [OneTimeTearDown]
    public void Close()
    {
        _device?.Dispose();
        _accelerator?.Dispose();
        _context?.Dispose();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_GenericAddressSpace")]
    private static extern void SetGenericAddressSpace(CLCapabilityContext capabilities, bool value);

    [Test]
    public void Adopt_Accelerator_UsesItsContextAndStream()
    {
        Assert.That(_device.Context, Is.EqualTo(_accelerator.NativePtr));
        Assert.That(_device.Queue, Is.EqualTo(((CLStream)_accelerator.DefaultStream).CommandQueue));
        using var stream = (CLStream)_accelerator.CreateStream();
        using OpenClDevice other = OpenClDevice.Adopt(_accelerator, stream);
        Assert.That(other.Queue, Is.EqualTo(stream.CommandQueue));
    }

    [Test]
    public void Adopt_WhatDoesNotBelongTogether_IsRefused()
    {
        CLAccelerator stranger = _context.GetCLDevices()[0].CreateCLAccelerator(_context);
        var stream = (CLStream)stranger.DefaultStream;
        using OpenClDevice other = OpenClDevice.Adopt(stranger);
        using Tensor elsewhere = Tensor.Zeros([2], device: other);
        using var buffer = stranger.Allocate1D<float>(2);
        ArrayView<float> view = buffer.View;
        Assert.Multiple(() =>
        {
            Assert.That(() => OpenClDevice.Adopt(_accelerator, stream), Throws.ArgumentException.With.Message.Contains("stream belongs to"));
            Assert.That(() => OpenClDevice.Adopt(null!), Throws.ArgumentNullException);
            Assert.That(() => _device.Wrap(view), Throws.InstanceOf<DeviceMismatchException>());
            Assert.That(() => elsewhere.AsArrayView<float>(_accelerator), Throws.InstanceOf<DeviceMismatchException>());
            Assert.That(() => _device.Kernel(Methods.Axpy).Launch(2, view, view, 1f), Throws.InstanceOf<DeviceMismatchException>());
        });
        elsewhere.Dispose();
        buffer.Dispose();
        other.Dispose();
        stranger.Dispose();
        Assert.That(() => OpenClDevice.Adopt(stranger), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Wrap_Buffer_IsComputedWithInItsQueue()
    {
        using var buffer = _accelerator.Allocate1D(new float[] { 9, 1, 2, 3, 4, 9 });
        using Tensor x = _device.Wrap(buffer.View.SubView(1, 4).AsContiguous(), [2, 2]), y = x * x;
        x.AddInPlace(y);
        Assert.That(buffer.GetAsArray1D(), Is.EqualTo(new float[] { 9, 2, 6, 12, 20, 9 }));
        buffer.Dispose();
        Assert.That(() => _device.Wrap(buffer), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Wrap_ViewWithStrides_HasTheSameIndices()
    {
        float[,] matrix = { { 1, 2, 3 }, { 4, 5, 6 } };
        using var columns = _accelerator.Allocate2DDenseX(matrix);
        using Tensor x = _device.Wrap(columns), doubled = x + x;
        Assert.That(doubled.ToArray<float>(), Is.EqualTo(new float[] { 2, 4, 6, 8, 10, 12 }));
    }

    [Test]
    public void Kernel_ViewsOfBuffersAndTensors_AreMixed()
    {
        using var buffer = _accelerator.Allocate1D(new float[] { 0, 1, 2, 3, 4 });
        using Tensor y = Tensor.From<float>([10, 20, 30], device: _device);
        DeviceKernel axpy = _device.Kernel(Methods.Axpy);
        axpy.Launch(3, buffer.View.SubView(2, 3).AsContiguous(), y.AsArrayView<float>(_accelerator), 2f);
        axpy.Launch(2, y.AsArrayView<float>().SubView(1, 2), buffer.View.SubView(0, 2).AsContiguous(), 1f);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 14, 26, 38 }));
        Assert.That(buffer.GetAsArray1D(), Is.EqualTo(new float[] { 26, 39, 2, 3, 4 }));
        ArrayView<float> view = buffer.View;
        buffer.Dispose();
        Assert.That(() => axpy.Launch(3, view, y.AsArrayView<float>(), 2f), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void AsArrayView_OfTheAccelerator_IsCopiedAndFilledByIlgpu()
    {
        using Tensor all = Tensor.Arange(0, 10, device: _device).To(DType.Float32), x = all[2..7];
        ArrayView<float> view = x.AsArrayView<float>(_accelerator);
        Assert.That(AcceleratorMemory.BufferOf(view)!.NativePtr, Is.EqualTo(_device.GetBuffer(x).Buffer));
        float[] read = new float[3];
        view.SubView(1, 3).CopyToCPU(read);
        Assert.That(read, Is.EqualTo(new float[] { 3, 4, 5 }));
        view.SubView(0, 2).CopyFromCPU(new float[] { 70, 80 });
        view.SubView(4, 1).MemSetToZero();
        using var buffer = _accelerator.Allocate1D<float>(2);
        buffer.View.AsContiguous().CopyFrom(x.AsArrayView<float>(_accelerator).SubView(1, 2));
        Assert.That(buffer.GetAsArray1D(), Is.EqualTo(new float[] { 80, 4 }));
        Assert.That(all.ToArray<float>(), Is.EqualTo(new float[] { 0, 1, 70, 80, 4, 5, 0, 7, 8, 9 }));
    }

    [Test]
    public void Order_OfBoth_IsThatOfTheCalls()
    {
        using Tensor x = Tensor.Ones([1000], device: _device);
        using var buffer = _accelerator.Allocate1D<float>(1000);
        using Tensor y = _device.Wrap(buffer);
        for (int i = 0; i < 5; i++)
        {
            using Tensor doubled = x * 2;
            buffer.View.AsContiguous().CopyFrom(doubled.AsArrayView<float>(_accelerator));
            x.AddInPlace(y);
        }

        Assert.That(x.ToArray<float>(), Is.All.EqualTo(243f));
    }

    [Test]
    public void AsArrayView_OfTheAccelerator_IsLaunchedByIlgpuWhereItCan()
    {
        if (!_hasGenericAddressSpace)
        {
            Assert.Ignore("ILGPU's kernels need a device with generic address space");
        }

        using Tensor x = Tensor.From<float>([1, 2, 3], device: _device), y = Tensor.From<float>([1, 1, 1], device: _device);
        var axpy = _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(Methods.Axpy);
        axpy(3, x.AsArrayView<float>(_accelerator), y.AsArrayView<float>(_accelerator), 2f);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 3, 5, 7 }));
    }

    [Test]
    public void AsArrayView_WhileAStepIsCaptured_IsRefused()
    {
        using Tensor x = Tensor.Ones([4], device: _device);
        int passes = 0;
        Assert.That(
            () => _device.Capture(() =>
            {
                passes++;
                _ = x.AsArrayView<float>(_accelerator);
            }),
            Throws.InstanceOf<CaptureException>().With.Message.Contains("device.Kernel"));
        Assert.That(passes, Is.EqualTo(3), "the warm-ups are carried out");
    }
}
