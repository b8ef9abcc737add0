using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Memory that tensors on the CPU and CPU accelerators of ILGPU's share.</summary>
[TestFixture]
internal sealed class CpuAcceleratorTests
{
    private Context _context = null!;
    private CPUAccelerator _accelerator = null!;

    [OneTimeSetUp]
    public void Open()
    {
        _context = Context.Create(static builder => builder.CPU(new CPUDevice(4, 2, 1)).EnableAlgorithms());
        _accelerator = _context.GetCPUDevices()[0].CreateCPUAccelerator(_context);
    }

    [OneTimeTearDown]
    public void Close()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    private static Tensor Numbers(params float[] numbers) => Tensor.From<float>(numbers, device: Device.Cpu);

    private Tensor Count(int count)
    {
        using Tensor numbers = Tensor.Arange(0, count, device: Device.Cpu);
        return numbers.To(DType.Float32);
    }

    [Test]
    public void Wrap_Buffer_IsTheSameMemory()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> buffer = _accelerator.Allocate1D(new float[] { 1, 2, 3, 4, 5, 6 });
        using Tensor x = Device.Cpu.Wrap(buffer, [2, 3]);
        using Tensor doubled = x + x;
        x.AddInPlace(doubled);
        Assert.That(buffer.GetAsArray1D(), Is.EqualTo(new float[] { 3, 6, 9, 12, 15, 18 }));
        buffer.CopyFromCPU(new float[] { 6, 5, 4, 3, 2, 1 });
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 6, 5, 4, 3, 2, 1 }));
        Assert.That(x.Shape.ToArray(), Is.EqualTo(new[] { 2, 3 }));
    }

    [Test]
    public void Wrap_PartOfAView_BeginsAtItsFirstElement()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = _accelerator.Allocate1D(Enumerable.Range(0, 50).ToArray());
        for (int start = 0; start < 20; start++)
        {
            ArrayView<int> part = buffer.View.SubView(start, 25);
            using Tensor x = Device.Cpu.Wrap(part), y = Device.Cpu.Wrap(part, [5, 5]), sum = x + x;
            Assert.That(sum.ToArray<int>(), Is.EqualTo(Enumerable.Range(start, 25).Select(static i => 2 * i)));
            using Tensor last = y[4];
            Assert.That(last.ToArray<int>(), Is.EqualTo(Enumerable.Range(start + 20, 5)));
        }
    }

    [Test]
    public void Wrap_ViewsWithStrides_HaveTheSameIndices()
    {
        float[,] matrix = new float[3, 4];
        float[,,] block = new float[2, 3, 4];
        for (int i = 0; i < 24; i++)
        {
            block[i / 12, i / 4 % 3, i % 4] = i;
            matrix[i / 4 % 3, i % 4] = i % 12;
        }

        using var rows = _accelerator.Allocate2DDenseY(matrix);
        using var columns = _accelerator.Allocate2DDenseX(matrix);
        using var zyx = _accelerator.Allocate3DDenseZY<float>(new LongIndex3D(2, 3, 4));
        using var xyz = _accelerator.Allocate3DDenseXY<float>(new LongIndex3D(2, 3, 4));
        for (int i = 0; i < 24; i++)
        {
            Index3D place = new(i / 12, i / 4 % 3, i % 4);
            zyx.View[place] = xyz.View[place] = i;
        }

        using Tensor a = Device.Cpu.Wrap(rows), b = Device.Cpu.Wrap(columns), c = Device.Cpu.Wrap(zyx), d = Device.Cpu.Wrap(xyz);
        Assert.Multiple(() =>
        {
            Assert.That(a.ToArray<float>(), Is.EqualTo(matrix.Cast<float>()));
            Assert.That(b.ToArray<float>(), Is.EqualTo(matrix.Cast<float>()));
            Assert.That(b.IsContiguous, Is.False);
            Assert.That(c.ToArray<float>(), Is.EqualTo(block.Cast<float>()));
            Assert.That(d.ToArray<float>(), Is.EqualTo(block.Cast<float>()));
        });
        b.AddInPlace(a);
        Assert.That(columns.GetAsArray2D(), Is.EqualTo(a.ToArray<float>().Select(static v => 2 * v)));
        using var line = _accelerator.Allocate1D<float, Stride1D.General>(5, new Stride1D.General(3));
        using Tensor e = Device.Cpu.Wrap(line);
        e.FillInPlace(7);
        Assert.That(e.Layout.Strides[0], Is.EqualTo(3));
        Assert.That(line.View[4], Is.EqualTo(7));
    }

    [Test]
    public void Wrap_ElementTypes_AreThoseOfTensors()
    {
        Assert.Multiple(() =>
        {
            Check<float>(DType.Float32);
            Check<double>(DType.Float64);
            Check<int>(DType.Int32);
            Check<long>(DType.Int64);
            Check<byte>(DType.UInt8);
            Check<ILGPU.Half>(DType.Float16);
        });
        using var shorts = _accelerator.Allocate1D<short>(2);
        Assert.That(() => Device.Cpu.Wrap(shorts), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("Int16"));

        void Check<T>(DType type)
            where T : unmanaged
        {
            using var buffer = _accelerator.Allocate1D<T>(2);
            buffer.MemSetToZero();
            using Tensor x = Device.Cpu.Wrap(buffer);
            Assert.That(x.DType, Is.EqualTo(type));
            Assert.That(x.To(DType.Float32).ToArray<float>(), Is.EqualTo(new float[] { 0, 0 }));
        }
    }

    [Test]
    public void Wrap_WhatIsNotThere_IsRefused()
    {
        var buffer = _accelerator.Allocate1D<float>(6);
        using Tensor elsewhere = Tensor.Zeros([2], device: KernelDevices.Get("interpreter"));
        ArrayView<float> view = buffer.View;
        Assert.Multiple(() =>
        {
            Assert.That(() => Device.Cpu.Wrap(view, [2, 2]), Throws.ArgumentException.With.Message.Contains("4 elements, the view has 6"));
            Assert.That(() => KernelDevices.Get("interpreter").Wrap(view), Throws.InstanceOf<DeviceMismatchException>().With.Message.Contains("Adopt"));
            Assert.That(() => Device.Cpu.Wrap(elsewhere.AsArrayView<float>()), Throws.InstanceOf<DeviceMismatchException>());
            Assert.That(() => Device.Cpu.Wrap((MemoryBuffer1D<float, Stride1D.Dense>)null!), Throws.ArgumentNullException);
            Assert.That(() => Device.Cpu.Wrap(new ArrayView<float>(null!, 0, 3)), Throws.ArgumentException.With.Message.Contains("no memory"));
        });
        using Tensor empty = Device.Cpu.Wrap(ArrayView<float>.Empty);
        Assert.That(empty.Shape.ToArray(), Is.EqualTo(new[] { 0 }));
        buffer.Dispose();
        Assert.That(() => Device.Cpu.Wrap(view), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => Device.Cpu.Wrap(buffer), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Wrap_BufferThatNobodyElseHolds_StaysAlive()
    {
        using Tensor x = Forgotten();
        for (int i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            using var other = _accelerator.Allocate1D<float>(1000);
            other.MemSetToZero();
        }

        Assert.That(x.ToArray<float>(), Is.All.EqualTo(4f));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Tensor Forgotten()
    {
        var buffer = _accelerator.Allocate1D(Enumerable.Repeat(4f, 1000).ToArray());
        return Device.Cpu.Wrap(buffer);
    }

    [Test]
    public void AsArrayView_OfAnAccelerator_IsLaunchedByIlgpu()
    {
        using Tensor all = Count(20), x = all[5..10], y = all[10..15];
        var axpy = _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, float>(Methods.Axpy);
        axpy(5, x.AsArrayView<float>(_accelerator), y.AsArrayView<float>(_accelerator), 2f);
        _accelerator.Synchronize();
        Assert.That(all.ToArray<float>(), Is.EqualTo(new float[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 23, 26, 29, 32, 15, 16, 17, 18, 19 }));
    }

    [Test]
    public void AsArrayView2D_OfAnAccelerator_KeepsStrides()
    {
        using Tensor flat = Count(12), x = flat.Reshape(3, 4), y = Tensor.Zeros([3, 4], device: Device.Cpu), turned = y.Permute(1, 0);
        var transpose = _accelerator.LoadAutoGroupedStreamKernel<Index2D, ArrayView2D<float, Stride2D.General>, ArrayView2D<float, Stride2D.General>>(Methods.Transpose);
        transpose(new Index2D(3, 4), x.AsArrayView2D<float>(_accelerator), turned.AsArrayView2D<float>(_accelerator));
        _accelerator.Synchronize();
        Assert.That(y.ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
    }

    [Test]
    public void Wrap_ViewOfATensor_IsThatTensorsMemory()
    {
        using Tensor x = Count(10), part = x[2..8];
        using Tensor back = Device.Cpu.Wrap(part.AsArrayView<float>(_accelerator), [2, 3]);
        Assert.That(back.Storage, Is.SameAs(x.Storage));
        x.Dispose();
        part.Dispose();
        Assert.That(back.ToArray<float>(), Is.EqualTo(new float[] { 2, 3, 4, 5, 6, 7 }));
    }

    [Test]
    public void Algorithms_OnTensors_ReadAndWriteTheirElements()
    {
        using Tensor x = Numbers(5, -1, 3, 8, 2, 2, -7, 0);
        ArrayView<float> view = x.AsArrayView<float>(_accelerator);
        Assert.That(_accelerator.Reduce<float, AddFloat>(_accelerator.DefaultStream, view), Is.EqualTo(12f));
        Assert.That(_accelerator.Reduce<float, MaxFloat>(_accelerator.DefaultStream, view.SubView(4, 3)), Is.EqualTo(2f));
        _accelerator.Initialize(_accelerator.DefaultStream, view.SubView(2, 3), 9f);
        _accelerator.Synchronize();
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 5, -1, 9, 9, 9, 2, -7, 0 }));
    }

    [Test]
    public void Copies_OfTensorsViews_TakeTheirElementsOnly()
    {
        using Tensor x = Count(8), part = x[2..5];
        int version = x.Storage.Version;
        using var buffer = _accelerator.Allocate1D(new float[] { 10, 20, 30, 40 });
        ArrayView<float> view = part.AsArrayView<float>(_accelerator);
        view.CopyFrom(buffer.View.SubView(1, 3).AsContiguous());
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 0, 1, 20, 30, 40, 5, 6, 7 }));
        Assert.That(x.Storage.Version, Is.GreaterThan(version), "autograd is told");
        view.SubView(1, 1).MemSetToZero();
        view.CopyTo(buffer.View.SubView(0, 3).AsContiguous());
        Assert.That(buffer.GetAsArray1D(), Is.EqualTo(new float[] { 20, 0, 40, 40 }));
        Assert.That(() => x.AsArrayView<float>().MemSetToZero(_accelerator.DefaultStream), Throws.InstanceOf<NotSupportedException>());
    }

    [Test]
    public void Views_OfADisposedTensor_AreRefused()
    {
        Tensor x = Count(4);
        ArrayView<float> view = x.AsArrayView<float>(_accelerator);
        x.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(() => x.AsArrayView<float>(_accelerator), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => view.MemSetToZero(), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => Device.Cpu.Wrap(view), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => Device.Cpu.Kernel(Methods.Axpy).Launch(4, view, view, 1f), Throws.InstanceOf<ObjectDisposedException>());
        });
    }

    [Test]
    public void AsArrayView_AcceleratorWithoutTheMemory_IsRefused()
    {
        using Tensor elsewhere = Tensor.Zeros([2], device: KernelDevices.Get("interpreter")), here = Numbers(1, 2);
        CPUAccelerator ended = _context.GetCPUDevices()[0].CreateCPUAccelerator(_context);
        ended.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(() => elsewhere.AsArrayView<float>(_accelerator), Throws.InstanceOf<DeviceMismatchException>().With.Message.Contains("Adopt"));
            Assert.That(() => here.AsArrayView<float>(ended), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => here.AsArrayView<float>(null!), Throws.ArgumentNullException);
            Assert.That(() => here.AsArrayView<double>(_accelerator), Throws.InstanceOf<DTypeMismatchException>());
        });
    }

    [Test]
    public void Kernel_ViewsOfBuffersAndTensors_AreMixed()
    {
        using var buffer = _accelerator.Allocate1D(new float[] { 1, 2, 3 });
        using Tensor y = Numbers(10, 20, 30);
        Device.Cpu.Kernel(Methods.Axpy).Launch(3, (ArrayView<float>)buffer.View, y.AsArrayView<float>(_accelerator), 2f);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 12, 24, 36 }));
    }
}
