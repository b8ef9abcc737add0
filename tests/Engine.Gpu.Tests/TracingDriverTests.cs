using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed unsafe class TracingDriverTests
{
    [Test]
    public void Launch_AtLevelTwo_WritesOneLineWithNameGridAndTime()
    {
        StringWriter output = new();
        using TracingDriver driver = new(OpenClMachine.NewDriver(), level: 2, waits: false, output);
        using Block block = new(driver, 1024);
        driver.Launch(driver.Compile(OpenClSources.Increment), new LaunchGrid(2), [KernelArgument.Buffer(block.Handle, 0)]);
        Assert.That(output.ToString(), Does.Match(@"^increment +2x1x1 groups of 64, \d+ registers: \d+\.\d us\r?\n$"));
    }

    [Test]
    public void Compile_AtLevelFour_WritesTheKernelsText()
    {
        StringWriter output = new();
        using TracingDriver driver = new(OpenClMachine.NewDriver(), level: 4, waits: false, output);
        driver.Compile(OpenClSources.Increment);
        Assert.That(output.ToString(), Does.Contain("void increment("));
    }

    [Test]
    public void Launch_WhenAskedToWait_FailsItselfAndNamesItsKernel()
    {
        ClApi api = OpenClMachine.NewApi();
        using TracingDriver driver = new(new OpenClDriver(api, OpenClMachine.Device), level: 0, waits: true, TextWriter.Null);
        using Block block = new(driver, 256);
        nint handle = block.Handle;
        CompiledKernel kernel = driver.Compile(OpenClSources.Increment);
        driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(handle, 0)]);
        api.clFinish = &FailToFinish;
        Assert.That(() => driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(handle, 0)]), Throws.InstanceOf<DeviceLostException>().With.Message.Contains("increment"));
    }

    [Test]
    public void Recording_AtLevelTwo_ShowsRecordedLaunchesAndReplays()
    {
        StringWriter output = new();
        using TracingDriver driver = new(OpenClMachine.NewDriver(), level: 2, waits: true, output);
        using Block block = new(driver, 256);
        CompiledKernel kernel = driver.Compile(OpenClSources.Increment);
        driver.BeginRecording();
        driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(block.Handle, 0)]);
        using GpuRecording recording = driver.EndRecording();
        recording.Replay();
        Assert.That(output.ToString(), Does.Contain("increment").And.Contain("recorded").And.Contain("replay of 1 launches: "));
    }

    [UnmanagedCallersOnly]
    private static int FailToFinish(nint queue) => ClConstants.CL_OUT_OF_RESOURCES;
}
