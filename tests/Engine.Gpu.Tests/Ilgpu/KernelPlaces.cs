namespace Engine.Gpu.Tests;

/// <summary>Where kernels written in C# are tried.</summary>
internal static class KernelPlaces
{
    /// <summary>The CPU; OpenCL, where there is some; CUDA through the interpreter of PTX.</summary>
    public static string[] All => ["cpu", "processor", "interpreter"];

    /// <summary>The device of a name.</summary>
    public static Device Get(string name) => name == "cpu" ? Device.Cpu : KernelDevices.Get(name);
}
