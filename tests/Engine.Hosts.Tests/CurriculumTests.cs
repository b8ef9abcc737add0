using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>docs/curriculum.md names what is there: every program of the tour, and no type or member that users cannot call.</summary>
internal sealed class CurriculumTests
{
    private static readonly string[][] s_rows =
    [
        .. Repository.Text("docs", "curriculum.md").ReplaceLineEndings("\n").Split('\n')
            .Where(static line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| term", StringComparison.Ordinal))
            .Select(static line => line.Split('|')[1..^1]),
    ];

    [Test]
    public void Programs_AreThoseOfTheTour()
    {
        string[] programs = [.. Directory.GetFiles(Repository.File("samples", "Tour", "Programs"), "*.cs").Select(static file => Regex.Match(File.ReadAllText(file), "string Name => \"([^\"]+)\"").Groups[1].Value)];
        Assert.That(programs, Has.Length.EqualTo(24).And.None.Empty);
        Assert.That(s_rows.SelectMany(static row => Quoted(row[2])).Distinct(), Is.EquivalentTo(programs));
        string list = Repository.Text("samples", "Tour", "TourList.cs");
        Assert.That(Regex.Matches(list, @"new \w+\(\)").Count, Is.EqualTo(programs.Length));
    }

    [Test]
    public void Apis_AreThere()
    {
        string api = string.Concat(Directory.GetDirectories(Repository.Root, "Engine.*").Select(static folder => Path.Combine(folder, "PublicAPI.Unshipped.txt")).Where(File.Exists).Select(File.ReadAllText))
            + string.Concat(Directory.GetFiles(Repository.File("integrations"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        HashSet<string> known = [.. Regex.Matches(api, @"\w+").Select(static word => word.Value)];
        string[] named = [.. s_rows.SelectMany(static row => Quoted(row[3])).SelectMany(static code => Regex.Matches(code, @"\b[A-Z]\w+").Select(static word => word.Value)).Distinct()];
        Assert.That(named, Has.Length.GreaterThan(60));
        Assert.That(named.Where(name => !known.Contains(name)), Is.Empty);
    }

    [Test]
    public void Rows_HaveATermAndAnApi()
    {
        Assert.That(s_rows, Has.Length.GreaterThan(45));
        Assert.That(s_rows.Where(static row => row.Length != 5 || row[0].Trim().Length == 0 || row[3].Trim().Length == 0).Select(static row => row[0]), Is.Empty);
    }

    private static IEnumerable<string> Quoted(string cell) => Regex.Matches(cell, "`([^`]+)`").Select(static match => match.Groups[1].Value);
}
