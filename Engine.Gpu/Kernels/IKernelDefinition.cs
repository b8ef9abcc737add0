namespace Engine.Gpu;

/// <summary>
/// A kernel and its compile-time choices: tile sizes, element types, the shape class of its operands. Definitions are record structs,
/// so that equal choices find the same compiled kernel; sizes and strides are launch arguments and no part of them.
/// </summary>
internal interface IKernelDefinition
{
    /// <summary>Writes the kernel for a device.</summary>
    Kernel Build(GpuTarget target);
}
