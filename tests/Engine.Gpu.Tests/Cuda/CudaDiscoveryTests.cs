using System.Runtime.InteropServices;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Finding cards, and saying why there is none.</summary>
[TestFixture]
internal sealed unsafe class CudaDiscoveryTests
{
    [Test]
    public void Discover_EachCard_HasAnEntryAndOldOnesAreLeftOut()
    {
        FakeDevice young = FakeCuda.AddDevice("young card", computeCapability: 90);
        FakeDevice old = FakeCuda.AddDevice("old card", computeCapability: 61);
        List<ProbeEntry> report = [];

        IReadOnlyList<CudaDriver> drivers = CudaDiscovery.Discover(FakeCuda.Api, report);

        Assert.That(drivers.Select(static driver => driver.Target.ComputeCapability), Has.Some.EqualTo(90).And.All.AtLeast(70));
        ProbeEntry found = report.Single(entry => entry.Tried == $"CUDA device {young.Ordinal}");
        Assert.That(found.Found);
        Assert.That(found.Detail, Does.Contain("MathMode.Tf32Convolutions"));
        ProbeEntry refused = report.Single(entry => entry.Tried == $"CUDA device {old.Ordinal}");
        Assert.That(refused.Found, Is.False);
        Assert.That(refused.Detail, Does.Contain("old card").And.Contain("7.0 or newer"));
        Assert.That(young.PrimaryUsers, Is.Zero, "looking must not cost a context");
        foreach (CudaDriver driver in drivers)
        {
            driver.Dispose();
        }
    }

    [Test]
    public void Discover_NoLibrary_IsReported()
    {
        if (NativeLibrary.TryLoad(CudaApi.LibraryName, out _))
        {
            Assert.Ignore($"{CudaApi.LibraryName} is there");
        }

        List<ProbeEntry> report = [];

        Assert.That(CudaDiscovery.Discover(report), Is.Empty);
        Assert.That(report.Single().Found, Is.False);
        Assert.That(report.Single().Detail, Does.Contain(CudaApi.LibraryName));
        Assert.That(() => CudaDevice.Adopt(1, 0), Throws.TypeOf<DeviceUnavailableException>().With.Message.Contains(CudaApi.LibraryName));
    }

    [Test]
    public void Discover_NoCardOrOldDriver_IsReported()
    {
        Assert.That(Reason("cuDeviceGetCount", (nint)(delegate* unmanaged<int*, CudaResult>)&CountNone), Does.Contain("no device"));
        Assert.That(Reason("cuDeviceGetCount", (nint)(delegate* unmanaged<int*, CudaResult>)&CountFails), Does.Contain("CUDA_ERROR_NO_DEVICE (100)"));
        Assert.That(Reason("cuDriverGetVersion", (nint)(delegate* unmanaged<int*, CudaResult>)&OldVersion), Does.Contain("CUDA 10.2").And.Contain("update the driver"));
    }

    [Test]
    public void Api_FunctionsMissing_NamesThem()
    {
        Assert.That(
            () => new CudaApi(static name => name is "cuGraphLaunch" or "cuLinkComplete" ? 0 : FakeCuda.Resolve(name)),
            Throws.TypeOf<EntryPointNotFoundException>().With.Message.Contains("cuLinkComplete, cuGraphLaunch").And.Message.Contains("11.0"));
    }

    [Test]
    public void Api_DriverOf11_0_InstantiatesGraphsTheOldWay()
    {
        CudaApi api = new(static name => name switch
        {
            "cuGraphInstantiateWithFlags" => 0,
            "cuGraphInstantiate_v2" => (nint)(delegate* unmanaged<nint*, nint, nint*, byte*, nuint, CudaResult>)&InstantiateOld,
            _ => FakeCuda.Resolve(name),
        });
        using CudaDriver driver = CudaDriver.Open(api, FakeCuda.AddDevice().Ordinal);
        Assert.That(driver.TryAllocate(8, out nint memory), Is.True);
        driver.Upload([1, 2, 3, 4], memory, 0);
        driver.BeginRecording();
        driver.Clear(memory, 0, 2);
        using GpuRecording recording = driver.EndRecording();
        recording.Replay();

        byte[] read = new byte[4];
        driver.Download(memory, 0, read);
        Assert.That(read, Is.EqualTo(new byte[] { 0, 0, 3, 4 }));
    }

