using Engine.PtxInterpreter;
using ILGPU;
using NUnit.Framework;
using SharedMemory = ILGPU.SharedMemory;

namespace Engine.Gpu.Tests;

/// <summary>
/// The device's kernels keep the order of memory that the method has, and promise nothing about branches that does not hold: both are faults of
/// ILGPU's highest level, which <see cref="IlgpuFaultTests"/> shows.
/// </summary>
[TestFixture]
internal sealed class CompiledOrderTests
{
    private const int Size = 64;

    [TestCase("interpreter")]
    [TestCase("processor")]
    [TestCase("cpu")]
    public void Load_BeforeAStore_SeesTheOldValue(string place)
    {
        Device device = KernelPlaces.Get(place);
        using Tensor x = Tensor.From<int>([1, 5], device: device), y = Tensor.Zeros([2], DType.Int32, device);
        device.Kernel(BranchKernel).Launch(2, x.AsArrayView<int>(), y.AsArrayView<int>());
        Assert.That(x.ToArray<int>(), Is.EqualTo(new[] { 9, 9 }));
        Assert.That(y.ToArray<int>(), Is.EqualTo(new[] { 0, 7 }));
    }

    [TestCase("interpreter")]
    [TestCase("processor")]
    public void LoadOfSharedMemory_BeforeABarrier_StaysThere(string place)
    {
        Device device = KernelPlaces.Get(place);
        using Tensor x = Tensor.Arange(0, Size, device: device).To(DType.Int32);
        device.Kernel(BarrierKernel).Launch((1, Size), x.AsArrayView<int>());
        Assert.That(x.ToArray<int>(), Is.EqualTo(Enumerable.Range(0, Size).Select(static i => Size - 1 - (i ^ 1) > 31 ? 7 : i ^ 1)));
    }

    [Test]
    public void Branches_ThatPart_PromiseNothing()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice(out FakeDevice card);
        card.WatchesUniformBranches = true;
        using Tensor x = Tensor.Arange(0, Size, device: device).To(DType.Int32);
        device.Kernel(LoopKernel).Launch(Size, x.AsArrayView<int>());
        Assert.That(x.ToArray<int>(), Is.EqualTo(Enumerable.Range(0, Size).Select(static i => i < 40 ? 40 + (i % 5) : i)));
    }

    private static void BranchKernel(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        int v = x[i];
        x[i] = 9;
        if (v > 3)
        {
            y[i] = 7;
        }
    }

    private static void BarrierKernel(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        int i = Group.IdxX;
        shared[i] = x[i];
        Group.Barrier();
        int v = shared[Size - 1 - i];
        Group.Barrier();
        if (v > 31)
        {
            shared[i] = 7;
        }

        Group.Barrier();
        x[i] = shared[i ^ 1];
    }

    private static void LoopKernel(Index1D i, ArrayView<int> x)
    {
        int v = x[i];
        while (v < 40)
        {
            v += 5;
        }

        x[i] = v;
    }
}
