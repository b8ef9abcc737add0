using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Docs.Tests;

/// <summary>docs/environment.md has every variable that the sources read, and no other.</summary>
internal sealed partial class EnvironmentPageTests
{
    private static readonly string[] s_folders = [.. Directory.GetDirectories(Repository.Root, "Engine.*"), .. ((string[])["integrations", "perf", "samples", "tests", "tools"]).Select(static name => Repository.File(name))];

    [Test]
    public void Variables_AreThoseOfTheSources()
    {
        SortedSet<string> read =
        [
            .. s_folders.SelectMany(static folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
                .SelectMany(static file => Quoted().Matches(File.ReadAllText(file)).Select(static match => match.Groups[1].Value)),
        ];
        SortedSet<string> described = [.. Row().Matches(Repository.Text("docs", "environment.md")).SelectMany(static row => Named().Matches(row.Value).Select(static match => match.Value))];
        Assert.That(read, Has.Count.GreaterThan(20));
        Assert.That(described, Is.EquivalentTo(read));
    }

    /// <summary>A string that is a name, alone or in front of the value in a message.</summary>
    [GeneratedRegex("\"(ENGINE_[A-Z_]+)\"")]
    private static partial Regex Quoted();

    /// <summary>The first cell of a row.</summary>
    [GeneratedRegex(@"^\| [^|]*\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("ENGINE_[A-Z_]+")]
    private static partial Regex Named();
}
