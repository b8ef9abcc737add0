using ILGPU;
using NUnit.Framework;
using Half = ILGPU.Half;

namespace Engine.Gpu.Tests;

/// <summary>What ILGPU can compile for one kind of device and not for another: it is refused there and works elsewhere, as docs/kernels-in-csharp.md says.</summary>
[TestFixture]
internal sealed class KernelLimitsTests
{
    [TestCase("processor", false)]
    [TestCase("interpreter", false)]
    [TestCase("cpu", true)]
    public void FusedMultiplyAdd_IsForTheHost(string place, bool runs)
    {
        Device device = KernelPlaces.Get(place);
        using Tensor x = Tensor.Full([4], 3, device: device);
        Expect(runs, () => Run(device, Methods.Fused, x.AsArrayView<float>()), () => x.ToArray<float>(), 10f);
    }

    [TestCase("processor", false)]
    [TestCase("interpreter", true)]
    [TestCase("cpu", true)]
    public void Halves_AreForCuda(string place, bool runs)
    {
        Device device = KernelPlaces.Get(place);
        using Tensor x = Tensor.Ones([4], DType.Float16, device);
        Expect(runs, () => Run(device, Twice, x.AsArrayView<Half>()), () => x.To(DType.Float32).ToArray<float>(), 2f);
    }

    [TestCase("processor", false)]
    [TestCase("interpreter", true)]
    [TestCase("cpu", true)]
    public void AtomicsOf64Bits_AreForCuda(string place, bool runs)
    {
        Device device = KernelPlaces.Get(place);
        using Tensor x = Tensor.Zeros([1], DType.Int64, device);
        Expect(runs, () => Run(device, Count, x.AsArrayView<long>()), () => x.ToArray<long>(), 4L);
    }

    [TestCase("processor", false)]
    [TestCase("interpreter", true)]
    [TestCase("cpu", true)]
    public void Warps_AreForCuda(string place, bool runs)
    {
        Device device = KernelPlaces.Get(place);
        using Tensor x = Tensor.Arange(0, 32, device: device).To(DType.Int32);
        Expect(
            runs,
            () =>
            {
                device.Kernel(FirstOfWarp).Launch((1, 32), x.AsArrayView<int>());
                device.Synchronize();
            },
            () => x.ToArray<int>(),
            0);
    }

    private static void Expect<T>(bool runs, Action launch, Func<T[]> result, T value)
    {
        Assert.That(launch, runs ? Throws.Nothing : Throws.InstanceOf<KernelCompilationException>());
        if (runs)
        {
            Assert.That(result(), Is.All.EqualTo(value));
        }
    }

    private static void Run<T>(Device device, Action<Index1D, ArrayView<T>> method, ArrayView<T> x)
        where T : unmanaged
    {
        device.Kernel(method).Launch(4, x);
        device.Synchronize();
    }

    private static void Twice(Index1D i, ArrayView<Half> x) => x[i] = x[i] + x[i];

    private static void Count(Index1D i, ArrayView<long> x) => Atomic.Add(ref x[0], 1L);

    private static void FirstOfWarp(ArrayView<int> x) => x[ILGPU.Group.IdxX] = Warp.Shuffle(x[ILGPU.Group.IdxX], 0);
}
