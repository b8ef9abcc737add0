using System.Runtime.InteropServices;
using System.Text;
using Engine.Gpu;

namespace Engine.PtxInterpreter;

/// <summary>Start, errors, devices, contexts.</summary>
internal static unsafe partial class FakeCuda
{
    [UnmanagedCallersOnly]
    private static CudaResult cuInit(uint flags) => flags == 0 ? CudaResult.CUDA_SUCCESS : CudaResult.CUDA_ERROR_INVALID_VALUE;

    [UnmanagedCallersOnly]
    private static CudaResult cuDriverGetVersion(int* version)
    {
        *version = Version;
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuGetErrorName(CudaResult result, byte** name)
    {
        *name = (byte*)Text(result.ToString());
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuGetErrorString(CudaResult result, byte** words)
    {
        string text = s_lastWords.Result == result && s_lastWords.Words.Length > 0
            ? s_lastWords.Words
            : result.ToString().Replace("CUDA_", "", StringComparison.Ordinal).Replace('_', ' ').ToLowerInvariant();
        *words = (byte*)Text(text);
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGetCount(int* count)
    {
        lock (s_lock)
        {
            *count = s_devices.Count;
        }

        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGet(int* device, int ordinal)
    {
        *device = ordinal;
        return Device(ordinal) == null ? CudaResult.CUDA_ERROR_INVALID_DEVICE : CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGetName(byte* name, int length, int ordinal)
    {
        if (Device(ordinal) is not { } device || length < 1)
        {
            return CudaResult.CUDA_ERROR_INVALID_DEVICE;
        }

        Span<byte> space = new(name, length);
        byte[] bytes = Encoding.UTF8.GetBytes(device.Name);
        int count = Math.Min(bytes.Length, length - 1);
        bytes.AsSpan(0, count).CopyTo(space);
        space[count] = 0;
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceGetAttribute(int* value, CudaDeviceAttribute attribute, int ordinal)
    {
        if (Device(ordinal) is not { } device)
        {
            return CudaResult.CUDA_ERROR_INVALID_DEVICE;
        }

        *value = attribute switch
        {
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK => 1024,
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK => 48 * 1024,
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE => 32,
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE => 1_000_000,
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT => device.Multiprocessors,
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR => device.ComputeCapability / 10,
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR => device.ComputeCapability % 10,
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH => device.HasCooperativeLaunch ? 1 : 0,
            CudaDeviceAttribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN => device.MaxSharedBytes,
            _ => 0,
        };
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDeviceTotalMem_v2(nuint* bytes, int ordinal)
    {
        if (Device(ordinal) is not { } device)
        {
            return CudaResult.CUDA_ERROR_INVALID_DEVICE;
        }

        *bytes = (nuint)device.Memory.Capacity;
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDevicePrimaryCtxRetain(nint* context, int ordinal)
    {
        if (Device(ordinal) is not { } device)
        {
            return CudaResult.CUDA_ERROR_INVALID_DEVICE;
        }

        lock (s_lock)
        {
            if (device.Primary == null)
            {
                device.Primary = new FakeContext(device);
                Register(device.Primary);
            }

            device.PrimaryUsers++;
            *context = device.Primary.Handle;
        }

        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuDevicePrimaryCtxRelease_v2(int ordinal)
    {
        if (Device(ordinal) is not { } device)
        {
            return CudaResult.CUDA_ERROR_INVALID_DEVICE;
        }

        lock (s_lock)
        {
            if (device.PrimaryUsers == 0)
            {
                return CudaResult.CUDA_ERROR_INVALID_CONTEXT;
            }

            device.PrimaryUsers--;
            if (device.PrimaryUsers == 0)
            {
                DestroyContext(device.Primary!.Handle);
                device.Primary = null;
                device.Memory.Clear();
            }
        }

        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxCreate_v2(nint* context, uint flags, int ordinal)
    {
        if (Device(ordinal) is not { } device)
        {
            return CudaResult.CUDA_ERROR_INVALID_DEVICE;
        }

        *context = s_current = CreateContext(device);
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxDestroy_v2(nint context)
    {
        if (Find<FakeContext>(context) == null)
        {
            return CudaResult.CUDA_ERROR_INVALID_CONTEXT;
        }

        DestroyContext(context);
        s_current = s_current == context ? 0 : s_current;
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxGetCurrent(nint* context)
    {
        *context = s_current;
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxSetCurrent(nint context)
    {
        if (context != 0 && Find<FakeContext>(context) == null)
        {
            return CudaResult.CUDA_ERROR_INVALID_CONTEXT;
        }

        s_current = context;
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuCtxGetDevice(int* ordinal) => Call(nameof(cuCtxGetDevice), context =>
    {
        *ordinal = context.Device.Ordinal;
        return CudaResult.CUDA_SUCCESS;
    });

    private static FakeDevice? Device(int ordinal)
    {
        lock (s_lock)
        {
            return ordinal >= 0 && ordinal < s_devices.Count ? s_devices[ordinal] : null;
        }
    }
}
