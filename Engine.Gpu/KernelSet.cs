namespace Engine.Gpu;

/// <summary>Whose kernels compute on a device.</summary>
/// <seealso cref="GpuDevice.Kernels"/>
public enum KernelSet
{
    /// <summary>The engine's own, written by its own compiler. They are the faster ones.</summary>
    Engine,

    /// <summary>
    /// Matrix products, convolutions, batch normalisation and the optimizers' updates as C# methods that ILGPU compiles, in single and double
    /// precision; everything else as with <see cref="Engine"/>.
    /// </summary>
    Ilgpu,
}
