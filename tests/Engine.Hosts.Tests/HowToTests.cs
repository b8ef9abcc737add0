using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>
/// The how-tos, followed to the letter, all of them in one copy of the repository: their files and rows are put in, the list of the API is written anew, their
/// tests and programs are run.
/// </summary>
[Category("Process")]
internal sealed class HowToTests
{
    private static IEnumerable<HowTo> Pages => HowTo.All;

    /// <summary>Found out in a moment, where the next test takes minutes.</summary>
    [TestCaseSource(nameof(Pages))]
    public void Page_FitsTheSources(HowTo page)
    {
        Assert.That(page.Changes, Is.Not.Empty);
        Assert.That(page.Tests.Count + page.Programs.Count, Is.Positive, "it ends with a command");
        Assert.That(page.Changes.Select(static change => change.Complaint(Repository.Root)), Is.All.Null);
    }

    [Test]
    public void Pages_Followed_BuildAndPassTheirTests()
    {
        if (!Path.Exists(Repository.File(".git")))
        {
            Assert.Ignore("the copy is made by git, and there is no repository");
        }

        using OutsideFolder folder = new();
        string copy = Path.Combine(folder.Path, "copy");
        WorkingTree.Copy(copy);
        foreach (HowTo.Change change in HowTo.All.SelectMany(static page => page.Changes))
        {
            change.Apply(copy);
        }

        Assert.That(HowTo.All.Any(static page => page.RecordsApi));
        Command.Script(copy, "packaging/record-api");
        foreach (var tests in HowTo.All.SelectMany(static page => page.Tests).GroupBy(static test => (test.Devices, test.Project), static test => test.Filter))
        {
            RunTests(copy, tests.Key.Project, tests.Key.Devices, [.. tests]);
        }

        foreach (string project in HowTo.All.SelectMany(static page => page.Programs))
        {
            Command.DotNet(copy, null, "run", "-c", "Release", Command.WithoutAnalyzers, "--project", project);
        }
    }

    /// <summary>The tests of several pages in one run.</summary>
    private static void RunTests(string copy, string project, string devices, string[] filters)
    {
        string[] environment = devices.Length > 0 ? ["-e", $"ENGINE_TEST_DEVICES={devices}"] : [];
        string output = Command.DotNet(
            copy, null, ["test", "-c", "Release", project, "-p:WithoutPrograms=true", Command.WithoutAnalyzers, "--filter", string.Join('|', filters), "--logger", "console;verbosity=normal", .. environment]);
        string[] passed = [.. output.Split('\n').Where(static line => line.TrimStart().StartsWith("Passed ", StringComparison.Ordinal))];
        foreach (string filter in filters)
        {
            // A filter that meets nothing would pass as well.
            string name = filter.Split('|')[0].Split('~')[1];
            Assert.That(passed, Has.Some.Contains(name), output);
        }
    }
}
