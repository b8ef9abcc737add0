using System.Text;

namespace Engine.Gpu;

/// <summary>Answers of OpenCL's <c>clGet…Info</c> functions as values of .NET. An answer that a driver does not give is the default value.</summary>
internal static unsafe class ClInfo
{
    public static string PlatformString(ClApi api, nint platform, uint name) => Text(api.clGetPlatformInfo, platform, name);

    public static string DeviceString(ClApi api, nint device, uint name) => Text(api.clGetDeviceInfo, device, name);

    public static T Device<T>(ClApi api, nint device, uint name)
        where T : unmanaged => Value<T>(api.clGetDeviceInfo, device, name);

    public static T Value<T>(delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> query, nint handle, uint name)
        where T : unmanaged
    {
        T value = default;
        return query(handle, name, (nuint)sizeof(T), &value, null) == ClConstants.CL_SUCCESS ? value : default;
    }

    public static T Kernel<T>(ClApi api, nint kernel, nint device, uint name)
        where T : unmanaged
    {
        T value = default;
        return api.clGetKernelWorkGroupInfo(kernel, device, name, (nuint)sizeof(T), &value, null) == ClConstants.CL_SUCCESS ? value : default;
    }

    /// <summary>The largest work-group along the first axis.</summary>
    public static long MaxWorkItems(ClApi api, nint device)
    {
        nuint bytes;
        if (api.clGetDeviceInfo(device, ClConstants.CL_DEVICE_MAX_WORK_ITEM_SIZES, 0, null, &bytes) != ClConstants.CL_SUCCESS || bytes < (nuint)sizeof(nuint))
        {
            return long.MaxValue;
        }

        nuint[] sizes = new nuint[(bytes + (nuint)sizeof(nuint) - 1) / (nuint)sizeof(nuint)];
        fixed (nuint* first = sizes)
        {
            return api.clGetDeviceInfo(device, ClConstants.CL_DEVICE_MAX_WORK_ITEM_SIZES, bytes, first, null) == ClConstants.CL_SUCCESS ? (long)first[0] : long.MaxValue;
        }
    }

    /// <summary>A list of numbers as wide as a pointer; empty where the driver does not know it.</summary>
    public static long[] Sizes(ClApi api, nint device, uint name)
    {
        nuint bytes;
        if (api.clGetDeviceInfo(device, name, 0, null, &bytes) != ClConstants.CL_SUCCESS || bytes < (nuint)sizeof(nuint))
        {
            return [];
        }

        nuint[] sizes = new nuint[bytes / (nuint)sizeof(nuint)];
        fixed (nuint* first = sizes)
        {
            return api.clGetDeviceInfo(device, name, bytes, first, null) == ClConstants.CL_SUCCESS ? [.. sizes.Select(static size => (long)size)] : [];
        }
    }

    public static string BuildLog(ClApi api, nint program, nint device)
    {
        nuint bytes;
        if (api.clGetProgramBuildInfo(program, device, ClConstants.CL_PROGRAM_BUILD_LOG, 0, null, &bytes) != ClConstants.CL_SUCCESS || bytes == 0)
        {
            return string.Empty;
        }

        byte[] text = new byte[bytes];
        fixed (byte* first = text)
        {
            return api.clGetProgramBuildInfo(program, device, ClConstants.CL_PROGRAM_BUILD_LOG, bytes, first, null) == ClConstants.CL_SUCCESS ? Decode(text) : string.Empty;
        }
    }

    private static string Text(delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> query, nint handle, uint name)
    {
        nuint bytes;
        if (query(handle, name, 0, null, &bytes) != ClConstants.CL_SUCCESS || bytes == 0)
        {
            return string.Empty;
        }

        byte[] text = new byte[bytes];
        fixed (byte* first = text)
        {
            return query(handle, name, bytes, first, null) == ClConstants.CL_SUCCESS ? Decode(text) : string.Empty;
        }
    }

    private static string Decode(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]).Trim();
    }
}
