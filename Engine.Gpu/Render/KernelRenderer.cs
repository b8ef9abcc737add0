using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>Turns kernels into the language of a device.</summary>
internal static class KernelRenderer
{
    /// <summary>The text for a device.</summary>
    public static KernelSource Render(Kernel kernel, GpuTarget target) => target.Api switch
    {
        GpuApi.Cuda => PtxRenderer.Render(kernel, target),
        GpuApi.OpenCl => OpenClRenderer.Render(kernel, target),
        _ => throw new UnreachableException(),
    };
}
