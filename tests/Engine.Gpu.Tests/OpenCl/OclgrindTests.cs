using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// Oclgrind is an OpenCL device that watches every access and reports into a file. That nothing is reported of the engine's kernels says
/// something only if it reports what is wrong.
/// </summary>
[TestFixture]
internal sealed class OclgrindTests
{
    private const string Races = "OCLGRIND_DATA_RACES", Log = "OCLGRIND_LOG";

    /// <summary>Reads what another work-item of the group writes, without a barrier between the two.</summary>
    private static readonly KernelSource s_racy = new(
        "racy",
        """
        __kernel __attribute__((reqd_work_group_size(64, 1, 1)))
        void racy(__global uchar* x_base, long x_offset)
        {
            __local int shared[64];
            __global int* x = (__global int*)(x_base + x_offset);
            shared[get_local_id(0)] = (int)get_local_id(0);
            x[get_local_id(0)] = shared[63 - get_local_id(0)];
        }
        """,
        64,
        0);

    [Test]
    public void Launch_OfAKernelWithARace_IsReported()
    {
        string? log = Environment.GetEnvironmentVariable(Log);
        using OpenClDriver driver = OpenClMachine.NewDriver();
        if (log is null || Environment.GetEnvironmentVariable(Races) != "1" || !driver.Description.Contains("Oclgrind", StringComparison.Ordinal))
        {
            Assert.Ignore($"the OpenCL device is not Oclgrind, with {Races}=1 and {Log}");
        }

        using Block block = new(driver, 256);
        driver.Launch(driver.Compile(s_racy), new LaunchGrid(1), [KernelArgument.Buffer(block.Handle, 0)]);
        driver.Synchronize();
        Assert.That(File.ReadAllText(log!), Does.Contain("data race").And.Contain(s_racy.Name));
    }
}
