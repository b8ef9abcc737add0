using System.Numerics;

namespace Engine.Gpu;

/// <summary>Through which driver a device is reached; it decides the language that kernels are rendered to.</summary>
internal enum GpuApi : byte
{
    /// <summary>PTX, loaded by the CUDA driver.</summary>
    Cuda,

    /// <summary>OpenCL C 1.2, compiled by any vendor's driver.</summary>
    OpenCl,
}

/// <summary>Limits and abilities of a device: all that a kernel's builder may know of it.</summary>
internal sealed record GpuTarget
{
    /// <summary>The driver.</summary>
    public required GpuApi Api { get; init; }

    /// <summary>Streaming multiprocessors or compute units.</summary>
    public required int ComputeUnits { get; init; }

    /// <summary>Most work-items of a group that kernels may ask for; at most 256 by choice, since AMD's drivers promise no more.</summary>
    public int MaxGroupSize { get; init; } = 256;

    /// <summary>Work-items of a group where a kernel has no reason for another number: a power of two, at most 256.</summary>
    public int GroupSize => Math.Min(256, 1 << BitOperations.Log2((uint)MaxGroupSize));

    /// <summary>Most work-items of a group that the device takes, for kernels that are not ours.</summary>
    public int LargestGroup { get => Math.Max(field, MaxGroupSize); init; }

    /// <summary>The option for a version of OpenCL C with pointers that may lead to any kind of memory; null where there is none.</summary>
    public string? GenericPointerLanguage { get; init; }

    /// <summary>The option for a version of OpenCL C whose atomics order memory for the whole device; null where there is none.</summary>
    public string? DeviceScopeLanguage { get; init; }

    /// <summary>Whether a group can see what others of its launch wrote: <see cref="KernelBuilder.IsLastGroup"/>.</summary>
    public bool HasLastGroup => Api == GpuApi.Cuda ? ComputeCapability >= 70 : DeviceScopeLanguage is not null && !IsProcessor;

    /// <summary>Work-items of kernels whose groups meet that a multiprocessor is counted on to hold: with at most 64 registers each, any card has room for them.</summary>
    public const int MeetingItems = 1024;

    /// <summary>Whether the driver starts kernels whose groups wait for one another, in recordings as well: <see cref="KernelBuilder.Meet"/>.</summary>
    public bool HasMeetings { get; init; }

    /// <summary>Bytes of shared (OpenCL: local) memory that one group may use.</summary>
    public required int SharedBytes { get; init; }

    /// <summary>Whether double precision exists.</summary>
    public bool HasFloat64 { get; init; } = true;

    /// <summary>Work-items that run in lockstep and can shuffle registers; 0 where shuffles are not to be used.</summary>
    public int SubGroupSize { get; init; }

    /// <summary>How OpenCL C writes a shuffle; of no meaning to PTX.</summary>
    public SubGroupDialect SubGroups { get; init; }

    /// <summary>Whether a kernel in OpenCL C can ask for the size of its sub-groups.</summary>
    public bool CanRequireSubGroupSize { get; init; }

    /// <summary>Whether the language itself has exp, log, sin …; else they are expanded into arithmetic.</summary>
    public bool HasMathFunctions { get; init; }

    /// <summary>NVIDIA's compute capability as 10·major + minor; 0 elsewhere.</summary>
    public int ComputeCapability { get; init; }

    /// <summary>Whether there are matrix multiply-accumulate with sums of single precision and asynchronous copies.</summary>
    public bool HasTensorCores => Api == GpuApi.Cuda && ComputeCapability >= 80;

    /// <summary>Whether warpgroups multiply what lies in shared memory (<c>wgmma</c>): compute capability 9.0 alone has it, and no later one.</summary>
    public bool HasWarpgroups => HasTensorCores && ComputeCapability == 90 && PtxVersion >= 80 && !ForgoesWarpgroups;

    /// <summary>Whether products of warpgroups are not to be used though the card has them.</summary>
    public bool ForgoesWarpgroups { get; init; }

    /// <summary>Whether to use them wherever they can be, not only where they are the fastest: for tests.</summary>
    public bool PrefersWarpgroups { get; init; }

    /// <summary><see cref="MostSums"/> of a card with 128 registers and more for each work-item of a group of 256.</summary>
    public const int UsualSums = 64;

    /// <summary>Most sums that a work-item of a product keeps in registers, beside its factors and addresses.</summary>
    public int MostSums { get; init; } = UsualSums;

    /// <summary>Units that carry out groups: compute units, but for drivers that count smaller things.</summary>
    public int Cores { get => field > 0 ? field : ComputeUnits; init; }

    /// <summary>Version of the PTX language that the driver reads, as 10·major + minor; 0 elsewhere.</summary>
    public int PtxVersion { get; init; }

    /// <summary>Whether the "card" is a processor: groups then run one after another on few cores, and big groups gain nothing.</summary>
    public bool IsProcessor { get; init; }

    /// <summary>Most groups of a size that a launch may have where they meet.</summary>
    public int MeetingGroups(int groupSize) => HasMeetings ? ComputeUnits * MeetingGroupsOfUnit(groupSize) : 0;

    /// <summary>Groups of a size that a multiprocessor is counted on to hold. Registers are given to whole warps.</summary>
    public static int MeetingGroupsOfUnit(int groupSize) => MeetingItems / ((groupSize + 31) / 32 * 32);

    /// <summary>Most bytes of arguments of one launch.</summary>
    public int MaxArgumentBytes { get; init; } = 1024;
}
