namespace Engine.Gpu.Tests;

/// <summary>Small kernels for tests of the driver.</summary>
internal static class CudaKernels
{
    private static readonly GpuTarget s_target = new() { Api = GpuApi.Cuda, ComputeUnits = 1, SharedBytes = 160 * 1024, SubGroupSize = 32, ComputeCapability = 80 };

    /// <summary>x[i] += amount for i below n; groups of 32.</summary>
    public static KernelSource Add { get; } = Render("add", static k =>
    {
        Memory x = k.Buffer("x", DType.Int32);
        Value amount = k.Scalar("amount", RegisterType.Int32);
        Value n = k.Size("n");
        k.Store(x, k.GlobalId, k.Load(x, k.GlobalId, k.GlobalId < n) + amount, k.GlobalId < n);
    });

    /// <summary>The same without looking at n: writes behind the end.</summary>
    public static KernelSource AddTooFar { get; } = Render("add_too_far", static k =>
    {
        Memory x = k.Buffer("x", DType.Int32);
        k.Store(x, k.GlobalId + 64, k.GlobalId);
    });

    /// <summary>Passes a number through the last of 80 KiB of shared memory.</summary>
    public static KernelSource BigShared { get; } = Render("big_shared", static k =>
    {
        Memory x = k.Buffer("x", DType.Int32);
        Memory block = k.Shared("block", DType.Int32, 20 * 1024);
        k.Store(block, k.LocalId + ((20 * 1024) - 32), k.Load(x, k.LocalId));
        k.Barrier();
        k.Store(x, k.LocalId, k.Load(block, k.Int32((20 * 1024) - 1) - k.LocalId));
    });

    private static KernelSource Render(string name, Action<KernelBuilder> body)
    {
        KernelBuilder k = new(name, s_target, 32);
        body(k);
        return PtxRenderer.Render(k.Build(), s_target);
    }
}
