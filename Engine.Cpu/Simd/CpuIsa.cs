using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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
/// The answer is the instruction set that the runtime accelerates; the environment variable <c>ENGINE_CPU_ISA</c> (<c>512</c>, <c>256</c>, <c>128</c> or
/// <c>scalar</c>) can only lower it. Kernels take the type of their vectors as a type argument, which <see cref="SimdDispatch"/> chooses from a level,
/// so that a test can run all widths in one process.
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

    /// <summary>The level in use; a value of the variable that makes no sense changes nothing, see <see cref="Complaint"/>.</summary>
    public static readonly SimdLevel Level = Choose(Environment.GetEnvironmentVariable(Variable), out s_complaint);

    private static readonly string? s_complaint;

    /// <summary>The error in the value of the variable; null if it is right.</summary>
    public static string? Complaint => s_complaint;

    /// <summary>One line with the instruction set and the reason for it, for reports of the device.</summary>
    public static string Describe() => Level == Hardware
        ? $"{Level} (the widest that this program may use)"
        : $"{Level} ({Variable} lowers it; the hardware has {Hardware})";

    // It runs when the type is initialised: every later use would throw an exception from here, without its message.
    internal static SimdLevel Choose(string? setting, out string? complaint)
    {
        complaint = null;
        try
        {
            return Lower(Hardware, setting);
        }
        catch (ArgumentException e)
        {
            complaint = $"{e.Message} The setting was ignored.";
            return Hardware;
        }
    }

    /// <summary>The instructions of the processor that this program does not use, and how to use them; null if there are none.</summary>
    public static string? Shortfall()
    {
        SimdLevel? widest = ProcessorIsa.Widest();

        // Some processors run slower with 512-bit vectors, so that the runtime has the instructions and yet advises against the width.
        bool isChoice = widest == SimdLevel.Vector512 && Hardware == SimdLevel.Vector256 && Avx512F.IsSupported;
        return isChoice ? null : Shortfall(widest, Hardware, isNative: !RuntimeFeature.IsDynamicCodeCompiled);
    }

    /// <param name="processor">The widest vectors of the processor, if it says.</param>
    /// <param name="program">The widest that the program's code may use.</param>
    /// <param name="isNative">Whether the program was compiled natively, so that its project decided.</param>
    internal static string? Shortfall(SimdLevel? processor, SimdLevel program, bool isNative)
    {
        if (processor is not { } level || level <= program)
        {
            return null;
        }

        string remedy = isNative
            ? "the program was published natively for less; add <IlcInstructionSet>native</IlcInstructionSet> to its project and publish again "
                + "(on the kind of machine that it will run on, or x86-64-v3 for AVX2, x86-64-v4 for AVX-512 instead of native)"
            : "the runtime does not use it; environment variables such as DOTNET_EnableAVX2, DOTNET_EnableAVX512 and DOTNET_EnableHWIntrinsic turn it off";
        return $"the processor has {(level == SimdLevel.Vector512 ? "AVX-512" : "AVX2")}, but this program computes with {Name(program)}: {remedy}";
    }

    private static string Name(SimdLevel level) => level switch
    {
        SimdLevel.Scalar => "no vectors",
        SimdLevel.Vector128 => "128-bit vectors",
        SimdLevel.Vector256 => "256-bit vectors",
        _ => "512-bit vectors",
    };

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
