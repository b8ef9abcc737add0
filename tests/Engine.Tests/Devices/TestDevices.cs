using System.Globalization;
using Engine.Cpu;
using Engine.Gpu;
using Engine.PtxInterpreter;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Devices;

/// <summary>
/// The devices on which one suite runs: the reference, the CPU with one and two threads, every card that was found, and the CUDA backend over
/// an interpreter of its PTX, which checks each access and needs no card, with double precision and without. <see cref="WantedDevices"/> narrows them.
/// Cards and interpreter with the kernels that ILGPU compiles are devices of their own, for the suites where those kernels matter; so is the interpreter of a card whose
/// products of half precision go through warpgroups. Where the processor has no vectors of 512 bits, its kernels for them run by halves on a device that is asked for
/// with <c>ENGINE_TEST_DEVICES=512</c>.
/// </summary>
internal static class TestDevices
{
    private const string InterpretedName = "interpreted cuda";
    private const string SinglePrecisionName = "interpreted cuda without float64";
    private const string IlgpuName = "interpreted cuda, ilgpu kernels";
    private const string IlgpuSuffix = ":ilgpu";
    private const string WarpgroupsName = "interpreted cuda, warpgroups";
    private const string WideName = "512-bit vectors";

    private static readonly Lazy<CudaDevice> s_interpreted = new(() => InterpretedCuda.CreateDevice());
    private static readonly Lazy<CudaDevice> s_singlePrecision = new(InterpretedCuda.CreateDeviceWithoutFloat64);
    private static readonly Lazy<CudaDevice> s_ilgpu = new(static () => WithIlgpu(InterpretedCuda.CreateDevice()));
    private static readonly Lazy<CudaDevice> s_warpgroups = new(InterpretedCuda.CreateDeviceWithWarpgroups);
    private static readonly Lazy<CpuDevice> s_wide = new(static () => new CpuDevice(WideName, 2, SimdLevel.Vector512));
    private static readonly Dictionary<string, Func<Device>> s_devices = Find();

    /// <summary>For <see cref="TestFixtureSourceAttribute"/>: one fixture per device; those that this machine lacks are skipped and say why.</summary>
    public static IEnumerable<TestFixtureData> All => WithKernelSets.Where(static data => WantedDevices.AskFor("ilgpu") || !IsIlgpu((string)data.Arguments[0]!));

    /// <summary>As <see cref="All"/>, and the devices with the kernels that ILGPU compiles; other suites run on these where they are asked for.</summary>
    public static IEnumerable<TestFixtureData> WithKernelSets => WithAllKernels.Where(static data => WantedDevices.AskFor("warpgroups") || (string)data.Arguments[0]! != WarpgroupsName);

    /// <summary>As <see cref="Others"/>, and the device with warpgroups; other suites run on it where it is asked for.</summary>
    public static IEnumerable<TestFixtureData> OthersWithWarpgroups =>
        WithAllKernels.Where(static data => IsOther(data) && (WantedDevices.AskFor("ilgpu") || !IsIlgpu((string)data.Arguments[0]!)));

    private static IEnumerable<TestFixtureData> WithAllKernels
    {
        get
        {
            foreach (string name in s_devices.Keys.Where(WantedDevices.Include))
            {
                yield return new TestFixtureData(name).SetArgDisplayNames(name);
            }
            foreach (string family in (string[])["cpu", "opencl", "cuda"])
            {
                if (WantedDevices.Include(family) && !s_devices.Keys.Any(name => name.StartsWith(family, StringComparison.Ordinal)))
                {
                    yield return (TestFixtureData)new TestFixtureData(family).SetArgDisplayNames(family).Ignore($"no {family} device: {WhyNot()}");
                }
            }
        }
    }

    /// <summary>
    /// Whether a suite that would compile thousands of kernels takes fewer layouts on a device: on processors behind OpenCL, whose compiler needs a third of
    /// a second for each. Where <see cref="WantedDevices"/> names devices they take all; the same kernels run interpreted in any case.
    /// </summary>
    public static bool CompilesSlowly(Device device) => device.Kind == DeviceKind.OpenCl && device.IsProcessor && !WantedDevices.AreNamed;

    /// <summary>Whether a device is the interpreted one without double precision, which differs from the other one in the types alone.</summary>
    public static bool HasAnotherArithmetic(Device device) => s_singlePrecision.IsValueCreated && ReferenceEquals(device, s_singlePrecision.Value);

