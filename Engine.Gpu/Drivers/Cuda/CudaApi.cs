using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>
/// The functions of the CUDA driver that the engine calls, under their exported names. They are looked up at run time, so that a machine
/// without the driver starts as usual, and another library can replace the driver in tests.
/// </summary>
internal sealed unsafe class CudaApi
{
    public readonly delegate* unmanaged<uint, CudaResult> cuInit;
    public readonly delegate* unmanaged<int*, CudaResult> cuDriverGetVersion;
    public readonly delegate* unmanaged<CudaResult, byte**, CudaResult> cuGetErrorName;
    public readonly delegate* unmanaged<CudaResult, byte**, CudaResult> cuGetErrorString;

    public readonly delegate* unmanaged<int*, CudaResult> cuDeviceGetCount;
    public readonly delegate* unmanaged<int*, int, CudaResult> cuDeviceGet;
    public readonly delegate* unmanaged<byte*, int, int, CudaResult> cuDeviceGetName;
    public readonly delegate* unmanaged<int*, CudaDeviceAttribute, int, CudaResult> cuDeviceGetAttribute;
    public readonly delegate* unmanaged<nuint*, int, CudaResult> cuDeviceTotalMem_v2;

    public readonly delegate* unmanaged<nint*, int, CudaResult> cuDevicePrimaryCtxRetain;
    public readonly delegate* unmanaged<int, CudaResult> cuDevicePrimaryCtxRelease_v2;
    public readonly delegate* unmanaged<nint*, CudaResult> cuCtxGetCurrent;
    public readonly delegate* unmanaged<nint, CudaResult> cuCtxSetCurrent;
    public readonly delegate* unmanaged<int*, CudaResult> cuCtxGetDevice;

    // Device memory is an nint throughout: CUdeviceptr has 64 bits on every system that the engine runs on.
    public readonly delegate* unmanaged<nuint*, nuint*, CudaResult> cuMemGetInfo_v2;
    public readonly delegate* unmanaged<nint*, nuint, CudaResult> cuMemAlloc_v2;
    public readonly delegate* unmanaged<nint, CudaResult> cuMemFree_v2;
    public readonly delegate* unmanaged<nint*, nuint, CudaResult> cuMemAllocHost_v2;
    public readonly delegate* unmanaged<nint, CudaResult> cuMemFreeHost;
    public readonly delegate* unmanaged<nint, void*, nuint, nint, CudaResult> cuMemcpyHtoDAsync_v2;
    public readonly delegate* unmanaged<void*, nint, nuint, nint, CudaResult> cuMemcpyDtoHAsync_v2;
    public readonly delegate* unmanaged<nint, nint, nuint, nint, CudaResult> cuMemcpyDtoDAsync_v2;
    public readonly delegate* unmanaged<nint, byte, nuint, nint, CudaResult> cuMemsetD8Async;

    public readonly delegate* unmanaged<nint*, uint, CudaResult> cuStreamCreate;
    public readonly delegate* unmanaged<nint, CudaResult> cuStreamDestroy_v2;
    public readonly delegate* unmanaged<nint, CudaResult> cuStreamSynchronize;
    public readonly delegate* unmanaged<nint, nint, uint, CudaResult> cuStreamWaitEvent;
    public readonly delegate* unmanaged<nint*, uint, CudaResult> cuEventCreate;
    public readonly delegate* unmanaged<nint, CudaResult> cuEventDestroy_v2;
    public readonly delegate* unmanaged<nint, nint, CudaResult> cuEventRecord;
    public readonly delegate* unmanaged<nint, CudaResult> cuEventQuery;
    public readonly delegate* unmanaged<nint, CudaResult> cuEventSynchronize;

    /// <summary>Under its old name or its new one; null where the driver has neither, which only measurements mind.</summary>
    public readonly delegate* unmanaged<float*, nint, nint, CudaResult> cuEventElapsedTime;

