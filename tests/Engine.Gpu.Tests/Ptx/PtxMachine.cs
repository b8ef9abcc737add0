using Engine.PtxInterpreter;

namespace Engine.Gpu.Tests;

/// <summary>Runs kernels as the engine would on an NVIDIA card: rendered to PTX, through the CUDA driver's functions, in the interpreter.</summary>
internal sealed class PtxMachine : IDisposable
{
    private readonly CudaDriver _driver;

    /// <summary>A card of the target's compute capability.</summary>
    public PtxMachine(GpuTarget target)
    {
        FakeDevice card = FakeCuda.AddDevice(computeCapability: target.ComputeCapability);
        _driver = CudaDriver.Open(FakeCuda.Api, card.Ordinal);
    }

    /// <summary>What kernels are to be built for.</summary>
    public GpuTarget Target => _driver.Target;

    /// <summary>The kernel that was run last.</summary>
    public string LastText { get; private set; } = string.Empty;

    /// <summary>Memory, whose content is arbitrary.</summary>
    public nint Allocate(long bytes) => _driver.TryAllocate(bytes, out nint handle) ? handle : throw new InvalidOperationException("The card is full.");

    /// <summary>Memory with a content.</summary>
    public nint Upload(byte[] bytes)
    {
        nint handle = Allocate(bytes.Length);
        _driver.Upload(bytes, handle, 0);
        return handle;
    }

    /// <summary>The content of memory.</summary>
    public byte[] Download(nint handle, long bytes)
    {
        byte[] result = new byte[bytes];
        _driver.Download(handle, 0, result);
        return result;
    }

    /// <summary>Runs a kernel.</summary>
    public void Run(Kernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        KernelSource source = PtxRenderer.Render(kernel, Target);
        LastText = source.Text;
        _driver.Launch(_driver.Compile(source), grid, arguments);
    }

    /// <inheritdoc/>
    public void Dispose() => _driver.Dispose();
}
