using System.Runtime.InteropServices;
using NUnit.Framework;
using static Engine.Gpu.ClConstants;

namespace Engine.Gpu.Tests;

/// <summary>Exhausted and lost devices: functions of the library are exchanged for ones that fail as drivers do.</summary>
[TestFixture]
internal sealed unsafe class OpenClFailureTests
{
    [Test]
    public void Tensor_LargerThanTheDeviceGrants_IsATypedErrorAndAllElseGoesOn()
    {
        using OpenClDevice device = new("opencl:test", OpenClMachine.NewDriver());
        int[] shape = [1 << 20, 1 << 20];
        OutOfDeviceMemoryException error = Assert.Throws<OutOfDeviceMemoryException>(() => Tensor.Empty(new Shape(shape), DType.Float64, device));
        Assert.That(error.Message, Does.Contain("opencl:test").And.Contain("bytes left"));
        using Tensor x = Tensor.From<float>([1, 2], device);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }));
        using Tensor y = Tensor.From<float>([3, 4], Device.Cpu);
        Assert.That((y + y).ToArray<float>(), Is.EqualTo(new float[] { 6, 8 }));
    }

    [Test]
    public void TryAllocate_MemoryThatProvesMissingAtFirstUse_SaysSo()
    {
        ClApi api = OpenClMachine.NewApi();
        api.clEnqueueMigrateMemObjects = &FailToMigrate;
        using OpenClDriver driver = new(api, OpenClMachine.Device);
        Assert.That(driver.TryAllocate(64, out nint handle), Is.False);
        Assert.That(handle, Is.EqualTo((nint)0));
        driver.Synchronize();
    }

    [Test]
    public void Device_LostWhileWaiting_SaysSoFromThenOnAndOthersGoOn()
    {
        ClApi api = OpenClMachine.NewApi();
        delegate* unmanaged<nint, int> finish = api.clFinish;
        using OpenClDevice device = new("opencl:test", new OpenClDriver(api, OpenClMachine.Device));
        Tensor x = Tensor.From<float>([1, 2], device);
        CompiledKernel kernel = device.Driver.Compile(OpenClSources.Increment);
        using Block block = new(device.Driver, 256);
        device.Driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(block.Handle, 0)]);
        api.clFinish = &FailWithOutOfResources;
        Assert.That(device.Synchronize, Throws.InstanceOf<DeviceLostException>().With.Message.Contains("clFinish").And.Message.Contains("CL_OUT_OF_RESOURCES (-5)").And.Message.Contains("increment"));
        api.clFinish = finish;

        Assert.That(device.Synchronize, Throws.InstanceOf<DeviceLostException>());
        Assert.That(() => x.ToArray<float>(), Throws.InstanceOf<DeviceLostException>());
        Assert.That(() => Tensor.From<float>([1, 2, 3], device), Throws.InstanceOf<DeviceLostException>());
        Assert.That(() => device.Driver.Compile(OpenClSources.Increment), Throws.InstanceOf<DeviceLostException>());
        Assert.That(() => device.Driver.Launch(kernel, new LaunchGrid(1), []), Throws.InstanceOf<DeviceLostException>());
        Assert.That(() => device.Driver.BeginRecording(), Throws.InstanceOf<DeviceLostException>());
        Assert.That(x.Dispose, Throws.Nothing);

        using OpenClDevice other = new("opencl:other", OpenClMachine.NewDriver());
        using Tensor y = Tensor.From<float>([1, 2], other);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }));
        using Tensor z = Tensor.From<float>([3, 4], Device.Cpu);
        Assert.That((z + z).ToArray<float>(), Is.EqualTo(new float[] { 6, 8 }));
    }

    [Test]
    public void Device_IllegalAccessReportedByALaunch_IsLost()
    {
        ClApi api = OpenClMachine.NewApi();
        using OpenClDriver driver = new(api, OpenClMachine.Device);
        CompiledKernel kernel = driver.Compile(OpenClSources.Increment);
        using Block block = new(driver, 256);
        nint handle = block.Handle;
        api.clEnqueueNDRangeKernel = &FailToLaunch;
        Assert.That(() => driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(handle, 0)]), Throws.InstanceOf<DeviceLostException>().With.Message.Contains("-9999"));
        Assert.That(driver.Synchronize, Throws.InstanceOf<DeviceLostException>());
    }

    [Test]
    public void Context_ThatCannotBeMade_IsATypedErrorAndMayBeTriedAgain()
    {
        ClApi api = OpenClMachine.NewApi();
        var create = api.clCreateContext;
        using OpenClDriver driver = new(api, OpenClMachine.Device);
        api.clCreateContext = &FailToCreate;
        Assert.That(driver.Synchronize, Throws.InstanceOf<EngineException>().With.Message.Contains("clCreateContext failed with CL_OUT_OF_HOST_MEMORY (-6)"));
        api.clCreateContext = create;
        Assert.That(driver.Synchronize, Throws.Nothing);
    }

    [UnmanagedCallersOnly]
    private static int FailWithOutOfResources(nint queue) => CL_OUT_OF_RESOURCES;

    [UnmanagedCallersOnly]
    private static int FailToMigrate(nint queue, uint count, nint* objects, ulong flags, uint waits, nint* waitList, nint* done) => CL_MEM_OBJECT_ALLOCATION_FAILURE;

    [UnmanagedCallersOnly]
    private static int FailToLaunch(nint queue, nint kernel, uint dimensions, nuint* offset, nuint* global, nuint* local, uint waits, nint* waitList, nint* done) => NVIDIA_ILLEGAL_ACCESS;

    [UnmanagedCallersOnly]
    private static nint FailToCreate(nint* properties, uint count, nint* devices, nint callback, nint data, int* code)
    {
        *code = CL_OUT_OF_HOST_MEMORY;
        return 0;
    }
}