    public readonly delegate* unmanaged<nint*, void*, uint, CudaJitOption*, void**, CudaResult> cuModuleLoadDataEx;
    public readonly delegate* unmanaged<nint, CudaResult> cuModuleUnload;
    public readonly delegate* unmanaged<nint*, nint, byte*, CudaResult> cuModuleGetFunction;
    public readonly delegate* unmanaged<int*, CudaFunctionAttribute, nint, CudaResult> cuFuncGetAttribute;
    public readonly delegate* unmanaged<nint, CudaFunctionAttribute, int, CudaResult> cuFuncSetAttribute;
    public readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, CudaResult> cuLaunchKernel;

    /// <summary>Starts a kernel only where all its groups run at the same time; null where the driver has none.</summary>
    public readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, CudaResult> cuLaunchCooperativeKernel;

    public readonly delegate* unmanaged<uint, CudaJitOption*, void**, nint*, CudaResult> cuLinkCreate_v2;
    public readonly delegate* unmanaged<nint, CudaJitInput, void*, nuint, byte*, uint, CudaJitOption*, void**, CudaResult> cuLinkAddData_v2;
    public readonly delegate* unmanaged<nint, void**, nuint*, CudaResult> cuLinkComplete;
    public readonly delegate* unmanaged<nint, CudaResult> cuLinkDestroy;

    public readonly delegate* unmanaged<nint, CudaCaptureMode, CudaResult> cuStreamBeginCapture_v2;
    public readonly delegate* unmanaged<nint, nint*, CudaResult> cuStreamEndCapture;
    public readonly delegate* unmanaged<nint, nint, CudaResult> cuGraphLaunch;
    public readonly delegate* unmanaged<nint, CudaResult> cuGraphExecDestroy;
    public readonly delegate* unmanaged<nint, CudaResult> cuGraphDestroy;

    /// <summary>Since CUDA 11.4; null in older drivers, which have <see cref="cuGraphInstantiate_v2"/>.</summary>
    public readonly delegate* unmanaged<nint*, nint, ulong, CudaResult> cuGraphInstantiateWithFlags;

    /// <summary>Null where <see cref="cuGraphInstantiateWithFlags"/> is there.</summary>
    public readonly delegate* unmanaged<nint*, nint, nint*, byte*, nuint, CudaResult> cuGraphInstantiate_v2;

