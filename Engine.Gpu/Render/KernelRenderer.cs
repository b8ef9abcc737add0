using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>Turns kernels into the language of a device.</summary>
internal static class KernelRenderer
{
    /// <summary>The text for a device.</summary>
    /// <exception cref="OperationNotSupportedException">The device lacks double precision, or has too little shared memory for the kernel.</exception>
    public static KernelSource Render(Kernel kernel, GpuTarget target)
    {
        if (kernel.SharedBytes > target.SharedBytes)
        {
            throw new OperationNotSupportedException($"{kernel.Name}: it needs {kernel.SharedBytes} bytes of shared memory, the device has {target.SharedBytes} for a group.");
        }

        KernelSource source = target.Api switch
        {
            GpuApi.Cuda => PtxRenderer.Render(kernel, target),
            GpuApi.OpenCl => OpenClRenderer.Render(kernel, target),
            _ => throw new UnreachableException(),
        };
        return source with { Signature = KernelSignature.Of(kernel) };
    }

    internal static OperationNotSupportedException NoDoublePrecision(Kernel kernel) =>
        new($"{kernel.Name}: the device has no double precision. Compute in float32, or on another device, such as the CPU.");
}
