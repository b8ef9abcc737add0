using System.Xml.Linq;
using NUnit.Framework;

namespace Engine.Docs.Tests.Structure;

/// <summary>
/// The libraries use of each other what a stranger can use: only tests, the benchmark and the PTX interpreter see internals. So a backend and a
/// library of layers can be written outside of the repository, and the compiler proves it with each build.
/// </summary>
internal sealed class FriendAssemblyTests
{
    private static readonly string[] s_friends = ["Engine.Tests", "Engine.Gpu.Tests", "Engine.Reports.Tests", "Engine.TensorBoard.Tests", "Engine.Hosting.Tests", "Engine.Data.Tables.Tests", "Engine.Perf", "Engine.Perf.Paired", "Engine.PtxInterpreter"];

    [Test]
    public void Libraries_ShowTheirInternalsToTestsOnly()
    {
        string[] projects = [.. Directory.EnumerateFiles(Repository.Root, "Engine.*.csproj", SearchOption.AllDirectories).Where(static file => !file.Contains("artifacts", StringComparison.Ordinal))];
        (string Library, string Friend)[] friends = [.. projects.SelectMany(static file => XDocument.Load(file).Descendants("InternalsVisibleTo").Select(e => (Path.GetFileNameWithoutExtension(file), e.Attribute("Include")!.Value)))];
        Assert.That(friends, Does.Contain(("Engine.Core", "Engine.Tests")), "the projects were read");
        Assert.That(friends.Where(static pair => !s_friends.Contains(pair.Friend)), Is.Empty);
        Assert.That(
            Directory.EnumerateFiles(Repository.Root, "*.cs", SearchOption.AllDirectories)
                .Where(static file => !file.Contains("artifacts", StringComparison.Ordinal) && !file.Contains($"{Path.DirectorySeparatorChar}tests{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
                .Where(static file => File.ReadAllText(file).Contains("InternalsVisibleTo(", StringComparison.Ordinal)),
            Is.Empty);
    }
}
