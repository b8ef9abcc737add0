using Engine.Cpu;
using ILGPU;
using ILGPU.Runtime;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Ilgpu;

/// <summary>Kernels on tensors of the CPU: what goes wrong in them is an exception of the launch, and the next launch is as good as ever.</summary>
[NonParallelizable]
internal sealed class HostKernelTests
{
    [Test]
    public void Launch_IndexOutsideAView_Throws()
    {
        using HostListeners host = new();
        using CpuDevice device = new("kernels", 2);
        using Tensor x = Tensor.Ones([64], device: device), y = Tensor.Zeros([64], device: device);
        for (int i = 0; i < 2; i++)
        {
            Assert.That(
                () => device.Kernel(Shift).Launch(64, x.AsArrayView<float>(), y.AsArrayView<float>(), 1),
                Throws.InstanceOf<KernelExecutionException>().With.Message.StartsWith("Kernel HostKernelTests.Shift failed at index 63: Index out of range."));
            Assert.That(
                () => device.Kernel(Shift).Launch(64, x.AsArrayView<float>(), y[..32].AsArrayView<float>(), 0),
                Throws.InstanceOf<KernelExecutionException>().With.Message.Contains("index 32"));
            Assert.That(
                () => device.Kernel(ShiftInGroup).Launch((2, 32), x.AsArrayView<float>(), y.AsArrayView<float>(), -1),
                Throws.InstanceOf<KernelExecutionException>().With.Message.StartsWith("Kernel HostKernelTests.ShiftInGroup failed in group (0, 0, 0), work-item (0, 0, 0): Index out of range."));
            device.Kernel(Shift).Launch(64, x.AsArrayView<float>(), y.AsArrayView<float>(), 0);
            device.Kernel(ShiftInGroup).Launch((2, 32), x.AsArrayView<float>(), y.AsArrayView<float>(), 0);
            Assert.That(y.ToArray<float>(), Is.All.EqualTo(1));
        }

        Assert.That(host.Failures, Is.Empty);
    }

    [Test]
    public void Launch_KernelThatThrows_Throws()
    {
        using CpuDevice device = new("kernels", 2);
        using Tensor x = Tensor.From<int>([1, 0, 2], device: device);
        Assert.That(
            () => device.Kernel(Divide).Launch(3, x.AsArrayView<int>()),
            Throws.InstanceOf<KernelExecutionException>().With.InnerException.InstanceOf<FormatException>().And.Message.Contains("index 1"));
        Assert.That(
            () => device.Kernel(DivideInGroup).Launch((1, 3), x.AsArrayView<int>()),
            Throws.InstanceOf<KernelExecutionException>().With.InnerException.InstanceOf<FormatException>().And.Message.Contains("work-item (1, 0, 0)"));
    }

    [Test]
    public void Launch_OutsideAViewWithStrides_Throws()
    {
        using CpuDevice device = new("kernels", 2);
        using Tensor x = Tensor.Zeros([5, 6], device: device);
        using Tensor part = x[1..3, 2..4];
        DeviceKernel mark = device.Kernel(Mark);
        Assert.That(() => mark.Launch(new Index2D(3, 2), part.AsArrayView2D<float>()), Throws.InstanceOf<KernelExecutionException>().With.Message.Contains("(2, 0)"));
        mark.Launch(new Index2D(2, 2), part.AsArrayView2D<float>());
        Assert.That(x.Sum().Item(), Is.EqualTo(4));
    }

    [Test]
    public void Launch_OnADisposedDevice_RunsAsTheDevicesOwnKernelsDo()
    {
        CpuDevice device = new("kernels", 2);
        using Tensor x = Tensor.Ones([100_000], device: device), y = Tensor.Zeros([100_000], device: device);
        device.Dispose();
        device.Kernel(Shift).Launch(100_000, x.AsArrayView<float>(), y.AsArrayView<float>(), 0);
        Assert.That(y.Sum().Item(), Is.EqualTo(100_000));
    }

    [Test]
    public void Launch_DynamicSharedMemory_ReachesTheGroup()
    {
        using CpuDevice device = new("kernels", 2);
        using Tensor y = Tensor.Zeros([8], DType.Int32, device);
        device.Kernel(ReverseGroup).Launch(new KernelConfig(2, 4, SharedMemoryConfig.RequestDynamic<int>(4)), y.AsArrayView<int>());
        Assert.That(y.ToArray<int>(), Is.EqualTo((int[])[3, 2, 1, 0, 7, 6, 5, 4]));
    }

    [TestCaseSource(typeof(KernelPlaces), nameof(KernelPlaces.All))]
    public void Launch_LocalMemory_IsThereOnEveryDevice(string place)
    {
        Device device = KernelPlaces.Get(place);
        using Tensor y = Tensor.Zeros([300], DType.Int32, device);
        device.Kernel(Digits).Launch(300, y.AsArrayView<int>());
        Assert.That(y.ToArray<int>(), Is.EqualTo(Enumerable.Range(0, 300).Select(i => (i % 10 * 100) + (i / 10 % 10 * 10) + (i / 100))));
    }

    private static void Shift(Index1D i, ArrayView<float> x, ArrayView<float> y, int by) => y[i] = x[i + by];

    private static void ShiftInGroup(ArrayView<float> x, ArrayView<float> y, int by)
    {
        float value = x[Grid.GlobalIndex.X + by];
        ILGPU.Group.Barrier();
        y[Grid.GlobalIndex.X] = value;
    }

    // Not 6 / x[i]: PoCL, once loaded, takes over the processor's signal, and C# divides by zero without an exception from then on.
    private static void Divide(Index1D i, ArrayView<int> x) => x[i] = Quotient(x[i]);

    private static void DivideInGroup(ArrayView<int> x) => x[ILGPU.Group.IdxX] = Quotient(x[ILGPU.Group.IdxX]);

    private static int Quotient(int x) => x != 0 ? 6 / x : throw new FormatException("zero");

    private static void Mark(Index2D i, ArrayView2D<float, Stride2D.General> x) => x[i] = 1;

    private static void ReverseGroup(ArrayView<int> y)
    {
        ArrayView<int> shared = SharedMemory.GetDynamic<int>();
        shared[ILGPU.Group.IdxX] = Grid.GlobalIndex.X;
        ILGPU.Group.Barrier();
        y[Grid.GlobalIndex.X] = shared[ILGPU.Group.DimX - 1 - ILGPU.Group.IdxX];
    }

    /// <summary>The three digits of the index, the last one first.</summary>
    private static void Digits(Index1D i, ArrayView<int> y)
    {
        ArrayView<int> digits = LocalMemory.Allocate<int>(3);
        int rest = i;
        for (int k = 0; k < 3; k++)
        {
            digits[k] = rest % 10;
            rest /= 10;
        }

        y[i] = (((digits[0] * 10) + digits[1]) * 10) + digits[2];
    }
}
