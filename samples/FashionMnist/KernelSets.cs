using Engine;
using Engine.Gpu;

namespace FashionMnistSample;

/// <summary>Whose kernels compute on a card: the engine's own, or those in C# that ILGPU compiles.</summary>
internal static class KernelSets
{
    private const string Own = "engine", Ilgpu = "ilgpu";

    public static IReadOnlyList<string> Names { get; } = [Own, Ilgpu];

    /// <summary>Chooses the kernels of a device; null leaves them as they are.</summary>
    /// <exception cref="UsageException">The device has no other kernels than its own.</exception>
    public static void Use(Device device, string? name)
    {
        if (device is GpuDevice gpu)
        {
            gpu.Kernels = name is null ? gpu.Kernels : name == Ilgpu ? KernelSet.Ilgpu : KernelSet.Engine;
        }
        else if (name == Ilgpu)
        {
            throw new UsageException($"--kernels {name}: {device.Name} has kernels of its own only. ILGPU's run on cuda and opencl devices: --device cuda or --device opencl.");
        }
    }

    /// <summary>The name of those that compute now.</summary>
    public static string NameOf(Device device) => device is GpuDevice { Kernels: KernelSet.Ilgpu } ? Ilgpu : Own;
}
