using NUnit.Framework;

namespace Engine.Docs.Tests;

/// <summary>ARCHITECTURE.md has reasons; tables of figures and what was left out are in docs/journal.</summary>
internal sealed class ArchitectureTests
{
    private const int MostLines = 150;

    private static IEnumerable<string> Pages => Directory.GetFiles(Repository.Root, "ARCHITECTURE.md", SearchOption.AllDirectories)
        .Select(static file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')).Where(static path => !path.StartsWith("artifacts/", StringComparison.Ordinal));

    [TestCaseSource(nameof(Pages))]
    public void Architecture_StaysShort(string path) => Assert.That(File.ReadLines(Repository.File(path)).Count(), Is.LessThanOrEqualTo(MostLines), path);
}
