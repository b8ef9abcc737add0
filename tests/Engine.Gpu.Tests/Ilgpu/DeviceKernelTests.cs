using System.Reflection.Emit;
using ILGPU;
using ILGPU.Runtime;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>C# methods as kernels: the same on every device.</summary>
[TestFixtureSource(typeof(KernelPlaces), nameof(KernelPlaces.All))]
internal sealed class DeviceKernelTests(string place)
{
    private Device _device = null!;

    [OneTimeSetUp]
    public void GetDevice() => _device = KernelPlaces.Get(place);

    private Tensor Numbers(params float[] numbers) => Tensor.From<float>(numbers, device: _device);

    [Test]
    public void Launch_Elementwise_ComputesEachElement()
    {
        using Tensor x = Tensor.Linspace(-3, 3, 1000, device: _device), y = Tensor.Zeros([1000], device: _device);
        _device.Kernel(Methods.Swish).Launch(1000, x.AsArrayView<float>(), y.AsArrayView<float>(), 1.5f);
        float[] expected = (x * (x * 1.5).Sigmoid()).ToArray<float>();
        Assert.That(y.ToArray<float>(), Is.EqualTo(expected).Within(2e-6));
    }

    [Test]
    public void Launch_ViewsOfParts_BeginAtTheirFirstElements()
    {
        using Tensor all = Tensor.Arange(0, 20, device: _device).To(DType.Float32);
        using Tensor x = all[5..10], y = all[10..15];
        _device.Kernel(Methods.Axpy).Launch(5, x.AsArrayView<float>(), y.AsArrayView<float>(), 2f);
        _device.Kernel(Methods.Axpy).Launch(2, x.AsArrayView<float>().SubView(1, 2), y.AsArrayView<float>().SubView(3, 2), 100f);
        Assert.That(all.ToArray<float>(), Is.EqualTo(new float[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 23, 26, 629, 732, 15, 16, 17, 18, 19 }));
    }

    [Test]
    public void Launch_NumbersOfAllTypes_ArriveWhole()
    {
        using Tensor y = Tensor.Zeros([3], DType.Int64, _device);
        _device.Kernel(Methods.Count).Launch(3, y.AsArrayView<long>(), 1L << 40, -7, uint.MaxValue, 1UL << 33, (byte)200, (sbyte)-100, (short)-30000, (ushort)60000);
        long first = (1L << 40) + uint.MaxValue + (1L << 33) + 200 - 100 - 30000 + 60000;
        Assert.That(y.ToArray<long>(), Is.EqualTo(new[] { first, first - 7, first - 14 }));
    }

    [Test]
    public void Launch_DoublesAndBytes_AreTheTensorsElements()
    {
        using Tensor x = Tensor.From<double>([1, 2, 3], device: _device), y = Tensor.Zeros([3], DType.Float64, _device);
        _device.Kernel(Methods.Square).Launch(3, x.AsArrayView<double>(), y.AsArrayView<double>());
        using Tensor truth = x > 1.5;
        _device.Kernel(Methods.Invert).Launch(3, truth.AsArrayView<byte>());
        Assert.Multiple(() =>
        {
            Assert.That(y.ToArray<double>(), Is.EqualTo(new double[] { 1, 4, 9 }));
            Assert.That(truth.ToArray<bool>(), Is.EqualTo(new[] { true, false, false }));
        });
    }

