namespace Engine.Gpu;

/// <summary>The environment variable <c>ENGINE_GPU_KERNELS</c>: the set of kernels that devices begin with, <c>engine</c> or <c>ilgpu</c>.</summary>
internal static class KernelSetting
{
    public const string Variable = "ENGINE_GPU_KERNELS";

    private static readonly (KernelSet Set, string? Complaint) s_value = Read(Environment.GetEnvironmentVariable(Variable), IlgpuCompiler.IsSupported);

    /// <summary>The set of new devices.</summary>
    public static KernelSet Initial => s_value.Set;

    /// <summary>Why the setting was ignored, for the device report.</summary>
    public static string? Complaint => s_value.Complaint;

    /// <summary>Reads a setting. One that cannot be followed leaves the engine's own kernels, with a complaint.</summary>
    public static (KernelSet Set, string? Complaint) Read(string? value, bool compilesMethods) => value?.Trim().ToUpperInvariant() switch
    {
        null or "" or "ENGINE" => (KernelSet.Engine, null),
        "ILGPU" when compilesMethods => (KernelSet.Ilgpu, null),
        "ILGPU" => (KernelSet.Engine, $"{Variable} is \"{value}\" and was ignored: a program compiled ahead of time cannot compile C# methods"),
        _ => (KernelSet.Engine, $"{Variable} is \"{value}\" and was ignored; it must be engine or ilgpu"),
    };

    /// <exception cref="ArgumentOutOfRangeException">There is no such set.</exception>
    /// <exception cref="PlatformNotSupportedException">The program was compiled ahead of time and cannot have this set.</exception>
    public static void Check(KernelSet set)
    {
        if (!Enum.IsDefined(set))
        {
            throw new ArgumentOutOfRangeException(nameof(set), set, "There are KernelSet.Engine and KernelSet.Ilgpu.");
        }

        if (set == KernelSet.Ilgpu)
        {
            IlgpuCompiler.Require();
        }
    }
}
