using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>A page of docs/how-to: the files and lines that it puts into the repository, and the commands that it ends with.</summary>
internal sealed partial class HowTo
{
    private HowTo(string path)
    {
        Name = Path.GetFileNameWithoutExtension(path);
        string text = File.ReadAllText(path).ReplaceLineEndings("\n");
        Changes = [.. Marked().Matches(text).Select(static match => new Change(match.Groups["file"].Value, match.Groups["after"].Value, match.Groups["code"].Value))];
        RecordsApi = text.Contains("\npackaging/record-api\n", StringComparison.Ordinal);
        Tests = [.. Test().Matches(text).Select(static match => (match.Groups["devices"].Value, match.Groups["project"].Value, match.Groups["filter"].Value))];
        Programs = [.. Program().Matches(text).Select(static match => match.Groups["project"].Value)];
    }

    public static IReadOnlyList<HowTo> All { get; } = [.. Directory.GetFiles(Repository.File("docs", "how-to"), "*.md").Order(StringComparer.Ordinal).Select(static path => new HowTo(path))];

    public string Name { get; }

    /// <summary>What is put in, in order.</summary>
    public IReadOnlyList<Change> Changes { get; }

    /// <summary>Whether the page has the list of the public API written anew.</summary>
    public bool RecordsApi { get; }

    /// <summary>The tests to run: on which devices (all where it is empty), of which project, with which filter.</summary>
    public IReadOnlyList<(string Devices, string Project, string Filter)> Tests { get; }

    /// <summary>The projects of programs to run.</summary>
    public IReadOnlyList<string> Programs { get; }

    public override string ToString() => Name;

    [GeneratedRegex(@"<!-- file: (?<file>[^,\s]+)(?:, after: (?<after>.*?))? -->\n+```\w+\n(?<code>.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Marked();

    [GeneratedRegex("^(?:ENGINE_TEST_DEVICES=(?<devices>\\S+) )?dotnet test -c Release (?<project>\\S+) --filter \"(?<filter>[^\"]+)\"$", RegexOptions.Multiline)]
    private static partial Regex Test();

    [GeneratedRegex(@"^dotnet run -c Release --project (?<project>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Program();

    /// <summary>A new file, or lines behind the one line of a file that contains a text.</summary>
    public sealed record Change(string Name, string After, string Code)
    {
        /// <summary>Why the repository in a folder does not fit, or null.</summary>
        public string? Complaint(string root)
        {
            string path = Path.Combine(root, Name);
            if (After.Length == 0)
            {
                return File.Exists(path) ? $"{Name} is there already" : null;
            }

            int found = File.Exists(path) ? Lines(path).Count(text => text.Contains(After, StringComparison.Ordinal)) : 0;
            return found == 1 ? null : string.Create(CultureInfo.InvariantCulture, $"{Name} has {found} lines with '{After}', not one");
        }

        public void Apply(string root)
        {
            Assert.That(Complaint(root), Is.Null);
            string path = Path.Combine(root, Name);
            if (After.Length == 0)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, Code);
                return;
            }

            List<string> lines = Lines(path);
            lines.Insert(lines.FindIndex(text => text.Contains(After, StringComparison.Ordinal)) + 1, Code.TrimEnd('\n'));
            File.WriteAllText(path, string.Join('\n', lines));
        }

        private static List<string> Lines(string path) => [.. File.ReadAllText(path).ReplaceLineEndings("\n").Split('\n')];
    }
}
