using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Gpu;

/// <summary>
/// Runs an explicitly grouped kernel (one that uses <c>Group</c>, <c>Grid</c>, <c>Warp</c> or <c>SharedMemory</c>) on the host, with one thread
/// for each work-item of a group and one group after the other. Made for tests and for small work: a barrier costs milliseconds.
/// </summary>
/// <remarks>
/// Barriers wait for the work-items that are still in the kernel: one that has returned or thrown does not count any more. Warps have 32
/// work-items. Shared memory begins with undefined contents in each group.
/// </remarks>
internal static class GroupSimulator
{
    /// <summary>Most work-items of a group, as on CUDA.</summary>
    public const int MaxGroupSize = 1024;

    /// <summary>How long the threads wait for another launch before they end.</summary>
    public static int IdleMilliseconds { get; set; } = GroupAccelerator.IdleMilliseconds;

    /// <summary>Whether threads wait for a launch.</summary>
    public static bool IsAlive => Array.Exists(Accelerators.BySize, x => x.IsAlive);

    /// <summary>
    /// Calls <paramref name="kernel"/> once for each work-item of the grid and returns when all calls have ended. After a failure the work-items
    /// of the group go on to their end, without the one that failed; later groups do not begin.
    /// </summary>
    /// <param name="config">Groups, work-items of a group, and dynamic shared memory; nothing runs if there are no groups.</param>
    /// <param name="kernel">The kernel with its arguments.</param>
    /// <param name="name">The kernel's name in messages.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is out of range, or there are more than 2³¹ - 1 work-items.</exception>
    /// <exception cref="KernelExecutionException">A work-item used an index outside a view, or threw; or the threads could not be started.</exception>
    /// <exception cref="InvalidOperationException">Called from inside a kernel.</exception>
    /// <exception cref="PlatformNotSupportedException">The host cannot generate code at run time.</exception>
    public static void Run(in KernelConfig config, Action kernel, string name)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            throw new PlatformNotSupportedException($"Kernel {name} uses groups, which the cpu device runs through ILGPU; ILGPU needs code generation at run time, and this program was compiled ahead of time.");
        }

        KernelAssertions.ThrowIfInsideKernel(name);
        Check(config, name);
        if (config.GridDim.LongSize == 0)
        {
            return;
        }

        KernelAssertions.Arm();
        uint size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(GroupBarriers.WarpSize, config.GroupDim.Size));
        Accelerators.BySize[BitOperations.Log2(size / GroupBarriers.WarpSize)].Run(config, kernel, name, IdleMilliseconds);
    }

    private static void Check(in KernelConfig config, string name)
    {
        Index3D grid = config.GridDim, group = config.GroupDim;
        if (group.X < 1 || group.Y < 1 || group.Z < 1 || (Int128)group.X * group.Y * group.Z > MaxGroupSize)
        {
            throw new ArgumentOutOfRangeException(nameof(config), $"Kernel {name}: a group of ({group.X}, {group.Y}, {group.Z}) work-items cannot be launched; each dimension must be at least 1 and their product at most {MaxGroupSize}.");
        }

        if (grid.X < 0 || grid.Y < 0 || grid.Z < 0 || (Int128)grid.X * grid.Y * grid.Z * group.Size > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(config), $"Kernel {name}: ({grid.X}, {grid.Y}, {grid.Z}) groups of {group.Size} work-items cannot be launched; no dimension may be negative and there may be {int.MaxValue} work-items in all. Launch it in parts.");
        }
    }

    /// <summary>Apart, so that a program compiled ahead of time does not reach them.</summary>
    private static class Accelerators
    {
        /// <summary>For groups of up to 32, 64, … 1024 work-items. All threads of one wake up at each launch, so small groups have one of their own.</summary>
        public static readonly GroupAccelerator[] BySize = [.. Enumerable.Range(0, BitOperations.Log2(MaxGroupSize / GroupBarriers.WarpSize) + 1).Select(i => new GroupAccelerator(GroupBarriers.WarpSize << i))];
    }
}
