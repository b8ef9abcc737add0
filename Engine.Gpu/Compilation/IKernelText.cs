namespace Engine.Gpu;

/// <summary>
/// The choices by which a compiled kernel is found, and how its text is written. These are record structs, so that equal choices find the same compiled
/// kernel; sizes and strides are launch arguments and no part of them.
/// </summary>
internal interface IKernelText
{
    /// <summary>Writes the kernel in the language of a device.</summary>
    /// <exception cref="OperationNotSupportedException">The device lacks a feature that the kernel needs.</exception>
    KernelSource Write(GpuTarget target);
}
