namespace Engine.Gpu;

/// <summary>A kernel of our own compiler and its compile-time choices: tile sizes, element types, the shape class of its operands.</summary>
internal interface IKernelDefinition : IKernelText
{
    /// <summary>Writes the kernel for a device.</summary>
    Kernel Build(GpuTarget target);

    /// <inheritdoc/>
    KernelSource IKernelText.Write(GpuTarget target)
    {
        KernelSource source = KernelRenderer.Render(Build(target), target);
        if (target.Api != GpuApi.OpenCl || source.SubGroupSize == 0)
        {
            return source;
        }

        GpuTarget plain = target with { SubGroupSize = 0 };
        return source with { WithoutSubGroups = () => KernelRenderer.Render(Build(plain), plain) };
    }
}
