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

    /// <summary>The driver alone.</summary>
    public static CudaDriver CreateDriver() => CreateDriver(out _);

    private static CudaDriver CreateDriver(out FakeDevice card, int computeCapability = 80, long memoryBytes = 2L << 30)
    {
        card = FakeCuda.AddDevice(computeCapability: computeCapability, memoryBytes: memoryBytes);
        return CudaDriver.Open(FakeCuda.Api, card.Ordinal);
    }
}
