using System.Runtime.InteropServices;
using NUnit.Framework;
using static Engine.Gpu.ClConstants;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed unsafe class OpenClDiscoveryTests
{
    [Test]
    public void Open_AbsentLibraries_ReportsEachWithWhatWouldHelp()
    {
        List<ProbeEntry> report = [];
        Assert.That(ClLibrary.Open(["libabsent-loader.so.1"], ["libabsent-driver.so.1"], report), Is.Null);
        Assert.That(report.Select(static e => (e.Tried, e.Found)), Is.EqualTo(new[] { ("libabsent-loader.so.1", false), ("libabsent-driver.so.1", false) }));
        Assert.That(report[0].Detail, Does.Contain("install the OpenCL package"));
    }

    [Test]
    public void Open_LibraryThatIsNotOpenCl_IsReportedAndNotUsed()
    {
        string name = OperatingSystem.IsWindows() ? "kernel32.dll" : OperatingSystem.IsMacOS() ? "libSystem.dylib" : "libc.so.6";
        List<ProbeEntry> report = [];
        Assert.That(ClLibrary.Open([name], [name], report), Is.Null);
        Assert.That(report, Has.Count.EqualTo(2));
        Assert.That(report[0].Detail, Does.Contain("older than OpenCL 1.2").And.Contain("clGetPlatformIDs"));
        Assert.That(report[1].Detail, Does.Contain("clIcdGetPlatformIDsKHR"));
    }

    [Test]
    public void Open_DriverWithoutLoader_IsCalledThroughItsTable()
    {
        // PoCL is a driver of the same kind as NVIDIA's: the loader finds it, but it can be opened without one.
        List<ProbeEntry> report = [];
        ClApi? api = ClLibrary.Open([], ["libpocl.so.2", "libpocl.so"], report);
        if (api is null)
        {
            Assert.Ignore($"no driver's library that can be opened directly: {new DeviceReport(report)}");
        }

        IReadOnlyList<OpenClDriver> drivers = OpenClDiscovery.Discover(api, report);
        Assert.That(drivers, Is.Not.Empty);
        using OpenClDevice device = new("opencl:direct", drivers[0]);
        using Tensor x = Tensor.From<float>([1, 2, 3], device);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3 }));
        Assert.That(device.Driver.Compile(OpenClSources.Increment), Is.Not.Null);
        Assert.That(report[^1].Found, Is.True);
    }

    [Test]
    public void Discover_EachPlatformAndDevice_HasAnEntry()
    {
        ClApi api = OpenClMachine.Api;
        List<ProbeEntry> report = [];
        IReadOnlyList<OpenClDriver> drivers = OpenClDiscovery.Discover(api, report);
        int platforms = ClLibrary.Platforms(api, out _).Length;
        Assert.That(report, Has.Count.AtLeast(platforms + drivers.Count));
        Assert.That(report.Count(static e => e.Found), Is.AtLeast(drivers.Count));
        Assert.That(drivers.Select(static d => d.Target.IsProcessor), Is.Ordered);
    }

    [Test]
    public void Discover_NoPlatform_IsReportedNotThrown()
    {
        ClApi api = OpenClMachine.NewApi();
        api.clGetPlatformIDs = &NoPlatform;
        List<ProbeEntry> report = [];
        Assert.That(OpenClDiscovery.Discover(api, report), Is.Empty);
        Assert.That(report.Single().Detail, Does.Contain("CL_PLATFORM_NOT_FOUND_KHR (-1001)"));
    }

    [Test]
    public void Discover_PlatformWithoutDevices_IsReportedNotThrown()
    {
        ClApi api = OpenClMachine.NewApi();
        api.clGetDeviceIDs = &NoDevice;
        List<ProbeEntry> report = [];
        Assert.That(OpenClDiscovery.Discover(api, report), Is.Empty);
        Assert.That(report[0].Found, Is.False);
        Assert.That(report[0].Detail, Does.Contain("CL_DEVICE_NOT_FOUND (-1)"));
    }

    [Test]
    public void Discover_DeviceThatAnswersNothing_IsReportedNotThrown()
    {
        ClApi api = OpenClMachine.NewApi();
        api.clGetDeviceInfo = &NoAnswer;
        List<ProbeEntry> report = [];
        Assert.That(OpenClDiscovery.Discover(api, report), Is.Empty);
        Assert.That(report[^1].Found, Is.False);
    }

    [Test]
    public void DeviceAll_ProcessorsBehindOpenCl_ComeAfterTheCpuBackendButAreFoundByName()
    {
        IReadOnlyList<Device> all = Device.All;
        int cpu = all.Select(static (device, i) => (device, i)).Single(static e => e.device.Kind == DeviceKind.Cpu).i;
        OpenClDevice[] openCl = [.. all.OfType<OpenClDevice>()];
        foreach (OpenClDevice device in openCl)
        {
            Assert.That(all.ToList().IndexOf(device) > cpu, Is.EqualTo(device.IsProcessor), device.Description);
            Assert.That(Device.Get(device.Name), Is.SameAs(device));
        }

        Assert.That(Device.Best().IsProcessor && Device.Best().Kind != DeviceKind.Cpu, Is.False);
        Assert.That(Device.Probe().Entries.Where(static e => e.Provider == "Engine.Gpu"), Is.Not.Empty);
    }

    [UnmanagedCallersOnly]
    private static int NoPlatform(uint count, nint* platforms, uint* found) => CL_PLATFORM_NOT_FOUND_KHR;

    [UnmanagedCallersOnly]
    private static int NoDevice(nint platform, ulong type, uint count, nint* devices, uint* found) => CL_DEVICE_NOT_FOUND;

    [UnmanagedCallersOnly]
    private static int NoAnswer(nint device, uint name, nuint size, void* value, nuint* needed) => CL_DEVICE_NOT_AVAILABLE;
}
