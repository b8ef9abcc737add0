using static Engine.Gpu.ClConstants;

namespace Engine.Gpu;

/// <summary>Finds the devices of all OpenCL platforms.</summary>
internal static unsafe class OpenClDiscovery
{
    private const string Provider = "Engine.Gpu";

    /// <summary>Cards before accelerators before processors; each attempt is recorded. Nothing throws if a driver is absent or broken.</summary>
    public static IReadOnlyList<OpenClDriver> Discover(ICollection<ProbeEntry> report) =>
        ClLibrary.Open(report) is { } api ? Discover(api, report) : [];

    /// <summary>As above, for a library that is already open.</summary>
    public static IReadOnlyList<OpenClDriver> Discover(ClApi api, ICollection<ProbeEntry> report)
    {
        List<(int Rank, OpenClDriver Driver)> drivers = [];
        nint[] platforms = ClLibrary.Platforms(api, out int code);
        if (platforms.Length == 0)
        {
            report.Add(new ProbeEntry(Provider, "OpenCL platforms", false, $"none: {ClException.NameOf(code)}"));
        }

        foreach (nint platform in platforms)
        {
            string name = $"{ClInfo.PlatformString(api, platform, CL_PLATFORM_NAME)}, {ClInfo.PlatformString(api, platform, CL_PLATFORM_VERSION)}";
            nint[] devices = Devices(api, platform, out code);
            report.Add(new ProbeEntry(
                Provider,
                name,
                devices.Length > 0,
                devices.Length > 0 ? $"{devices.Length} device{(devices.Length == 1 ? string.Empty : "s")}" : $"no device: {ClException.NameOf(code)}; is there a card for this driver, and may this process open it (on Linux: the groups video and render)?"));
            foreach (nint device in devices)
            {
                if (TryOpen(api, device, report) is { } driver)
                {
                    drivers.Add((Rank(api, device), driver));
                }
            }
        }

        return [.. drivers.OrderBy(static entry => entry.Rank).Select(static entry => entry.Driver)];
    }

    private static nint[] Devices(ClApi api, nint platform, out int code)
    {
        uint count = 0;
        code = api.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, null, &count);
        if (code != CL_SUCCESS || count == 0)
        {
            return [];
        }

        nint[] devices = new nint[count];
        fixed (nint* first = devices)
        {
            code = api.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, first, null);
        }

        return code == CL_SUCCESS ? devices : [];
    }

    private static OpenClDriver? TryOpen(ClApi api, nint device, ICollection<ProbeEntry> report)
    {
        string name = ClInfo.DeviceString(api, device, CL_DEVICE_NAME);
        if (OpenClTarget.WhyNot(api, device) is { } reason)
        {
            report.Add(new ProbeEntry(Provider, name, false, reason));
            return null;
        }

        OpenClDriver driver = new(api, device);
        report.Add(new ProbeEntry(Provider, name, true, driver.Description));
        return driver;
    }

    private static int Rank(ClApi api, nint device)
    {
        ulong type = ClInfo.Device<ulong>(api, device, CL_DEVICE_TYPE);
        return (type & CL_DEVICE_TYPE_GPU) != 0 ? 0 : (type & CL_DEVICE_TYPE_CPU) != 0 ? 2 : 1;
    }
}
