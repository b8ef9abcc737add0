using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>The how-tos, followed to the letter in a copy of the repository: their files and rows are put in, the list of the API is written anew, their tests are run.</summary>
[Category("Process")]
internal sealed partial class HowToTests
{
    private static readonly string[] s_pages = [.. Directory.GetFiles(Repository.File("docs", "how-to"), "*.md").Order(StringComparer.Ordinal)];

    [Test]
    public void HowTos_BuildAndPassTheirTests()
    {
        if (!Path.Exists(Repository.File(".git")))
        {
            Assert.Ignore("the copy is made by git, and there is no repository");
        }

        using OutsideFolder folder = new();
        string copy = Path.Combine(folder.Path, "copy");
        WorkingTree.Copy(copy);
        List<string> filters = [];
        foreach (string page in s_pages)
        {
            string text = File.ReadAllText(page).ReplaceLineEndings("\n");
            MatchCollection files = Marked().Matches(text);
            Assert.That(files, Is.Not.Empty, page);
            foreach (Match file in files)
            {
                PutIn(copy, file.Groups["file"].Value, file.Groups["after"].Value, file.Groups["more"].Value, file.Groups["code"].Value);
            }

            Assert.That(text, Does.Contain("\npackaging/record-api\n"), page);
            filters.Add(Filter().Match(text).Groups[1].Value);
        }

        Assert.That(filters, Has.None.Empty);
        Command.Script(copy, "packaging/record-api");
        string output = Command.DotNet(copy, null, "test", "-c", "Release", "tests/Engine.Tests", "--filter", string.Join('|', filters), "-e", "ENGINE_TEST_DEVICES=cpu");
        foreach (string filter in filters)
        {
            // A filter that meets nothing would pass as well.
            string name = filter.Split('|')[0].Split('~')[1];
            Assert.That(Command.DotNet(copy, null, "test", "-c", "Release", "tests/Engine.Tests", "--no-build", "--list-tests", "--filter", $"Name~{name}"), Does.Contain(name), output);
        }
    }

    /// <summary>Writes a new file, or puts lines in behind the first line that contains a text (and so many lines more).</summary>
    private static void PutIn(string root, string name, string after, string more, string code)
    {
        string path = Path.Combine(root, name);
        if (after.Length == 0)
        {
            Assert.That(File.Exists(path), Is.False, name);
            File.WriteAllText(path, code);
            return;
        }

        List<string> lines = [.. File.ReadAllText(path).ReplaceLineEndings("\n").Split('\n')];
        int line = lines.FindIndex(text => text.Contains(after, StringComparison.Ordinal));
        Assert.That(line, Is.Not.Negative, $"{name} has no line with {after}");
        lines.Insert(line + 1 + (more.Length == 0 ? 0 : int.Parse(more, System.Globalization.CultureInfo.InvariantCulture)), code.TrimEnd('\n'));
        File.WriteAllText(path, string.Join('\n', lines));
    }

    [GeneratedRegex(@"<!-- file: (?<file>[^,\s]+)(?:, after: (?<after>.*?)(?: \+ (?<more>\d+))?)? -->\n+```csharp\n(?<code>.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Marked();

    [GeneratedRegex("dotnet test -c Release tests/Engine.Tests --filter \"([^\"]+)\"")]
    private static partial Regex Filter();
}
