namespace Engine.Gpu;

/// <summary>A kernel of our own compiler and its compile-time choices: tile sizes, element types, the shape class of its operands.</summary>
internal interface IKernelDefinition : IKernelText
{
    /// <summary>Writes the kernel for a device.</summary>
    Kernel Build(GpuTarget target);

    /// <inheritdoc/>
    KernelSource IKernelText.Write(GpuTarget target) => KernelRenderer.Render(Build(target), target);
}
