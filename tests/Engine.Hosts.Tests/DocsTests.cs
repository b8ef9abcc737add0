using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>The first program of docs/kernels-in-csharp.md, in a console project of its own.</summary>
[Category("Process")]
internal sealed class DocsTests
{
    [Test]
    public void FirstKernel_Computes()
    {
        string page = Repository.Text("docs", "kernels-in-csharp.md").ReplaceLineEndings("\n");
        string program = Regex.Match(page, "```csharp\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        Assert.That(program, Does.Contain("x.Device.Kernel(Axpy)"));
        using OutsideFolder folder = new();
        string references = string.Concat(((string[])["Engine.Cpu", "Engine.Gpu"]).Select(static project => $"<ProjectReference Include=\"{Repository.File(project, project + ".csproj")}\" />"));
        folder.WriteProject("App", references, "<OutputType>Exe</OutputType>");
        folder.Write("App/Program.cs", program + "\nConsole.WriteLine((y - (x * 2)).Abs().Max().Item());\n");
        Assert.That(folder.Run("App"), Is.EqualTo("0\n"));
    }
}
