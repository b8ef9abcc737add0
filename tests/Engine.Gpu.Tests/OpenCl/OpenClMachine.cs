using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>The OpenCL of the machine that runs the tests; they are skipped, with the reason, where there is none.</summary>
internal static unsafe class OpenClMachine
{
    private static readonly Lazy<(ClApi? Api, List<ProbeEntry> Report)> s_library = new(static () =>
    {
        List<ProbeEntry> report = [];
        return (ClLibrary.Open(report), report);
    });

    /// <summary>The functions of the library.</summary>
    public static ClApi Api
    {
        get
        {
            (ClApi? api, List<ProbeEntry> report) = s_library.Value;
            if (api is null)
            {
                Assert.Ignore($"no OpenCL here: {new DeviceReport(report)}");
            }

            return api!;
        }
    }

    /// <summary>The first device of the first platform.</summary>
    public static nint Device
    {
        get
        {
            ClApi api = Api;
            foreach (nint platform in ClLibrary.Platforms(api, out _))
            {
                nint device;
                uint count;
                if (api.clGetDeviceIDs(platform, ClConstants.CL_DEVICE_TYPE_ALL, 1, &device, &count) == ClConstants.CL_SUCCESS && count > 0)
                {
                    return device;
                }
            }

            Assert.Ignore("no platform of OpenCL has a device here");
            return 0;
        }
    }

    /// <summary>A driver with a context of its own.</summary>
    public static OpenClDriver NewDriver(GpuTarget? target = null) => new(Api, Device, target);

    /// <summary>A driver for which a processor is a card: on a processor the last group adds nothing.</summary>
    public static OpenClDriver NewDriverAsCard()
    {
        using OpenClDriver driver = NewDriver();
        return NewDriver(driver.Target with { IsProcessor = false });
    }

    /// <summary>A table of functions whose entries a test may exchange for its own.</summary>
    public static ClApi NewApi()
    {
        _ = Api;
        return ClLibrary.Open([])!;
    }
}
