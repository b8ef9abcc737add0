using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Shuffles in OpenCL C: for which devices, in which words, and what happens where a driver does otherwise.</summary>
[TestFixture]
internal sealed class SubGroupTests
{
    private static readonly GpuTarget s_target = new() { Api = GpuApi.OpenCl, ComputeUnits = 4, SharedBytes = 32 << 10, HasMathFunctions = true };

    // Extensions as drivers list them.
    [TestCase("3.0", "cl_khr_subgroups cl_khr_subgroup_shuffle cl_intel_subgroups cl_intel_required_subgroup_size", "8 16 32", 0, ExpectedResult = "Khronos30 16 required", Description = "Intel")]
    [TestCase("2.1", "cl_khr_subgroups cl_khr_subgroup_shuffle cl_intel_required_subgroup_size", "32 64", 0, ExpectedResult = "Khronos20 32 required")]
    [TestCase("1.2", "cl_intel_subgroups cl_intel_required_subgroup_size", "8 16 32", 0, ExpectedResult = "Intel 16 required", Description = "Intel's older drivers")]
    [TestCase("1.2", "cl_intel_subgroups", "", 0, ExpectedResult = "None 0")]
    [TestCase("2.0", "cl_khr_subgroups cl_amd_device_attribute_query", "", 64, ExpectedResult = "None 0", Description = "AMD, without shuffles")]
    [TestCase("2.1", "cl_khr_subgroups cl_khr_subgroup_shuffle", "", 64, ExpectedResult = "Khronos20 64", Description = "AMD, with shuffles")]
    [TestCase("3.0", "cl_khr_subgroup_shuffle", "8", 0, ExpectedResult = "Khronos30 8", Description = "Mesa")]
    [TestCase("3.0", "cl_khr_subgroups cl_khr_subgroup_shuffle", "", 0, ExpectedResult = "None 0", Description = "Mali: no size is known beforehand")]
    [TestCase("1.2", "cl_khr_fp64", "", 0, ExpectedResult = "None 0", Description = "NVIDIA")]
    [TestCase("3.0", "cl_khr_subgroups cl_khr_subgroup_shuffle cl_intel_required_subgroup_size", "1 3 128", 0, ExpectedResult = "None 0")]
    public string Choose_OfDevices_IsWhatTheyCanDo(string version, string extensions, string sizes, int wavefront)
    {
        long[] known = [.. sizes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];
        var chosen = OpenClSubGroups.Choose(new Version(version), extensions.Split(' '), hasSubGroups: true, canAsk: true, known, wavefront);
        return $"{chosen.Dialect} {chosen.Size}{(chosen.IsRequired ? " required" : string.Empty)}";
    }

    [Test]
    public void Choose_WhereTheDriverDoesNotTellTheSize_HasNoShuffles() =>
        Assert.That(OpenClSubGroups.Choose(new Version(3, 0), ["cl_khr_subgroup_shuffle"], true, canAsk: false, [8], 0), Is.EqualTo(default(OpenClSubGroups)));

    [TestCase("Khronos30", true, "sub_group_shuffle_xor(v", "-cl-std=CL3.0")]
    [TestCase("Khronos20", false, "sub_group_shuffle_xor(v", "-cl-std=CL2.0")]
    [TestCase("Intel", true, "intel_sub_group_shuffle_xor(v", null)]
    public void Reduction_WithSubGroups_ShufflesAndHasOneExchangeThroughMemory(string dialect, bool isRequired, string shuffle, string? language)
    {
        GpuTarget target = s_target with { SubGroupSize = 16, SubGroups = Enum.Parse<SubGroupDialect>(dialect), CanRequireSubGroupSize = isRequired };
        KernelSource source = new GroupSumKernel().AsText().Write(target), plain = source.WithoutSubGroups!();
        Assert.Multiple(() =>
        {
            Assert.That(source.Text, Does.Contain(shuffle).And.Contains("#pragma OPENCL EXTENSION"));
            Assert.That(source.Text.Contains("intel_reqd_sub_group_size(16)", StringComparison.Ordinal), Is.EqualTo(isRequired));
            Assert.That((source.SubGroupSize, source.Language), Is.EqualTo((16, language)));
            Assert.That(Barriers(source), Is.EqualTo(2));
            Assert.That(plain.Text, Does.Not.Contain("sub_group"));
            Assert.That((plain.SubGroupSize, plain.Language, plain.WithoutSubGroups), Is.EqualTo((0, (string?)null, (Func<KernelSource>?)null)));
            Assert.That(Barriers(plain), Is.GreaterThan(2));
        });
    }

    /// <summary>The driver of the machine, told that there are sub-groups: where there are none it refuses the text and gets the other one.</summary>
    [Test]
    public void Reduction_OnADriverThatMayRefuseShuffles_IsRight([Values(2, 16, 32)] int size, [Values] bool isRequired)
    {
        using OpenClDriver driver = OpenClMachine.NewDriver();
        GpuTarget target = driver.Target with { SubGroupSize = size, SubGroups = SubGroupDialect.Khronos30, CanRequireSubGroupSize = isRequired };
        CompiledKernel kernel = driver.Compile(new GroupSumKernel().AsText().Write(target));
        float[] values = [.. Enumerable.Range(0, 128).Select(static i => (i * 37 % 101) - 50f)], sums = new float[128];
        using Block block = new(driver, 1024);
        driver.Upload(MemoryMarshal.AsBytes(values), block.Handle, 0);
        driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(block.Handle, 0), KernelArgument.Buffer(block.Handle, 512)]);
        driver.Download(block.Handle, 512, MemoryMarshal.AsBytes(sums.AsSpan()));
        Assert.That(sums, Is.All.EqualTo(values.Sum()));
        Assert.That(kernel.Source.SubGroupSize, Is.EqualTo(0).Or.EqualTo(size));
    }

    /// <summary>Where the device has sub-groups and they are asked for, kernels use them.</summary>
    [Test]
    public void Reduction_WithTheDevicesOwnSubGroups_IsCompiledWithThem()
    {
        using OpenClDriver driver = OpenClMachine.NewDriver();
        if (driver.Target.SubGroupSize == 0)
        {
            Assert.Ignore("the device has no shuffles, or is a processor and ENGINE_SUBGROUPS is not 1");
        }

        Assert.That(driver.Compile(new GroupSumKernel().AsText().Write(driver.Target)).Source.SubGroupSize, Is.EqualTo(driver.Target.SubGroupSize));
    }

    private static int Barriers(KernelSource source) => source.Text.Split("barrier(").Length - 1;

    /// <summary>The sum of 128 numbers, in each place.</summary>
    private readonly record struct GroupSumKernel : IKernelDefinition
    {
        public IKernelText AsText() => this;

        public Kernel Build(GpuTarget target)
        {
            KernelBuilder k = new("group_sum", target, 128);
            Memory x = k.Buffer("x", DType.Float32, readOnly: true), y = k.Buffer("y", DType.Float32);
            GroupReduction reduction = new(k, RegisterType.Float32);
            k.Store(y, k.LocalId, reduction.Sum(k.Load(x, k.LocalId)));
            return k.Build();
        }
    }
}
