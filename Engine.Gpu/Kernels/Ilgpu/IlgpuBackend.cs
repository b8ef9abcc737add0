using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>
/// Matrix products, convolutions, batch normalisation and the optimizers' updates by kernels that are C# methods, compiled by ILGPU. All else, and
/// what those kernels do not cover, is left to the kernels of our own compiler.
/// </summary>
[SkipLocalsInit] // As in the base class.
internal sealed partial class IlgpuBackend(GpuBackend engine) : GpuBackend(engine)
{
    internal override KernelSet Kernels => KernelSet.Ilgpu;
}
