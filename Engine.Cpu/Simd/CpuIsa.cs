using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>Width of the vectors that kernels use, widest last.</summary>
internal enum SimdLevel
{
    /// <summary>No vectors.</summary>
    Scalar,

    /// <summary>128 bits: SSE or NEON.</summary>
    Vector128,

    /// <summary>256 bits: AVX2 with FMA.</summary>
    Vector256,

    /// <summary>512 bits: AVX-512.</summary>
    Vector512,
}

/// <summary>The one place that chooses the instruction set.</summary>
/// <remarks>
/// The answer is what the runtime accelerates; the environment variable <c>ENGINE_CPU_ISA</c> (<c>512</c>, <c>256</c>, <c>128</c> or
/// <c>scalar</c>) can only lower it. Kernels test <see cref="Has512"/> and so on, which the JIT folds to constants, or take the
/// level as a type argument where a test has to run all of them in one process.
/// </remarks>
internal static class CpuIsa
{
    /// <summary>Environment variable that lowers the level.</summary>
    public const string Variable = "ENGINE_CPU_ISA";

    /// <summary>The widest level that this machine accelerates.</summary>
    public static readonly SimdLevel Hardware =
        Vector512.IsHardwareAccelerated ? SimdLevel.Vector512
        : Vector256.IsHardwareAccelerated ? SimdLevel.Vector256
        : Vector128.IsHardwareAccelerated ? SimdLevel.Vector128
        : SimdLevel.Scalar;

    /// <summary>The level in use.</summary>
    public static readonly SimdLevel Level = Lower(Hardware, Environment.GetEnvironmentVariable(Variable));

    /// <summary>Use 512-bit vectors.</summary>
    public static bool Has512 => Level >= SimdLevel.Vector512;

    /// <summary>Use vectors of 256 bits at least.</summary>
    public static bool Has256 => Level >= SimdLevel.Vector256;

    /// <summary>Use vectors of 128 bits at least.</summary>
    public static bool Has128 => Level >= SimdLevel.Vector128;

    /// <summary>One line that says what is used and why, for reports of the device.</summary>
    public static string Describe() => Level == Hardware
        ? $"{Level} (the widest that the processor and the runtime accelerate)"
        : $"{Level} ({Variable} lowers it; the hardware has {Hardware})";

    /// <summary>The level that <paramref name="setting"/> asks for, but never above <paramref name="hardware"/>; no setting changes nothing.</summary>
    /// <exception cref="ArgumentException">The setting is none of 512, 256, 128 and scalar.</exception>
    internal static SimdLevel Lower(SimdLevel hardware, string? setting)
    {
        SimdLevel asked = setting?.Trim().ToLowerInvariant() switch
        {
            null or "" => hardware,
            "512" => SimdLevel.Vector512,
            "256" => SimdLevel.Vector256,
            "128" => SimdLevel.Vector128,
            "scalar" => SimdLevel.Scalar,
            _ => throw new ArgumentException($"{Variable} is \"{setting}\"; it must be 512, 256, 128 or scalar."),
        };
        return (SimdLevel)Math.Min((int)hardware, (int)asked);
    }
}
