using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

/// <summary>Reads the limits of an OpenCL device.</summary>
internal static class OpenClTarget
{
    /// <summary>Most local memory of a group; processors report whatever fits their caches.</summary>
    private const long LargestLocalMemory = 64 << 10;

    public static GpuTarget Read(ClApi api, nint device)
    {
        long group = Math.Min((long)ClInfo.Device<nuint>(api, device, CL_DEVICE_MAX_WORK_GROUP_SIZE), ClInfo.MaxWorkItems(api, device));
        string[] extensions = ClInfo.DeviceString(api, device, CL_DEVICE_EXTENSIONS).Split(' ');
        bool isProcessor = (ClInfo.Device<ulong>(api, device, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_CPU) != 0;
        Version? version = VersionOf(ClInfo.DeviceString(api, device, CL_DEVICE_VERSION));
        var limits = OpenClCardLimits.Read(api, device, isProcessor);
        int units = Math.Max(1, (int)ClInfo.Device<uint>(api, device, CL_DEVICE_MAX_COMPUTE_UNITS));
        var subGroups = OpenClSubGroups.Read(api, device, version, extensions, isProcessor);
        return new GpuTarget
        {
            Api = GpuApi.OpenCl,
            ComputeUnits = units,
            Cores = Math.Max(1, units / limits.UnitsOfCore),
            MostSums = limits.MostSums,
            LargestGroup = (int)Math.Clamp(group, 1, int.MaxValue),
            GenericPointerLanguage = GenericPointerLanguage(api, device),
            DeviceScopeLanguage = DeviceScopeLanguage(api, device),
            MaxGroupSize = (int)Math.Clamp(group, 1, limits.MaxGroupSize),
            SharedBytes = (int)Math.Min(ClInfo.Device<ulong>(api, device, CL_DEVICE_LOCAL_MEM_SIZE), (ulong)LargestLocalMemory),
            HasFloat64 = extensions.Contains("cl_khr_fp64"),
            HasMathFunctions = true,
            SubGroupSize = subGroups.Size,
            SubGroups = subGroups.Dialect,
            CanRequireSubGroupSize = subGroups.IsRequired,
            IsProcessor = isProcessor,
            MaxArgumentBytes = (int)Math.Min((ulong)ClInfo.Device<nuint>(api, device, CL_DEVICE_MAX_PARAMETER_SIZE), int.MaxValue),
        };
    }

    /// <summary>Why the engine cannot use a device; null if it can.</summary>
    public static string? WhyNot(ClApi api, nint device)
    {
        string version = ClInfo.DeviceString(api, device, CL_DEVICE_VERSION);
        if (ClInfo.Device<uint>(api, device, CL_DEVICE_AVAILABLE) == 0)
        {
            return "the driver says that it is not available";
        }

        if (ClInfo.Device<uint>(api, device, CL_DEVICE_COMPILER_AVAILABLE) == 0)
        {
            return "its driver has no compiler for OpenCL C";
        }

        if (ClInfo.Device<uint>(api, device, CL_DEVICE_ENDIAN_LITTLE) == 0)
        {
            return "it is big-endian";
        }

        return VersionOf(version) is not { } number || number < new Version(1, 2) ? $"OpenCL 1.2 is needed, but it has '{version}'; a newer driver may help" : null;
    }

    /// <summary>OpenCL 2 has such pointers, from 3.0 on they are a matter of the device.</summary>
    private static string? GenericPointerLanguage(ClApi api, nint device)
    {
        int major = VersionOf(ClInfo.DeviceString(api, device, CL_DEVICE_VERSION))?.Major ?? 0;
        return major == 2 ? "-cl-std=CL2.0"
            : major >= 3 && ClInfo.Device<uint>(api, device, CL_DEVICE_GENERIC_ADDRESS_SPACE_SUPPORT) != 0 ? "-cl-std=CL3.0"
            : null;
    }

    /// <summary>OpenCL 2 has such atomics, from 3.0 on they are a matter of the device.</summary>
    private static string? DeviceScopeLanguage(ClApi api, nint device)
    {
        const ulong Needed = CL_DEVICE_ATOMIC_ORDER_ACQ_REL | CL_DEVICE_ATOMIC_SCOPE_DEVICE;
        int major = VersionOf(ClInfo.DeviceString(api, device, CL_DEVICE_VERSION))?.Major ?? 0;
        return major == 2 ? "-cl-std=CL2.0"
            : major >= 3 && (ClInfo.Device<ulong>(api, device, CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES) & Needed) == Needed ? "-cl-std=CL3.0"
            : null;
    }

    /// <summary>Versions read "OpenCL 1.2 and anything else".</summary>
    private static Version? VersionOf(string version)
    {
        string[] words = version.Split(' ');
        return words.Length >= 2 && Version.TryParse(words[1], out Version? number) ? number : null;
    }
}
