namespace Engine.Gpu.Tests;

/// <summary>Targets that PTX is rendered for in tests.</summary>
internal static class PtxTarget
{
    /// <summary>An A100, as the driver describes it.</summary>
    public static GpuTarget Ampere { get; } = new()
    {
        Api = GpuApi.Cuda,
        ComputeUnits = 108,
        SharedBytes = 163 * 1024,
        SubGroupSize = 32,
        ComputeCapability = 80,
        PtxVersion = 80,
        MaxArgumentBytes = 4096,
    };

    /// <summary>A V100: no matrix instructions that the engine uses, no maximum that keeps NaN.</summary>
    public static GpuTarget Volta { get; } = Ampere with { ComputeUnits = 80, SharedBytes = 96 * 1024, ComputeCapability = 70 };
}
