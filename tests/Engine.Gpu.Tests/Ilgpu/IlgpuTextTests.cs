using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>What is changed in ILGPU's text before a driver gets it.</summary>
[TestFixture]
internal sealed class IlgpuTextTests
{
    private static readonly GpuTarget s_openCl = new() { Api = GpuApi.OpenCl, ComputeUnits = 4, SharedBytes = 32 << 10 };

    /// <summary>A compiler that has a macro of that name warns on the program's standard error where it is defined again.</summary>
    [Test]
    public void Barrier_IsTheOneOfOpenCl12()
    {
        string text = new IlgpuKernelDefinition(((Delegate)Methods.BlockSum).Method, new GroupShape(128)).Write(s_openCl).Text;
        Assert.That(text, Does.StartWith("#if __OPENCL_C_VERSION__ < 200\n#undef work_group_barrier\n#define work_group_barrier barrier\n#endif\n"));
        Assert.That(text, Does.Match(@"\bwork_group_barrier ?\("));
    }

    /// <summary>A barrier that names global memory only lets cards see old values of shared memory behind it.</summary>
    [Test]
    public void Barrier_WaitsForSharedMemoryToo()
    {
        string text = new IlgpuKernelDefinition(((Delegate)Methods.BlockSum).Method, new GroupShape(128)).Write(s_openCl).Text;
        string[] barriers = [.. text.Split('\n').Where(static line => line.Contains("_FENCE", StringComparison.Ordinal))];
        Assert.That(barriers, Is.Not.Empty.And.All.Contains("CLK_LOCAL_MEM_FENCE"));
    }
}
