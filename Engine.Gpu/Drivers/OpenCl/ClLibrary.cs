using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>Finds the OpenCL library of this machine.</summary>
internal static unsafe class ClLibrary
{
    private const string Provider = "Engine.Gpu";

    /// <summary>The name of the loader on this system.</summary>
    public static IReadOnlyList<string> LoaderNames { get; } =
        OperatingSystem.IsWindows() ? ["OpenCL.dll"]
        : OperatingSystem.IsMacOS() ? ["/System/Library/Frameworks/OpenCL.framework/OpenCL"]
        : ["libOpenCL.so.1", "/usr/lib/wsl/lib/libOpenCL.so.1", "/run/opengl-driver/lib/libOpenCL.so.1", "libOpenCL.so"];

    /// <summary>
    /// Drivers that are opened directly where the loader knows no platform: in containers NVIDIA's library is mounted, but often not
    /// the file that announces it to the loader.
    /// </summary>
    public static IReadOnlyList<string> DriverNames { get; } = OperatingSystem.IsLinux() ? ["libnvidia-opencl.so.1"] : [];

    /// <summary>The functions of the first loader, or else driver, that has a platform.</summary>
    public static ClApi? Open(ICollection<ProbeEntry> report) => Open(LoaderNames, DriverNames, report);

    /// <summary>As above, for libraries by name.</summary>
    public static ClApi? Open(IEnumerable<string> loaders, IEnumerable<string> drivers, ICollection<ProbeEntry> report)
    {
        foreach (string name in loaders)
        {
            if (OpenLoader(name, report) is { } api)
            {
                return api;
            }
        }

        foreach (string name in drivers)
        {
            if (OpenDriver(name, report) is { } api)
            {
                return api;
            }
        }

        return null;
    }

    /// <summary>The platforms, none if the library reports an error.</summary>
    public static nint[] Platforms(ClApi api, out int code)
    {
        uint count = 0;
        code = api.clGetPlatformIDs(0, null, &count);
        if (code != ClConstants.CL_SUCCESS || count == 0)
        {
            return [];
        }

        nint[] platforms = new nint[count];
        fixed (nint* first = platforms)
        {
            code = api.clGetPlatformIDs(count, first, &count);
        }

        return code == ClConstants.CL_SUCCESS ? platforms : [];
    }

    private static ClApi? OpenLoader(string name, ICollection<ProbeEntry> report)
    {
        if (!DriverLibrary.TryLoad(name, out nint library))
        {
            report.Add(new ProbeEntry(Provider, name, false, "the library could not be loaded; install the OpenCL package of the card's driver, or for processors PoCL"));
            return null;
        }

        ClApi api;
        try
        {
            api = new ClApi((function, _) => NativeLibrary.GetExport(library, function));
            if (NativeLibrary.TryGetExport(library, "clGetKernelSubGroupInfo", out nint subGroupInfo))
            {
                api.clGetKernelSubGroupInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint, void*, nuint*, int>)subGroupInfo;
            }
        }
        catch (EntryPointNotFoundException missing)
        {
            NativeLibrary.Free(library);
            report.Add(new ProbeEntry(Provider, name, false, $"older than OpenCL 1.2: {missing.Message}"));
            return null;
        }

        if (Platforms(api, out int code).Length == 0)
        {
            string why = code is ClConstants.CL_SUCCESS or ClConstants.CL_PLATFORM_NOT_FOUND_KHR ? "it knows no platform" : $"clGetPlatformIDs failed with {ClException.NameOf(code)}";
            report.Add(new ProbeEntry(Provider, name, false, $"loaded, but {why}; install the OpenCL package of the card's driver, which announces itself in /etc/OpenCL/vendors on Linux and in the registry on Windows"));
            return null;
        }

        report.Add(new ProbeEntry(Provider, name, true, "loaded"));
        return api;
    }

    /// <summary>
    /// A driver without the loader: it exports little more than a way to its platforms, whose first field points to the table of all
    /// functions, which the loader would call through.
    /// </summary>
    private static ClApi? OpenDriver(string name, ICollection<ProbeEntry> report)
    {
        if (!DriverLibrary.TryLoad(name, out nint library))
        {
            report.Add(new ProbeEntry(Provider, name, false, "no such driver to be opened directly"));
            return null;
        }

        nint platforms = FindPlatformFunction(library);
        if (platforms == 0)
        {
            NativeLibrary.Free(library);
            report.Add(new ProbeEntry(Provider, name, false, "loaded, but it has no clIcdGetPlatformIDsKHR"));
            return null;
        }

        uint count = 0;
        nint platform = 0;
        int code = ((delegate* unmanaged<uint, nint*, uint*, int>)platforms)(1, &platform, &count);
        if (code != ClConstants.CL_SUCCESS || count == 0 || platform == 0)
        {
            NativeLibrary.Free(library);
            report.Add(new ProbeEntry(Provider, name, false, $"loaded directly, but it has no platform: {ClException.NameOf(code)}; is there a card, and may this process open it?"));
            return null;
        }

        nint* table = *(nint**)platform;
        var api = new ClApi((_, index) => table[index]) { clGetPlatformIDs = (delegate* unmanaged<uint, nint*, uint*, int>)platforms };
        report.Add(new ProbeEntry(Provider, name, true, "loaded directly, without the loader"));
        return api;
    }

    private static nint FindPlatformFunction(nint library)
    {
        if (NativeLibrary.TryGetExport(library, "clIcdGetPlatformIDsKHR", out nint function))
        {
            return function;
        }

        if (!NativeLibrary.TryGetExport(library, "clGetExtensionFunctionAddress", out nint find))
        {
            return 0;
        }

        fixed (byte* name = "clIcdGetPlatformIDsKHR\0"u8)
        {
            return ((delegate* unmanaged<byte*, nint>)find)(name);
        }
    }
}
