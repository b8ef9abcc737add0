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
    public void Kernel_ThatOnlyFitsSmallGroups_IsTriedWithThoseTheSecondTime()
    {
        ClApi api = OpenClMachine.NewApi();
        s_workGroupInfo = api.clGetKernelWorkGroupInfo;
        api.clGetKernelWorkGroupInfo = &FewWorkItems;
        GpuTarget target;
        using (OpenClDriver driver = OpenClMachine.NewDriver())
        {
            target = driver.Target with { IsProcessor = false };
        }

        using OpenClDevice device = new("opencl:test", new OpenClDriver(api, OpenClMachine.Device, target));
        float[] values = [.. Enumerable.Range(0, 1000).Select(static i => (float)i)];
        Tensor x = Tensor.From<float>(values, device), first = x * 3;
        Assert.That(() => first.ToArray<float>(), Throws.TypeOf<KernelCompilationException>().With.Message.Contains("with 48 at most").And.Message.Contains("do the same again"));
        Assert.That((x * 3).ToArray<float>(), Is.EqualTo(values.Select(static v => v * 3)));
        Assert.That(x.Sum().Item(), Is.EqualTo(499_500));
        Assert.That(x.ToArray<float>(), Is.EqualTo(values));
    }

    [Test]
    public void RefusedProgram_CostsItsResultOnly()
    {
        ClApi api = OpenClMachine.NewApi();
        s_build = api.clBuildProgram;
        using OpenClDevice device = new("opencl:test", new OpenClDriver(api, OpenClMachine.Device));
        Tensor x = Tensor.From<float>([1, 2, 3], device), good = x * 2;
        Assert.That(good.ToArray<float>(), Is.EqualTo(new float[] { 2, 4, 6 }));
        api.clBuildProgram = &RefuseProgram;
        Tensor bad = x.Sin();
        Assert.That(() => bad.ToArray<float>(), Throws.TypeOf<KernelCompilationException>());
        api.clBuildProgram = s_build;
        Assert.That(() => (bad + x).ToArray<float>(), Throws.TypeOf<KernelCompilationException>());
        Assert.That((x * 2).ToArray<float>(), Is.EqualTo(new float[] { 2, 4, 6 }));
        Assert.That(x.Sin().ToArray<float>()[0], Is.EqualTo(MathF.Sin(1)).Within(1e-6));
        device.Synchronize();
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

    private static delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> s_workGroupInfo;
    private static delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int> s_build;

    // A device with few registers: no kernel fits groups of more than 48.
    [UnmanagedCallersOnly]
    private static int FewWorkItems(nint kernel, nint device, uint name, nuint size, void* value, nuint* written)
    {
        int code = s_workGroupInfo(kernel, device, name, size, value, written);
        if (name == CL_KERNEL_WORK_GROUP_SIZE && code == CL_SUCCESS)
        {
            *(nuint*)value = 48;
        }

        return code;
    }

    [UnmanagedCallersOnly]
    private static int RefuseProgram(nint program, uint count, nint* devices, byte* options, nint notify, nint data) => CL_BUILD_PROGRAM_FAILURE;

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
