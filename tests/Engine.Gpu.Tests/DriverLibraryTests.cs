using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Where drivers' libraries are looked for, and what tells one build from another.</summary>
[TestFixture]
internal sealed class DriverLibraryTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("engine-drivers-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    [Platform("Linux")]
    public void Names_OnLinux_IncludeWslAndNixOs()
    {
        Assert.That(CudaApi.LibraryNames, Is.EqualTo(new[] { "libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/run/opengl-driver/lib/libcuda.so.1", "libcuda.so" }));
        Assert.That(ClLibrary.LoaderNames, Is.EqualTo(new[] { "libOpenCL.so.1", "/usr/lib/wsl/lib/libOpenCL.so.1", "/run/opengl-driver/lib/libOpenCL.so.1", "libOpenCL.so" }));
    }

    [Test]
    public void TryLoad_NoneIsThere_NamesAllThatWereTried()
    {
        Assert.That(CudaApi.TryLoad(["libabsent.so.1", "/absent/libabsent.so"], out _, out string reason), Is.False);
        Assert.That(reason, Does.Contain("libabsent.so.1, /absent/libabsent.so"));
    }

    [Test]
    [Platform("Linux")]
    public void TryLoad_TheSecondIsThere_IsTakenByItsPath()
    {
        Assert.That(DriverLibrary.TryLoadFirst(["libabsent.so.1", "libc.so.6"], out nint library));
        Assert.That(library, Is.Not.Zero);
    }

    [Test]
    public void FindMapped_LinesOfMaps_GivesThePath()
    {
        string[] maps =
        [
            "7f0000000000-7f0000001000 r--p 00000000 08:01 1  /usr/lib/x86_64-linux-gnu/libcudart.so.12",
            "7f0000002000-7f0000003000 rw-p 00000000 00:00 0",
            "7f0000004000-7f0000005000 r-xp 00000000 08:01 2  /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15",
        ];
        Assert.That(DriverLibrary.FindMapped(maps, "libcuda.so"), Is.EqualTo("/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15"));
        Assert.That(DriverLibrary.FindMapped(maps, "libOpenCL.so"), Is.Null);
    }

    [Test]
    public void DescribeFile_AnotherBuildBehindTheSameLink_DiffersInName()
    {
        string link = Path.Combine(_folder, "libcuda.so.1");
        string first = Describe("libcuda.so.535.104.05", link), second = Describe("libcuda.so.535.129.03", link);
        Assert.That(first, Does.StartWith("libcuda.so.535.104.05"));
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(DriverLibrary.DescribeFile(Path.Combine(_folder, "absent")), Is.Null);
        Assert.That(DriverLibrary.DescribeFile(null), Is.Null);
    }

    [Test]
    [Platform("Linux")]
    public void DescribeBuild_ModuleFileAndLoadedLibrary_BothCount()
    {
        string module = Path.Combine(_folder, "version");
        File.WriteAllText(module, "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05\nGCC version: 12\n");
        string build = DriverLibrary.DescribeBuild("libc.so", module);
        Assert.That(build, Does.StartWith("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05; libc.so"));
        Assert.That(DriverLibrary.DescribeBuild("libabsent.so", Path.Combine(_folder, "absent")), Is.Empty);
    }

    [Test]
    public void Identity_AnotherBuildOfOneVersion_IsAnother()
    {
        CudaDeviceInfo info = new() { Name = "card", DriverVersion = 12040, ComputeCapability = 90, Multiprocessors = 1, SharedBytes = 1, TotalMemory = 1 };
        string[] identities = [info.Identity, (info with { DriverBuild = "550.54" }).Identity, (info with { DriverBuild = "550.90" }).Identity];
        Assert.That(identities, Is.Unique);
    }

    [Test]
    public void DiskCache_AfterTheDriverWasReplaced_DoesNotFindTheOldKernels()
    {
        DiskCache cache = new(_folder);
        KernelSource source = new("k", "text", 64, 0);
        CudaDeviceInfo info = new() { Name = "card", DriverVersion = 12040, DriverBuild = "550.54", ComputeCapability = 90, Multiprocessors = 1, SharedBytes = 1, TotalMemory = 1 };
        cache.Write(source, info.Identity, [1, 2, 3]);
        Assert.That(cache.TryRead(source, info.Identity), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(cache.TryRead(source, (info with { DriverBuild = "550.90" }).Identity), Is.Null);
    }

    [Test]
    public void Windows_LooksInTheSystemsFolderOnly() => Assert.That(DriverLibrary.SearchPath(isWindows: true), Is.EqualTo(DllImportSearchPath.System32));

    [Test]
    public void OtherSystems_UseTheirOwnOrder()
    {
        Assert.That(DriverLibrary.SearchPath(isWindows: false), Is.Null);
        Assert.That(DriverLibrary.TryLoad("no-such-library-of-a-driver", out nint library), Is.False);
        Assert.That(library, Is.EqualTo((nint)0));
    }

    private string Describe(string name, string link)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllText(file, "library");
        File.Delete(link);
        File.CreateSymbolicLink(link, file);
        return DriverLibrary.DescribeFile(link)!;
    }
}
