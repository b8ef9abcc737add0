using Engine.Cpu;
using Engine.Gpu;
using Engine.PtxInterpreter;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Devices;

/// <summary>
/// The devices on which one suite runs: the reference, the CPU with one and two threads, every card that was found, and the CUDA backend over
/// an interpreter of its PTX, which checks each access and needs no card, with double precision and without. <see cref="WantedDevices"/> narrows them.
/// </summary>
internal static class TestDevices
{
    private const string InterpretedName = "interpreted cuda";
    private const string SinglePrecisionName = "interpreted cuda without float64";

    private static readonly Lazy<CudaDevice> s_interpreted = new(() => InterpretedCuda.CreateDevice());
    private static readonly Lazy<CudaDevice> s_singlePrecision = new(InterpretedCuda.CreateDeviceWithoutFloat64);
    private static readonly Dictionary<string, Func<Device>> s_devices = Find();

    /// <summary>For <see cref="TestFixtureSourceAttribute"/>: one fixture per device; those that this machine lacks are skipped and say why.</summary>
    public static IEnumerable<TestFixtureData> All
    {
        get
        {
            foreach (string name in s_devices.Keys.Where(WantedDevices.Include))
                yield return new TestFixtureData(name).SetArgDisplayNames(name);
            foreach (string family in (string[])["cpu", "opencl", "cuda"])
            {
                if (WantedDevices.Include(family) && !s_devices.Keys.Any(name => name.StartsWith(family, StringComparison.Ordinal)))
                    yield return (TestFixtureData)new TestFixtureData(family).SetArgDisplayNames(family).Ignore($"no {family} device: {WhyNot()}");
            }
        }
    }

    /// <summary>
    /// Whether a suite that would compile thousands of kernels takes fewer layouts on a device: on processors behind OpenCL, whose compiler needs a third of
    /// a second for each. Where <see cref="WantedDevices"/> names devices they take all; the same kernels run interpreted in any case.
    /// </summary>
    public static bool CompilesSlowly(Device device) => device is { Kind: DeviceKind.OpenCl, IsProcessor: true } && !WantedDevices.AreNamed;

    /// <summary>All but the reference, for comparisons with it.</summary>
    public static IEnumerable<TestFixtureData> Others => All.Where(data => (string)data.Arguments[0]! != "reference");

    /// <summary>The device of a name in <see cref="All"/>, with its number of threads set.</summary>
    public static Device Use(string name) => s_devices[name]();

    /// <summary>A device like the named one with a pool of its own, where its family can be made at will; else the shared one.</summary>
    public static Device Fresh(string name) => Use(name) switch
    {
        ReferenceDevice => new ReferenceDevice(),
        CpuDevice cpu => new CpuDevice("cpu", cpu.Threads),
        OpenClDevice openCl => openCl.OpenAgain(),
        CudaDevice when name == InterpretedName => InterpretedCuda.CreateDevice(),
        CudaDevice when name == SinglePrecisionName => InterpretedCuda.CreateDeviceWithoutFloat64(),
        Device shared => shared,
    };

    private static Dictionary<string, Func<Device>> Find()
    {
        var devices = new Dictionary<string, Func<Device>> { ["reference"] = () => ReferenceDevice.Shared };
        foreach (Device device in Device.All)
        {
            if (device.Kind != DeviceKind.Cpu)
            {
                devices[device.Name] = () => device;
                continue;
            }

            foreach (int threads in (int[])[1, 2])
            {
                devices[$"{device.Name}, {threads} thread{(threads > 1 ? "s" : string.Empty)}"] = () =>
                {
                    device.Threads = threads;
                    return device;
                };
            }
        }

        devices[InterpretedName] = () => s_interpreted.Value;
        devices[SinglePrecisionName] = () => s_singlePrecision.Value;
        return devices;
    }

    private static string WhyNot()
    {
        string[] missing = [.. Device.Probe().Entries.Where(entry => !entry.Found).Select(entry => $"{entry.Tried}: {entry.Detail}")];
        return missing.Length == 0 ? "nothing looked for one" : string.Join("; ", missing);
    }
}
