namespace Engine.Gpu.Tests;

/// <summary>What a device is said to be, so that every choice of kernels is tested on the one that is there.</summary>
public enum TargetVariant
{
    /// <summary>As it is: a processor.</summary>
    Processor,

    /// <summary>As it is, with the kernels that ILGPU compiles.</summary>
    Ilgpu,

    /// <summary>A card with groups of 64 and little shared memory.</summary>
    SmallCard,

    /// <summary>A device with hardly any shared memory.</summary>
    NoShared,

    /// <summary>Not this device but the interpreter of PTX.</summary>
    Interpreter,

    /// <summary>The interpreter, with the kernels that ILGPU compiles.</summary>
    InterpreterIlgpu,

    /// <summary>The interpreter of a card without double precision.</summary>
    InterpreterSinglePrecision,

    /// <summary>The interpreter, with tensor cores for float32 in tf32.</summary>
    InterpreterTf32,

    /// <summary>The interpreter, with tensor cores for float32 in bfloat16.</summary>
    InterpreterBFloat16,

    /// <summary>The interpreter, with tensor cores for float32 in float16.</summary>
    InterpreterFloat16,

    /// <summary>The interpreter of a driver whose groups do not meet.</summary>
    InterpreterWithoutMeetings,

    /// <summary>The interpreter of a card whose groups do not see each other's results at all.</summary>
    InterpreterWithoutLastGroup,

    /// <summary>The interpreter of compute capability 9.0, all products by warpgroups, float32 in tf32.</summary>
    WarpgroupsTf32,

    /// <summary>The interpreter of compute capability 9.0, all products by warpgroups, float32 in bfloat16.</summary>
    WarpgroupsBFloat16,

    /// <summary>The interpreter of compute capability 9.0, all products by warpgroups, float32 in float16.</summary>
    WarpgroupsFloat16,
}

/// <summary>The limits of each variant.</summary>
internal static class TargetVariants
{
    public static GpuTarget Of(GpuTarget target, TargetVariant variant) => variant switch
    {
        TargetVariant.SmallCard => target with { IsProcessor = false, ComputeUnits = 4, MaxGroupSize = 64, SharedBytes = 12 << 10 },
        TargetVariant.NoShared => target with { IsProcessor = false, MaxGroupSize = 32, SharedBytes = 2 << 10 },
        TargetVariant.InterpreterWithoutMeetings => target with { HasMeetings = false },
        TargetVariant.InterpreterWithoutLastGroup => target with { HasMeetings = false, ComputeCapability = 60 },
        _ => target,
    };

    public static bool IsInterpreted(TargetVariant variant) => variant >= TargetVariant.Interpreter;

    public static bool HasWarpgroups(TargetVariant variant) => variant >= TargetVariant.WarpgroupsTf32;

    public static bool IsIlgpu(TargetVariant variant) => variant is TargetVariant.Ilgpu or TargetVariant.InterpreterIlgpu;

    public static MathMode Mode(TargetVariant variant) => variant switch
    {
        TargetVariant.InterpreterTf32 or TargetVariant.WarpgroupsTf32 => MathMode.Tf32,
        TargetVariant.InterpreterBFloat16 or TargetVariant.WarpgroupsBFloat16 => MathMode.BFloat16,
        TargetVariant.InterpreterFloat16 or TargetVariant.WarpgroupsFloat16 => MathMode.Float16,
        _ => MathMode.Strict,
    };
}
