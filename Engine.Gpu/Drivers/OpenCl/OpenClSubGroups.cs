using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

/// <summary>Which sub-groups kernels of an OpenCL device are written for.</summary>
/// <param name="Dialect">The words for shuffles.</param>
/// <param name="Size">Work-items of a sub-group; 0 where shuffles are not used.</param>
/// <param name="IsRequired">Whether the kernel asks for that size; else it is compared with what the driver made of the kernel.</param>
internal readonly record struct OpenClSubGroups(SubGroupDialect Dialect, int Size, bool IsRequired)
{
    /// <summary>The size that is asked for where there are several: Intel's compiler has the most registers for it that still fill its units.</summary>
    private const int PreferredSize = 16;

    private const int LargestSize = 64;

    /// <summary>What <c>ENGINE_SUBGROUPS</c> says: 0 for no shuffles, 1 for shuffles on processors as well, which have to imitate them.</summary>
    private static string? Setting => Environment.GetEnvironmentVariable("ENGINE_SUBGROUPS");

    /// <summary>Reads what a device offers.</summary>
    public static OpenClSubGroups Read(ClApi api, nint device, Version? version, string[] extensions, bool isProcessor)
    {
        if (Setting == "0" || (isProcessor && Setting != "1") || version is null)
        {
            return default;
        }

        bool canAsk = version >= new Version(2, 1) && api.HasSubGroupInfo;
        bool hasSubGroups = extensions.Contains("cl_khr_subgroups") || (version >= new Version(2, 1) && ClInfo.Device<uint>(api, device, CL_DEVICE_MAX_NUM_SUB_GROUPS) > 0);
        int width = (int)ClInfo.Device<uint>(api, device, CL_DEVICE_WAVEFRONT_WIDTH_AMD);
        return Choose(version, extensions, hasSubGroups, canAsk, ClInfo.Sizes(api, device, CL_DEVICE_SUB_GROUP_SIZES_INTEL), width);
    }

    /// <summary>The choice.</summary>
    /// <param name="version">Of OpenCL.</param>
    /// <param name="extensions">The device's.</param>
    /// <param name="hasSubGroups">Whether kernels can have sub-groups.</param>
    /// <param name="canAsk">Whether the driver says how large the sub-groups of a kernel are.</param>
    /// <param name="sizes">The sizes that it may make; empty if it does not tell.</param>
    /// <param name="wavefront">The size of AMD's wavefronts; 0 elsewhere.</param>
    public static OpenClSubGroups Choose(Version version, string[] extensions, bool hasSubGroups, bool canAsk, ReadOnlySpan<long> sizes, int wavefront)
    {
        bool canRequire = extensions.Contains("cl_intel_required_subgroup_size");
        SubGroupDialect dialect = extensions.Contains("cl_khr_subgroup_shuffle") && hasSubGroups && version.Major >= 2
            ? version.Major >= 3 ? SubGroupDialect.Khronos30 : SubGroupDialect.Khronos20
            : extensions.Contains("cl_intel_subgroups") && canRequire ? SubGroupDialect.Intel : SubGroupDialect.None;
        int size = dialect == SubGroupDialect.None ? 0
            : canRequire ? Preferred(sizes)
            : !canAsk ? 0
            : sizes.Length == 1 && IsUsable(sizes[0]) ? (int)sizes[0]
            : IsUsable(wavefront) ? wavefront
            : 0;
        return size == 0 ? default : new OpenClSubGroups(dialect, size, canRequire);
    }

    private static int Preferred(ReadOnlySpan<long> sizes)
    {
        int best = 0;
        foreach (long size in sizes)
        {
            bool isCloser = best == 0 || Math.Abs(size - PreferredSize) < Math.Abs(best - PreferredSize);
            best = IsUsable(size) && isCloser ? (int)size : best;
        }

        return best;
    }

    private static bool IsUsable(long size) => size is > 1 and <= LargestSize && long.IsPow2(size);
}
