using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>The record of the public API: a member without its line does not build.</summary>
[Category("Process")]
internal sealed class PublicApiTests
{
    [Test]
    public void NewPublicMember_WithoutItsLine_DoesNotBuild()
    {
        using OutsideFolder folder = new();
        folder.Write("Added.cs", "namespace Engine;\n\n/// <summary>Nothing.</summary>\npublic static class Added;\n");
        folder.Write("add.targets", "<Project><ItemGroup><Compile Include=\"$(MSBuildThisFileDirectory)Added.cs\" /></ItemGroup></Project>");
        (int exitCode, string output) = Command.TryDotNet(Repository.Root, null, [
            "build", "Engine.Core", "--no-restore", "-c", Repository.Configuration,
            $"-p:CustomAfterMicrosoftCommonTargets={Path.Combine(folder.Path, "add.targets")}",
            $"-p:IntermediateOutputPath={Path.Combine(folder.Path, "obj")}{Path.DirectorySeparatorChar}",
            $"-p:OutDir={Path.Combine(folder.Path, "out")}{Path.DirectorySeparatorChar}",
        ]);
        Assert.That(exitCode, Is.Not.Zero, output);
        Assert.That(output, Does.Contain("error RS0016: Symbol 'Engine.Added' is not part of the declared public API"));
        Assert.That(output.Split('\n').Where(static line => line.Contains(": error ", StringComparison.Ordinal)), Is.All.Contains("RS0016"));
    }

    [TestCase("Engine.Core", "Engine.Tensor")]
    [TestCase("Engine.Cpu", "Engine.Cpu.CpuDevice")]
    [TestCase("Engine.Gpu", "Engine.Gpu.CudaDevice")]
    [TestCase("Engine.Nn", "Engine.Nn.Module")]
    public void Record_NamesTheTypes(string library, string type)
    {
        string[] lines = [.. Repository.Text(library, "PublicAPI.Shipped.txt").Split('\n'), .. Repository.Text(library, "PublicAPI.Unshipped.txt").Split('\n')];
        Assert.That(lines, Does.Contain(type));
    }
}