    /// <summary>Looks up every function; the resolver gives 0 for a name that it does not know. Functions that the engine can do without may be missing: error texts, times, registers, meetings.</summary>
    /// <exception cref="EntryPointNotFoundException">Functions are missing: the driver is older than CUDA 11.</exception>
    public CudaApi(Func<string, nint> resolve)
    {
        List<string> missing = [];
        cuInit = (delegate* unmanaged<uint, CudaResult>)Find(nameof(cuInit));
        cuDriverGetVersion = (delegate* unmanaged<int*, CudaResult>)Find(nameof(cuDriverGetVersion));
        cuGetErrorName = (delegate* unmanaged<CudaResult, byte**, CudaResult>)FindOptional(nameof(cuGetErrorName));
        cuGetErrorString = (delegate* unmanaged<CudaResult, byte**, CudaResult>)FindOptional(nameof(cuGetErrorString));

        cuDeviceGetCount = (delegate* unmanaged<int*, CudaResult>)Find(nameof(cuDeviceGetCount));
        cuDeviceGet = (delegate* unmanaged<int*, int, CudaResult>)Find(nameof(cuDeviceGet));
        cuDeviceGetName = (delegate* unmanaged<byte*, int, int, CudaResult>)Find(nameof(cuDeviceGetName));
        cuDeviceGetAttribute = (delegate* unmanaged<int*, CudaDeviceAttribute, int, CudaResult>)Find(nameof(cuDeviceGetAttribute));
        cuDeviceTotalMem_v2 = (delegate* unmanaged<nuint*, int, CudaResult>)Find(nameof(cuDeviceTotalMem_v2));

        cuDevicePrimaryCtxRetain = (delegate* unmanaged<nint*, int, CudaResult>)Find(nameof(cuDevicePrimaryCtxRetain));
        cuDevicePrimaryCtxRelease_v2 = (delegate* unmanaged<int, CudaResult>)Find(nameof(cuDevicePrimaryCtxRelease_v2));
        cuCtxGetCurrent = (delegate* unmanaged<nint*, CudaResult>)Find(nameof(cuCtxGetCurrent));
        cuCtxSetCurrent = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuCtxSetCurrent));
        cuCtxGetDevice = (delegate* unmanaged<int*, CudaResult>)Find(nameof(cuCtxGetDevice));

        cuMemGetInfo_v2 = (delegate* unmanaged<nuint*, nuint*, CudaResult>)FindOptional(nameof(cuMemGetInfo_v2));
        cuMemAlloc_v2 = (delegate* unmanaged<nint*, nuint, CudaResult>)Find(nameof(cuMemAlloc_v2));
        cuMemFree_v2 = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuMemFree_v2));
        cuMemAllocHost_v2 = (delegate* unmanaged<nint*, nuint, CudaResult>)Find(nameof(cuMemAllocHost_v2));
        cuMemFreeHost = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuMemFreeHost));
        cuMemcpyHtoDAsync_v2 = (delegate* unmanaged<nint, void*, nuint, nint, CudaResult>)Find(nameof(cuMemcpyHtoDAsync_v2));
        cuMemcpyDtoHAsync_v2 = (delegate* unmanaged<void*, nint, nuint, nint, CudaResult>)Find(nameof(cuMemcpyDtoHAsync_v2));
        cuMemcpyDtoDAsync_v2 = (delegate* unmanaged<nint, nint, nuint, nint, CudaResult>)Find(nameof(cuMemcpyDtoDAsync_v2));
        cuMemsetD8Async = (delegate* unmanaged<nint, byte, nuint, nint, CudaResult>)Find(nameof(cuMemsetD8Async));

        cuStreamCreate = (delegate* unmanaged<nint*, uint, CudaResult>)Find(nameof(cuStreamCreate));
        cuStreamDestroy_v2 = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuStreamDestroy_v2));
        cuStreamSynchronize = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuStreamSynchronize));
        cuStreamWaitEvent = (delegate* unmanaged<nint, nint, uint, CudaResult>)Find(nameof(cuStreamWaitEvent));
        cuEventCreate = (delegate* unmanaged<nint*, uint, CudaResult>)Find(nameof(cuEventCreate));
        cuEventDestroy_v2 = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuEventDestroy_v2));
        cuEventRecord = (delegate* unmanaged<nint, nint, CudaResult>)Find(nameof(cuEventRecord));
        cuEventQuery = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuEventQuery));
        cuEventSynchronize = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuEventSynchronize));
        cuEventElapsedTime = (delegate* unmanaged<float*, nint, nint, CudaResult>)FindOptional(nameof(cuEventElapsedTime), "cuEventElapsedTime_v2");

        cuModuleLoadDataEx = (delegate* unmanaged<nint*, void*, uint, CudaJitOption*, void**, CudaResult>)Find(nameof(cuModuleLoadDataEx));
        cuModuleUnload = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuModuleUnload));
        cuModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, CudaResult>)Find(nameof(cuModuleGetFunction));
        cuFuncGetAttribute = (delegate* unmanaged<int*, CudaFunctionAttribute, nint, CudaResult>)FindOptional(nameof(cuFuncGetAttribute));
        cuFuncSetAttribute = (delegate* unmanaged<nint, CudaFunctionAttribute, int, CudaResult>)Find(nameof(cuFuncSetAttribute));
        cuLaunchKernel = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, CudaResult>)Find(nameof(cuLaunchKernel));
        cuLaunchCooperativeKernel = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, CudaResult>)FindOptional(nameof(cuLaunchCooperativeKernel));

        cuLinkCreate_v2 = (delegate* unmanaged<uint, CudaJitOption*, void**, nint*, CudaResult>)Find(nameof(cuLinkCreate_v2));
        cuLinkAddData_v2 = (delegate* unmanaged<nint, CudaJitInput, void*, nuint, byte*, uint, CudaJitOption*, void**, CudaResult>)Find(nameof(cuLinkAddData_v2));
        cuLinkComplete = (delegate* unmanaged<nint, void**, nuint*, CudaResult>)Find(nameof(cuLinkComplete));
        cuLinkDestroy = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuLinkDestroy));

        cuStreamBeginCapture_v2 = (delegate* unmanaged<nint, CudaCaptureMode, CudaResult>)Find(nameof(cuStreamBeginCapture_v2));
        cuStreamEndCapture = (delegate* unmanaged<nint, nint*, CudaResult>)Find(nameof(cuStreamEndCapture));
        cuGraphLaunch = (delegate* unmanaged<nint, nint, CudaResult>)Find(nameof(cuGraphLaunch));
        cuGraphExecDestroy = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuGraphExecDestroy));
        cuGraphDestroy = (delegate* unmanaged<nint, CudaResult>)Find(nameof(cuGraphDestroy));
        cuGraphInstantiateWithFlags = (delegate* unmanaged<nint*, nint, ulong, CudaResult>)resolve(nameof(cuGraphInstantiateWithFlags));
        if (cuGraphInstantiateWithFlags is null)
        {
            cuGraphInstantiate_v2 = (delegate* unmanaged<nint*, nint, nint*, byte*, nuint, CudaResult>)Find(nameof(cuGraphInstantiate_v2));
        }

        if (missing.Count > 0)
        {
            throw new EntryPointNotFoundException($"The CUDA driver lacks {string.Join(", ", missing)}; it is older than CUDA 11.0. Update the driver.");
        }

        nint FindOptional(string name, string? other = null)
        {
            nint address = resolve(name);
            return address != 0 || other is null ? address : resolve(other);
        }

        nint Find(string name)
        {
            nint address = resolve(name);
            if (address == 0)
            {
                missing.Add(name);
            }

            return address;
        }
    }

    /// <summary>The driver's library on this system.</summary>
    public static string LibraryName => LibraryNames[0];

    /// <summary>Where the library is looked for, in order: by name, where WSL and NixOS keep it, and under the name that developers' packages give it.</summary>
    public static IReadOnlyList<string> LibraryNames { get; } = OperatingSystem.IsWindows()
        ? ["nvcuda.dll"]
        : ["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/run/opengl-driver/lib/libcuda.so.1", "libcuda.so"];

    /// <summary>Which build of the driver it is, where that can be told: one version of CUDA has many, and their compilers differ.</summary>
    public string Build { get; init; } = string.Empty;

    /// <summary>Loads the machine's driver and starts it; false with the reason where there is none.</summary>
    public static bool TryLoad([NotNullWhen(true)] out CudaApi? api, out string reason) => TryLoad(LibraryNames, out api, out reason);

    /// <summary>As above, from the first of some libraries that is there.</summary>
    public static bool TryLoad(IReadOnlyList<string> names, [NotNullWhen(true)] out CudaApi? api, out string reason)
    {
        api = null;
        if (!DriverLibrary.TryLoadFirst(names, out nint library))
        {
            reason = $"not found: {string.Join(", ", names)}; it comes with NVIDIA's display driver";
            return false;
        }

        try
        {
            CudaApi loaded = new(name => NativeLibrary.TryGetExport(library, name, out nint address) ? address : 0)
            {
                Build = DriverLibrary.DescribeBuild("libcuda.so", "/proc/driver/nvidia/version"),
            };
            CudaResult result = loaded.cuInit(0);
            if (result != CudaResult.CUDA_SUCCESS)
            {
                reason = $"cuInit: {loaded.Describe(result)}";
                return false;
            }

            api = loaded;
            reason = "";
            return true;
        }
        catch (EntryPointNotFoundException e)
        {
            reason = e.Message;
            return false;
        }
    }

    /// <summary>A result's name and the driver's words for it.</summary>
    public string Describe(CudaResult result)
    {
        byte* name = null;
        byte* words = null;
        if (cuGetErrorName is not null && cuGetErrorString is not null)
        {
            _ = cuGetErrorName(result, &name);
            _ = cuGetErrorString(result, &words);
        }

        string code = name is null ? result.ToString() : Marshal.PtrToStringUTF8((nint)name)!;
        return words is null ? $"{code} ({(int)result})" : $"{code} ({(int)result}): {Marshal.PtrToStringUTF8((nint)words)}";
    }
}
