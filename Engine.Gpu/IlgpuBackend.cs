namespace Engine.Gpu;

/// <summary>
/// Matrix products, convolutions, batch normalisation and optimizer updates by kernels that are C# methods, compiled by ILGPU. All else, and what those
/// kernels do not cover, is left to the kernels of our own compiler.
/// </summary>
internal sealed partial class IlgpuBackend : GpuBackend
{
    internal IlgpuBackend(GpuDevice device, GpuTarget target)
        : base(device, target)
    {
    }
}