    /// <summary>All but the reference, for comparisons with it.</summary>
    public static IEnumerable<TestFixtureData> Others => All.Where(IsOther);

    /// <summary>As <see cref="Others"/>, of <see cref="WithKernelSets"/>.</summary>
    public static IEnumerable<TestFixtureData> OthersWithKernelSets => WithKernelSets.Where(IsOther);

    /// <summary>The device of a name in <see cref="All"/>, with its number of threads set.</summary>
    public static Device Use(string name) => s_devices[name]();

    /// <summary>A device like the named one with a pool of its own, where its family can be made at will; else the shared one.</summary>
    public static Device Fresh(string name) => Use(name) switch
    {
        ReferenceDevice => new ReferenceDevice(),
        CpuDevice when name == WideName => new CpuDevice("cpu", 2, SimdLevel.Vector512),
        CpuDevice cpu => new CpuDevice("cpu", cpu.Threads),
        OpenClDevice openCl => IsIlgpu(name) ? WithIlgpu(openCl.OpenAgain()) : openCl.OpenAgain(),
        CudaDevice when name == InterpretedName => InterpretedCuda.CreateDevice(),
        CudaDevice when name == SinglePrecisionName => InterpretedCuda.CreateDeviceWithoutFloat64(),
        CudaDevice when name == IlgpuName => WithIlgpu(InterpretedCuda.CreateDevice()),
        CudaDevice when name == WarpgroupsName => InterpretedCuda.CreateDeviceWithWarpgroups(),
        Device shared => shared,
    };

    /// <summary>
    /// Skips a case that a device computes with the same kernels as another one does: those of ILGPU's set are for products, convolutions, normalisation and optimizers.
    /// Where <see cref="WantedDevices"/> names devices nothing is skipped.
    /// </summary>
    public static void SkipWhatIsTheSame(Device device, bool hasIlgpuKernels)
    {
        if (device is GpuDevice { Kernels: KernelSet.Ilgpu } && !WantedDevices.AreNamed && !hasIlgpuKernels)
        {
            Assert.Ignore("not among ILGPU's kernels; ENGINE_TEST_DEVICES=ilgpu runs it all the same");
        }
    }

    private static bool IsOther(TestFixtureData data) => (string)data.Arguments[0]! != "reference";

    private static bool IsIlgpu(string name) => name == IlgpuName || name.EndsWith(IlgpuSuffix, StringComparison.Ordinal);

    private static T WithIlgpu<T>(T device)
        where T : GpuDevice
    {
        device.Kernels = KernelSet.Ilgpu;
        return device;
    }

    /// <summary>A device beside one of the machine's, on the same card, whose kernels ILGPU compiles.</summary>
    private static GpuDevice IlgpuOn(Device device)
    {
        if (device is OpenClDevice openCl)
        {
            return WithIlgpu(openCl.OpenAgain());
        }

        if (!CudaApi.TryLoad(out CudaApi? api, out string reason))
        {
            throw new InvalidOperationException(reason);
        }

        return WithIlgpu(new CudaDevice(device.Name, CudaDriver.Open(api, int.Parse(device.Name["cuda:".Length..], CultureInfo.InvariantCulture))));
    }

    private static Dictionary<string, Func<Device>> Find()
    {
        var devices = new Dictionary<string, Func<Device>> { ["reference"] = () => ReferenceDevice.Shared };
        foreach (Device device in Device.All)
        {
            if (device.Kind != DeviceKind.Cpu)
            {
                devices[device.Name] = () => device;
                Lazy<GpuDevice> ilgpu = new(() => IlgpuOn(device));
                devices[device.Name + IlgpuSuffix] = () => ilgpu.Value;
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
        devices[IlgpuName] = () => s_ilgpu.Value;
        devices[WarpgroupsName] = () => s_warpgroups.Value;
        if (WantedDevices.AskFor("512"))
        {
            devices[WideName] = () => s_wide.Value;
        }
        return devices;
    }

    private static string WhyNot()
    {
        string[] missing = [.. Device.Probe().Entries.Where(entry => !entry.Found).Select(entry => $"{entry.Tried}: {entry.Detail}")];
        return missing.Length == 0 ? "nothing looked for one" : string.Join("; ", missing);
    }
}
