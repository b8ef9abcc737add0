namespace Engine.Gpu;

/// <summary>Renders kernels to PTX.</summary>
internal static class PtxRenderer
{
    /// <summary>The text of a kernel.</summary>
    public static KernelSource Render(Kernel kernel, GpuTarget target) => throw new OperationNotSupportedException($"{kernel.Name}: no PTX for {target.Api}.");
}
