using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>README's first program, pasted into an empty console project with README's project file.</summary>
[Category("Process")]
internal sealed partial class ReadmeTests
{
    private static readonly string s_readme = Repository.Text("README.md").ReplaceLineEndings("\n");

    [Test]
    public void Program_ByProject_LearnsTheQuadrants()
    {
        using OutsideFolder folder = new();
        string project = Block("xml", 0);
        Assert.That(project, Does.Contain("<ProjectReference Include=\"../engine/Engine.All/Engine.All.csproj\" />"));
        Learns(folder, project.Replace("../engine/", Repository.Root + "/", StringComparison.Ordinal));
    }

    [Test]
    public void Program_ByPackage_LearnsTheQuadrants()
    {
        using OutsideFolder folder = new(Feed.Folder);
        string package = Block("xml", 1).Trim();
        Assert.That(package, Is.EqualTo($"<PackageReference Include=\"Gradwerk\" Version=\"{Repository.Version}\" />"));
        string project = Block("xml", 0);
        string reference = project.Split('\n').Single(static line => line.Contains("ProjectReference", StringComparison.Ordinal)).Trim();
        Learns(folder, project.Replace(reference, package, StringComparison.Ordinal));
    }

    [Test]
    public void Readme_StaysShort() => Assert.That(s_readme.Count(static c => c == '\n'), Is.LessThanOrEqualTo(250));

    private static void Learns(OutsideFolder folder, string project)
    {
        folder.Write("Quadrants/Quadrants.csproj", project);
        folder.Write("Quadrants/Program.cs", Block("csharp", 0));
        string output = folder.Run("Quadrants");
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(4), output);
        Assert.That(lines[0], Does.StartWith("step   0: loss 0."));
        Assert.That(int.Parse(Percent().Match(lines[^1]).Groups[1].Value, CultureInfo.InvariantCulture), Is.GreaterThanOrEqualTo(95), output);
    }

    private static string Block(string language, int index) =>
        Regex.Matches(s_readme, $"```{language}\n(.*?)```", RegexOptions.Singleline)[index].Groups[1].Value;

    [GeneratedRegex(@"right: (\d+)")]
    private static partial Regex Percent();
}