    [Test]
    public void Launch_TwoDimensions_FollowStrides()
    {
        using Tensor x = Tensor.Arange(0, 12, device: _device).To(DType.Float32).Reshape(3, 4), y = Tensor.Zeros([3, 4], device: _device), flipped = y.Permute(1, 0);
        _device.Kernel(Methods.Transpose).Launch(new Index2D(3, 4), x.AsArrayView2D<float>(), flipped.AsArrayView2D<float>());
        Assert.That(y.ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
    }

    [Test]
    public void Launch_ThreeDimensionsAndIndices_FollowStrides()
    {
        using Tensor x = Tensor.Arange(0, 60, device: _device).To(DType.Int32).Reshape(3, 4, 5), part = x[1.., 1..3, ..], y = Tensor.Zeros([5, 2, 2], DType.Int32, _device), turned = y.Permute(2, 1, 0);
        _device.Kernel(Methods.Sum3).Launch(new Index3D(2, 2, 5), part.AsArrayView3D<int>(), turned.AsArrayView3D<int>(), new Index3D(1, 2, 3));
        using Tensor expected = (part + 321).Permute(2, 1, 0);
        Assert.That(y.ToArray<int>(), Is.EqualTo(expected.ToArray<int>()));
    }

    [Test]
    public void Launch_Structure_ArrivesFieldByField()
    {
        using Tensor x = Numbers(1, 2, 3), y = Tensor.Zeros([3], device: _device);
        _device.Kernel(Methods.Apply).Launch(3, x.AsArrayView<float>(), y.AsArrayView<float>(), new Methods.Line { Power = 2, Shift = -1, Slope = 0.5 });
        Assert.That(y.ToArray<float>(), Is.EqualTo(new[] { -0.5f, 1, 3.5f }));
    }

    [Test]
    public void Launch_GroupsWithSharedMemory_SumTheirElements()
    {
        using Tensor x = Tensor.Arange(0, 300, device: _device).To(DType.Float32), y = Tensor.Zeros([3], device: _device);
        _device.Kernel(Methods.BlockSum).Launch((3, 128), x.AsArrayView<float>(), y.AsArrayView<float>());
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 127 * 64, (128 + 255) * 64, (256 + 299) * 22 }));
    }

    [Test]
    public void Launch_SharedMemoryOfTheLaunch_IsAsLargeAsAskedFor()
    {
        using Tensor x = Tensor.Arange(0, 64, device: _device).To(DType.Int32);
        KernelConfig config = (4, 16, SharedMemoryConfig.RequestDynamic<int>(16));
        _device.Kernel(Methods.Reverse).Launch(config, x.AsArrayView<int>());
        Assert.That(x.ToArray<int>(), Is.EqualTo(Enumerable.Range(0, 64).Select(static i => (i / 16 * 16) + 15 - (i % 16))));
    }

    [Test]
    public void Launch_GroupsOfTwoDimensions_KnowTheirPlaces()
    {
        using Tensor y = Tensor.Zeros([6, 8], DType.Int32, _device);
        _device.Kernel(Methods.Places).Launch((new Index2D(2, 3), new Index2D(4, 2)), y.AsArrayView<int>(), 8);
        Assert.That(y.ToArray<int>(), Is.EqualTo(Enumerable.Range(0, 48).Select(static i => (100 * (i / 8)) + (i % 8))));
    }

    [Test]
    public void Launch_GenericMethod_IsOneKernelForEachType()
    {
        using Tensor x = Tensor.Zeros([3], device: _device), n = Tensor.Zeros([3], DType.Int32, _device);
        _device.Kernel(Methods.Generic<float>).Launch(3, x.AsArrayView<float>(), 2.5f);
        _device.Kernel(Methods.Generic<int>).Launch(2, n.AsArrayView<int>(), 7);
        Assert.Multiple(() =>
        {
            Assert.That(x.ToArray<float>(), Is.All.EqualTo(2.5f));
            Assert.That(n.ToArray<int>(), Is.EqualTo(new[] { 7, 7, 0 }));
        });
    }

    [Test]
    public void Launch_BetweenOperations_KeepsTheirOrder()
    {
        using Tensor x = Tensor.Ones([1000], device: _device);
        for (int i = 0; i < 5; i++)
        {
            using Tensor y = x * 2;
            _device.Kernel(Methods.Axpy).Launch(1000, y.AsArrayView<float>(), x.AsArrayView<float>(), 0.5f);
        }

        Assert.That(x.ToArray<float>(), Is.All.EqualTo(32f));
    }

    [Test]
    public void Launch_NoExtent_DoesNothing()
    {
        using Tensor x = Numbers(1, 2), empty = Tensor.Zeros([0], device: _device);
        _device.Kernel(Methods.Axpy).Launch(0, x.AsArrayView<float>(), x.AsArrayView<float>(), 1f);
        _device.Kernel(Methods.Axpy).Launch(0, empty.AsArrayView<float>(), empty.AsArrayView<float>(), 1f);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }));
    }

    [Test]
    public void Launch_LocalFunction_IsAKernelToo()
    {
        using Tensor x = Numbers(1, 2);
        _device.Kernel(Double).Launch(2, x.AsArrayView<float>());
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 2, 4 }));
        static void Double(Index1D i, ArrayView<float> x) => x[i] *= 2;
    }

    [Test]
    public void Launch_WrongArguments_AreRefusedWithTheMethodsList()
    {
        using Tensor x = Numbers(1, 2);
        DeviceKernel kernel = _device.Kernel(Methods.Axpy);
        ArrayView<float> view = x.AsArrayView<float>();
        Assert.Multiple(() =>
        {
            Assert.That(() => kernel.Launch(2, view, view, 1.0), Throws.ArgumentException.With.Message.Contains("argument 2 is a Double").And.Message.Contains("(ArrayView<Single> x, ArrayView<Single> y, Single a)"));
            Assert.That(() => kernel.Launch(2, view, view), Throws.ArgumentException.With.Message.Contains("gives 2 arguments"));
            Assert.That(() => kernel.Launch(2, view, view, 1f, 1f), Throws.ArgumentException.With.Message.Contains("more arguments"));
            Assert.That(() => kernel.Launch(2, x, view, 1f), Throws.ArgumentException.With.Message.Contains("AsArrayView<T>()"));
            Assert.That(() => kernel.Launch(new Index2D(1, 2), view, view, 1f), Throws.ArgumentException.With.Message.Contains("index of 1 dimensions"));
            Assert.That(() => kernel.Launch((1, 2), view, view, 1f), Throws.ArgumentException.With.Message.Contains("Launch(extent, …)"));
            Assert.That(() => _device.Kernel(Methods.BlockSum).Launch(2, view, view), Throws.ArgumentException.With.Message.Contains("over groups"));
            Assert.That(() => kernel.Launch(-1, view, view, 1f), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => kernel.Launch(1L << 31, view, view, 1f), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("32 bits"));
        });
    }

    [Test]
    public void Launch_DisposedTensor_IsRefused()
    {
        Tensor x = Numbers(1, 2);
        ArrayView<float> view = x.AsArrayView<float>();
        x.Dispose();
        Assert.That(() => _device.Kernel(Methods.Axpy).Launch(2, view, view, 1f), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Launch_TensorOnAnotherDevice_IsRefused()
    {
        using Tensor x = Numbers(1, 2), elsewhere = Tensor.Zeros([2], device: place == "cpu" ? KernelDevices.Get("interpreter") : Device.Cpu);
        Assert.That(
            () => _device.Kernel(Methods.Axpy).Launch(2, x.AsArrayView<float>(), elsewhere.AsArrayView<float>(), 1f),
            Throws.InstanceOf<DeviceMismatchException>().With.Message.Contains("To(device)"));
    }

    [Test]
    public void AsArrayView_TensorThatIsNotSeenSo_IsRefused()
    {
        using Tensor x = Tensor.Zeros([2, 3], device: _device), turned = x.Permute(1, 0);
        Assert.Multiple(() =>
        {
            Assert.That(() => x.AsArrayView<double>(), Throws.InstanceOf<DTypeMismatchException>());
            Assert.That(() => turned.AsArrayView<float>(), Throws.ArgumentException.With.Message.Contains("Contiguous()"));
            Assert.That(() => x.AsArrayView3D<float>(), Throws.ArgumentException.With.Message.Contains("3 axes"));
            Assert.That(() => x.Flip(0, 1).AsArrayView2D<float>(), Throws.ArgumentException.With.Message.Contains("stride"));
        });
    }

    /// <summary>By itself ILGPU ends the process at a part that leads out of a view, and takes constructors of views at their word.</summary>
    [Test]
    public void View_ThatLeadsOutOfItsMemory_IsRefused()
    {
        using Tensor x = Numbers(1, 2, 3);
        ArrayView<float> view = x.AsArrayView<float>();
        MemoryBuffer buffer = ((IArrayView)view).Buffer;
        DeviceKernel kernel = _device.Kernel(Methods.Axpy);
        Assert.Multiple(() =>
        {
            Assert.That(() => view.SubView(1, 3), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => view.SubView(-1, 2), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => kernel.Launch(1, view, new ArrayView<float>(buffer, 1, 3), 1f), Throws.ArgumentException.With.Message.Contains("leads out of its memory"));
            Assert.That(() => kernel.Launch(1, new ArrayView<float>(buffer, long.MaxValue / 2, 8), view, 1f), Throws.ArgumentException);
            Assert.That(() => kernel.Launch(1, new ArrayView<float>(buffer, 0, long.MaxValue / 2), view, 1f), Throws.ArgumentException);
        });
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3 }));
    }

    /// <summary>Of ILGPU's own product of number and size the highest bits are lost.</summary>
    [TestCase(int.MaxValue)]
    [TestCase(1 << 29)]
    public void Launch_SharedMemoryBeyondTheDevice_IsRefused(int count)
    {
        using Tensor x = Tensor.Zeros([16], DType.Int32, _device);
        KernelConfig config = (1, 16, SharedMemoryConfig.RequestDynamic<long>(count));
        Assert.That(() => _device.Kernel(Methods.Reverse).Launch(config, x.AsArrayView<int>()), Throws.InstanceOf<OperationNotSupportedException>().With.Message.Contains("shared memory"));
    }

    [TestCaseSource(nameof(NoKernels))]
    public void Kernel_MethodThatIsNone_SaysWhy(Delegate method, string reason) =>
        Assert.That(() => _device.Kernel(method), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains(reason));

    [TestCase("rounding")]
    [TestCase("sign")]
    public void Launch_MethodThatIlgpuCompilesWrongly_IsRefusedOnCards(string what)
    {
        using Tensor x = Numbers(1.5f, 2.5f);
        DeviceKernel kernel = _device.Kernel(what == "sign" ? Methods.CopiesSign : Methods.Rounds);
        if (_device is GpuDevice)
        {
            Assert.That(() => kernel.Launch(2, x.AsArrayView<float>()), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("compiles wrongly"));
        }
        else
        {
            kernel.Launch(2, x.AsArrayView<float>());
            Assert.That(x.ToArray<float>(), Is.EqualTo(what == "sign" ? new[] { -1.5f, -2.5f } : [2, 2]));
        }
    }

    public static IEnumerable<TestCaseData> NoKernels()
    {
        int captured = 1;
        DynamicMethod dynamic = new("Dynamic", typeof(void), [typeof(Index1D), typeof(ArrayView<float>)], typeof(Methods));
        dynamic.GetILGenerator().Emit(OpCodes.Ret);
        yield return new TestCaseData((Action<Index1D, ArrayView<float>>)((i, x) => x[i] = captured), "not static").SetArgDisplayNames("lambda");
        yield return new TestCaseData((Delegate)Methods.Returns, "it returns Int32").SetArgDisplayNames("result");
        yield return new TestCaseData((Delegate)Methods.Long, "LongIndex1D").SetArgDisplayNames("long index");
        yield return new TestCaseData((Delegate)Methods.Reference, "by reference").SetArgDisplayNames("reference");
        yield return new TestCaseData(dynamic.CreateDelegate<Action<Index1D, ArrayView<float>>>(), "body cannot be read").SetArgDisplayNames("dynamic method");
        yield return new TestCaseData((Delegate)Methods.Truth, "bool").SetArgDisplayNames("bool");
        yield return new TestCaseData((Delegate)Methods.Truths, "bytes").SetArgDisplayNames("view of bool");
    }
}
