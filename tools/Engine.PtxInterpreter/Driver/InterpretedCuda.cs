using Engine.Gpu;

namespace Engine.PtxInterpreter;

/// <summary>Devices of the engine whose kernels run in the interpreter.</summary>
internal static class InterpretedCuda
{
    /// <summary>A new device on a new fake card: the engine's own CUDA code above, the interpreter below.</summary>
    public static CudaDevice CreateDevice(int computeCapability = 80, long memoryBytes = 2L << 30) =>
        CreateDevice(out _, computeCapability, memoryBytes);

    /// <summary>The same, with the card.</summary>
    public static CudaDevice CreateDevice(out FakeDevice card, int computeCapability = 80, long memoryBytes = 2L << 30)
    {
        CudaDriver driver = CreateDriver(out card, computeCapability, memoryBytes);
        return new CudaDevice("cuda, interpreted", driver);
    }

    /// <summary>
    /// A card on paper: kernels are chosen and compiled for it, and launches do nothing, so that workloads of any size can be looked at.
    /// </summary>
    /// <param name="computeCapability">80 for 8.0.</param>
    /// <param name="multiprocessors">How many it has.</param>
    /// <param name="sampler">Samples the launches, if it is there.</param>
    /// <param name="limits">Other limits than those of such a card.</param>
    public static CudaDevice CreatePaperDevice(int computeCapability, int multiprocessors, LaunchSampler? sampler = null, Func<GpuTarget, GpuTarget>? limits = null)
    {
        FakeDevice card = FakeCuda.AddDevice(ordinal => new FakeDevice(ordinal, "paper", computeCapability, 64L << 30) { Multiprocessors = multiprocessors, Runs = false, Sampler = sampler });
        GpuTarget target = CudaDeviceInfo.Read(FakeCuda.Api, card.Ordinal).ToTarget();
        CudaDevice device = new("cuda, on paper", CudaDriver.Open(FakeCuda.Api, card.Ordinal, limits is null ? target : limits(target)));
        device.Warpgroups.Trust();
        device.Meetings.Trust();
        return device;
    }

    /// <summary>A device that refuses double precision, as many cards behind OpenCL lack it: the same kernels otherwise, and quick to compile.</summary>
    public static CudaDevice CreateDeviceWithoutFloat64() => new("cuda, interpreted, without float64", CreateDriver(target => target with { HasFloat64 = false }));

    /// <summary>A device of compute capability 9.0 whose products go through warpgroups wherever they can, not only where that is faster.</summary>
    public static CudaDevice CreateDeviceWithWarpgroups()
    {
        CudaDevice device = new("cuda, interpreted, with warpgroups", CreateDriver(static target => target with { PrefersWarpgroups = true }, computeCapability: 90));
        ((GpuBackend)device.Backend).LeastRounded = 1;
        return device;
    }

    /// <summary>The driver alone.</summary>
    public static CudaDriver CreateDriver() => CreateDriver(out _);

    /// <summary>The driver alone, with other limits than those of the fake card.</summary>
    public static CudaDriver CreateDriver(Func<GpuTarget, GpuTarget> limits, int computeCapability = 80)
    {
        FakeDevice card = FakeCuda.AddDevice(computeCapability: computeCapability);
        return CudaDriver.Open(FakeCuda.Api, card.Ordinal, limits(CudaDeviceInfo.Read(FakeCuda.Api, card.Ordinal).ToTarget()));
    }

    private static CudaDriver CreateDriver(out FakeDevice card, int computeCapability = 80, long memoryBytes = 2L << 30)
    {
        card = FakeCuda.AddDevice(computeCapability: computeCapability, memoryBytes: memoryBytes);
        return CudaDriver.Open(FakeCuda.Api, card.Ordinal);
    }
}
