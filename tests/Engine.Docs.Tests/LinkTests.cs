using System.Text;
using System.Text.RegularExpressions;
using Engine.Docs.Tests.Blocks;
using NUnit.Framework;

namespace Engine.Docs.Tests;

/// <summary>Links between pages lead somewhere, and every page of docs is reached from its index.</summary>
internal sealed partial class LinkTests
{
    private static IEnumerable<string> Pages => Page.All;

    [TestCaseSource(nameof(Pages))]
    public void Links_LeadToFilesAndHeadings(string path)
    {
        using (Assert.EnterMultipleScope())
        {
            foreach ((string target, string anchor) in LinksOf(path))
            {
                string file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.File(path))!, target));
                Assert.That(target.Length == 0 || Path.Exists(file), Is.True, $"{path} leads to {target}");
                string page = target.Length == 0 ? Repository.File(path) : file;
                if (anchor.Length > 0 && File.Exists(page))
                {
                    Assert.That(HeadingsOf(File.ReadAllText(page)), Does.Contain(anchor), $"{path} leads to {target}#{anchor}");
                }
            }
        }
    }

    [Test]
    public void Pages_AreReachedFromTheIndex()
    {
        HashSet<string> reached = ["docs/index.md"];
        Queue<string> open = new(reached);
        while (open.TryDequeue(out string? path))
        {
            foreach ((string target, _) in LinksOf(path).Where(static link => link.Target.EndsWith(".md", StringComparison.Ordinal)))
            {
                string linked = Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.File(path))!, target))).Replace('\\', '/');
                if (linked.StartsWith("docs/", StringComparison.Ordinal) && File.Exists(Repository.File(linked)) && reached.Add(linked))
                {
                    open.Enqueue(linked);
                }
            }
        }

        Assert.That(Page.All.Where(static path => path.StartsWith("docs/", StringComparison.Ordinal)), Is.SubsetOf(reached));
    }

    private static IEnumerable<(string Target, string Anchor)> LinksOf(string path) =>
        Link().Matches(Fenced().Replace(Page.Open(path).Text, string.Empty))
            .Select(static match => match.Groups[1].Value)
            .Where(static link => !link.Contains("://", StringComparison.Ordinal))
            .Select(static link => link.Split('#'))
            .Select(static parts => (parts[0], parts.Length > 1 ? parts[1] : string.Empty));

    /// <summary>The anchors that GitHub and docfx make of headings: lower case, letters and digits, hyphens for spaces.</summary>
    private static IEnumerable<string> HeadingsOf(string text) => Heading().Matches(Fenced().Replace(text.ReplaceLineEndings("\n"), string.Empty)).Select(static match =>
    {
        StringBuilder anchor = new();
        foreach (char c in match.Groups[1].Value.ToLowerInvariant())
        {
            _ = c == ' ' ? anchor.Append('-') : char.IsLetterOrDigit(c) || c is '-' or '_' ? anchor.Append(c) : anchor;
        }

        return anchor.ToString();
    });

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fenced();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
