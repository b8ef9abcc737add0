using System.Globalization;

namespace Engine.Gpu;

/// <summary>Finds CUDA devices.</summary>
internal static unsafe class CudaDiscovery
{
    private const string Provider = "Engine.Gpu";

    /// <summary>Every usable device that the machine's driver lists, in its order; each attempt is recorded. Never throws if a driver or a device is absent.</summary>
    public static IReadOnlyList<CudaDriver> Discover(ICollection<ProbeEntry> report)
    {
        if (CudaApi.TryLoad(out CudaApi? api, out string reason))
        {
            return Discover(api, report);
        }

        report.Add(new ProbeEntry(Provider, "CUDA", false, reason));
        return [];
    }

    /// <summary>The same, with a given driver.</summary>
    public static IReadOnlyList<CudaDriver> Discover(CudaApi api, ICollection<ProbeEntry> report)
    {
        int version;
        int count = 0;
        CudaResult result = api.cuDriverGetVersion(&version);
        if (result == CudaResult.CUDA_SUCCESS && version < CudaDeviceInfo.LeastDriverVersion)
        {
            report.Add(new ProbeEntry(Provider, "CUDA", false, string.Create(CultureInfo.InvariantCulture, $"the driver is for CUDA {version / 1000}.{version % 1000 / 10}; 11.0 or newer is needed: update the driver")));
            return [];
        }

        if (result == CudaResult.CUDA_SUCCESS)
        {
            result = api.cuDeviceGetCount(&count);
        }

        if (result != CudaResult.CUDA_SUCCESS || count == 0)
        {
            report.Add(new ProbeEntry(Provider, "CUDA", false, result == CudaResult.CUDA_SUCCESS ? "the driver lists no device" : api.Describe(result)));
            return [];
        }

        List<CudaDriver> drivers = [];
        for (int ordinal = 0; ordinal < count; ordinal++)
        {
            if (TryOpen(api, ordinal, report) is { } driver)
            {
                drivers.Add(driver);
            }
        }

        return drivers;
    }

    /// <summary>Whoever compares with PyTorch wants to know that its convolutions round by default.</summary>
    private static string Strictness(GpuTarget target) =>
        target.HasTensorCores ? "; float32 is multiplied strictly, PyTorch rounds factors of convolutions to tf32: Device.MathMode = MathMode.Tf32Convolutions does so too" : string.Empty;

    private static CudaDriver? TryOpen(CudaApi api, int ordinal, ICollection<ProbeEntry> report)
    {
        string tried = $"CUDA device {ordinal}";
        try
        {
            int device;
            CudaResult result = api.cuDeviceGet(&device, ordinal);
            if (result != CudaResult.CUDA_SUCCESS)
            {
                report.Add(new ProbeEntry(Provider, tried, false, api.Describe(result)));
                return null;
            }

            CudaDriver driver = CudaDriver.Open(api, device);
            bool isUsable = driver.Target.ComputeCapability >= CudaDeviceInfo.LeastComputeCapability;
            string what = isUsable ? driver.Description + Strictness(driver.Target) : $"{driver.Description}: compute capability 7.0 or newer is needed; OpenCL may drive the card";
            report.Add(new ProbeEntry(Provider, tried, isUsable, what));
            return isUsable ? driver : null;
        }
        catch (EngineException e)
        {
            report.Add(new ProbeEntry(Provider, tried, false, e.Message));
            return null;
        }
    }
}
