using System.Globalization;
using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>The driver's answers about a device before anything is made on it.</summary>
internal sealed unsafe record CudaDeviceInfo
{
    /// <summary>Least compute capability: from here on every device has independent threads, and shuffles and barriers as the kernels use them.</summary>
    public const int LeastComputeCapability = 70;

    /// <summary>Least driver, as the driver counts: CUDA 11.0, the first that reads PTX 7.0.</summary>
    public const int LeastDriverVersion = 11000;

    /// <summary>Least driver whose graphs take kernels whose groups meet: CUDA 12.0, the first that documents the attribute for nodes of graphs.</summary>
    public const int LeastDriverOfMeetings = 12000;

    // Kernel parameters: 4096 bytes on every card and driver of the versions above.
    private const int ParameterBytes = 4096;

    public required string Name { get; init; }

    public required int DriverVersion { get; init; }

    public string DriverBuild { get; init; } = string.Empty;

    public required int ComputeCapability { get; init; }

    public required int Multiprocessors { get; init; }

    public required int SharedBytes { get; init; }

    public required long TotalMemory { get; init; }

    /// <summary>Whether the device starts kernels whose groups wait for one another.</summary>
    public bool HasCooperativeLaunch { get; init; }

    /// <summary>Model, memory, capability and driver in words.</summary>
    public string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}, {TotalMemory / (double)(1L << 30):0.#} GiB, compute capability {ComputeCapability / 10}.{ComputeCapability % 10}, driver for CUDA {DriverVersion / 1000}.{DriverVersion % 1000 / 10}");

    /// <summary>The key of cached binaries. The version is that of CUDA, which drivers with different compilers share.</summary>
    public string Identity => $"{Name} sm_{ComputeCapability} cuda {DriverVersion}{(DriverBuild.Length > 0 ? $" build {DriverBuild}" : string.Empty)}";

    /// <summary>Asks the driver.</summary>
    public static CudaDeviceInfo Read(CudaApi api, int device)
    {
        const int NameBytes = 256;
        byte* name = stackalloc byte[NameBytes];
        int driverVersion;
        nuint memory;
        Check(api.cuDeviceGetName(name, NameBytes, device), nameof(api.cuDeviceGetName));
        Check(api.cuDriverGetVersion(&driverVersion), nameof(api.cuDriverGetVersion));
        Check(api.cuDeviceTotalMem_v2(&memory, device), nameof(api.cuDeviceTotalMem_v2));
        int major = Attribute(CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
        int minor = Attribute(CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        int shared = Math.Max(
            Attribute(CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
            Attribute(CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK));
        return new CudaDeviceInfo
        {
            Name = Marshal.PtrToStringUTF8((nint)name)!,
            DriverVersion = driverVersion,
            DriverBuild = api.Build,
            ComputeCapability = (10 * major) + minor,
            Multiprocessors = Attribute(CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
            SharedBytes = shared,
            TotalMemory = (long)memory,
            HasCooperativeLaunch = api.cuLaunchCooperativeKernel is not null && Attribute(CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH) != 0,
        };

        int Attribute(CudaDeviceAttribute attribute)
        {
            int value;
            Check(api.cuDeviceGetAttribute(&value, attribute, device), nameof(api.cuDeviceGetAttribute));
            return value;
        }

        void Check(CudaResult result, string call)
        {
            if (result != CudaResult.CUDA_SUCCESS)
            {
                throw new EngineException($"{call}: {api.Describe(result)}");
            }
        }
    }

    /// <summary>The features that kernels may use.</summary>
    public GpuTarget ToTarget() => new()
    {
        Api = GpuApi.Cuda,
        ComputeUnits = Multiprocessors,
        SharedBytes = SharedBytes,
        HasFloat64 = true,
        LargestGroup = 1024,
        SubGroupSize = 32,
        HasMathFunctions = false,
        ComputeCapability = ComputeCapability,
        ForgoesWarpgroups = Environment.GetEnvironmentVariable("ENGINE_GPU_WGMMA") == "0",
        HasMeetings = HasCooperativeLaunch && DriverVersion >= LeastDriverOfMeetings && Environment.GetEnvironmentVariable("ENGINE_GPU_MEETINGS") != "0",
        PtxVersion = PtxVersionOf(DriverVersion),
        MaxArgumentBytes = ParameterBytes,
    };

    /// <summary>The newest PTX that a driver reads, as 10·major + minor: 7.x with CUDA 11.x, 8.x with 12.x (12.6 still 8.5), 9.x with 13.x.</summary>
    public static int PtxVersionOf(int driverVersion)
    {
        int major = driverVersion / 1000;
        int minor = driverVersion % 1000 / 10;
        return major switch
        {
            < 11 => 60,
            11 => 70 + Math.Min(minor, 8),
            12 => minor <= 5 ? 80 + minor : 79 + Math.Min(minor, 9),
            _ => 90,
        };
    }
}