    [Test]
    public void Api_FunctionsThatOnlyInform_MayBeMissing()
    {
        CudaApi api = new(static name => name is "cuEventElapsedTime" or "cuGetErrorName" or "cuGetErrorString" or "cuFuncGetAttribute" or "cuMemGetInfo_v2" ? 0 : FakeCuda.Resolve(name));
        using CudaDriver driver = CudaDriver.Open(api, FakeCuda.AddDevice().Ordinal);
        CompiledKernel kernel = driver.Compile(CudaKernels.Add);
        using GpuEvent before = driver.RecordEvent(), after = driver.RecordEvent();
        Assert.That(kernel.Registers, Is.Zero);
        Assert.That(after.MillisecondsSince(before), Is.AtLeast(0));
        Assert.That(api.Describe(CudaResult.CUDA_ERROR_ILLEGAL_ADDRESS), Does.Contain("700"));
    }

    [Test]
    public void Api_ElapsedTimeUnderItsNewName_IsFound()
    {
        CudaApi api = new(static name => FakeCuda.Resolve(name switch { "cuEventElapsedTime" => "none", "cuEventElapsedTime_v2" => "cuEventElapsedTime", _ => name }));
        Assert.That(api.cuEventElapsedTime is not null);
    }

    [Test]
    public void FirstUse_CardIsHeldByAnotherProcess_SaysSoAndMayBeTriedAgain()
    {
        CudaApi api = new(static name => name == "cuDevicePrimaryCtxRetain" ? (nint)(delegate* unmanaged<nint*, int, CudaResult>)&RetainFails : FakeCuda.Resolve(name));
        using CudaDriver driver = CudaDriver.Open(api, FakeCuda.AddDevice().Ordinal);
        s_isHeld = true;
        Assert.That(driver.Synchronize, Throws.TypeOf<DeviceUnavailableException>().With.Message.Contains("exclusive").And.Message.Contains("nvidia-smi"));
        s_isHeld = false;
        Assert.That(driver.Synchronize, Throws.Nothing);
    }

    [TestCase(11000, 70)]
    [TestCase(11040, 74)]
    [TestCase(11080, 78)]
    [TestCase(12000, 80)]
    [TestCase(12050, 85)]
    [TestCase(12060, 85)]
    [TestCase(12070, 86)]
    [TestCase(12080, 87)]
    [TestCase(12090, 88)]
    [TestCase(13000, 90)]
    public void PtxVersionOf_Driver_IsNvidiasTable(int driver, int ptx) => Assert.That(CudaDeviceInfo.PtxVersionOf(driver), Is.EqualTo(ptx));

    private static string Reason(string function, nint replacement)
    {
        CudaApi api = new(name => name == function ? replacement : FakeCuda.Resolve(name));
        List<ProbeEntry> report = [];
        Assert.That(CudaDiscovery.Discover(api, report), Is.Empty);
        Assert.That(report.Single().Found, Is.False);
        return report.Single().Detail;
    }

    private static bool s_isHeld;

    [UnmanagedCallersOnly]
    private static CudaResult RetainFails(nint* context, int device) => s_isHeld
        ? CudaResult.CUDA_ERROR_DEVICE_UNAVAILABLE
        : ((delegate* unmanaged<nint*, int, CudaResult>)FakeCuda.Resolve("cuDevicePrimaryCtxRetain"))(context, device);

    [UnmanagedCallersOnly]
    private static CudaResult CountNone(int* count)
    {
        *count = 0;
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult CountFails(int* count) => CudaResult.CUDA_ERROR_NO_DEVICE;

    [UnmanagedCallersOnly]
    private static CudaResult OldVersion(int* version)
    {
        *version = 10020;
        return CudaResult.CUDA_SUCCESS;
    }

    [UnmanagedCallersOnly]
    private static CudaResult InstantiateOld(nint* executable, nint graph, nint* errorNode, byte* log, nuint logBytes) =>
        ((delegate* unmanaged<nint*, nint, ulong, CudaResult>)FakeCuda.Resolve("cuGraphInstantiateWithFlags"))(executable, graph, 0);
}
