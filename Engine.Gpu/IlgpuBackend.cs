using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>
/// Kernels that are C# methods, compiled by ILGPU: matrix products, convolutions, batch normalisation and the optimizers' updates in single and
/// double precision. Everything else, and every case that they do not cover, is left to the engine's own kernels.
/// </summary>
[SkipLocalsInit] // As in the base class.
internal sealed partial class IlgpuBackend(GpuBackend engine) : GpuBackend(engine)
{
    internal override KernelSet Kernels => KernelSet.Ilgpu;
}
