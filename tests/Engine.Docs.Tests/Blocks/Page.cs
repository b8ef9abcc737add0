using System.Text.RegularExpressions;

namespace Engine.Docs.Tests.Blocks;

/// <summary>A Markdown file and the blocks of C# in it.</summary>
internal sealed partial class Page
{
    private Page(string path)
    {
        Path = path;
        Text = Repository.Text(path.Split('/')).ReplaceLineEndings("\n");
        Blocks = [.. Read(Text)];
    }

    /// <summary>All pages whose code is compiled: the files of the root, the reasons of each library, and docs with its folders.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Directory.GetFiles(Repository.Root, "*.md").Concat(Directory.GetDirectories(Repository.Root, "Engine.*").SelectMany(static folder => Directory.GetFiles(folder, "ARCHITECTURE.md"))).Concat(Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories))
            .Select(static file => System.IO.Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    /// <summary>From the root of the repository, with slashes.</summary>
    public string Path { get; }

    public string Text { get; }

    public IReadOnlyList<CodeBlock> Blocks { get; }

    public static Page Open(string path) => new(path);

    public override string ToString() => Path;

    /// <summary>The programs and the text that follows each in a block that is marked as its output, or null.</summary>
    public IEnumerable<(CodeBlock Program, string? Output)> Programs()
    {
        for (int i = 0; i < Blocks.Count; i++)
        {
            if (Blocks[i].IsProgram)
            {
                yield return (Blocks[i], i + 1 < Blocks.Count && Blocks[i + 1].IsOutput ? Blocks[i + 1].Code : null);
            }
        }
    }

    private static IEnumerable<CodeBlock> Read(string text)
    {
        foreach (Match match in Fence().Matches(text))
        {
            string language = match.Groups["language"].Value;
            string[] marks = [.. Comment().Matches(match.Groups["comments"].Value).Select(static comment => comment.Groups[1].Value.Trim())];
            int line = text.AsSpan(0, match.Groups["code"].Index).Count('\n') + 1;
            CodeBlock block = new(language, match.Groups["code"].Value, line, marks);
            if (language == "csharp" || block.IsOutput || block.File is not null)
            {
                yield return block;
            }
        }
    }

    /// <summary>A fenced block at the start of a line, with the comments that stand directly above it.</summary>
    [GeneratedRegex(@"(?<comments>(?:^<!--(?:(?!-->).)*-->\n+)*)^```(?<language>\w*)\n(?<code>.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("<!--(.*?)-->", RegexOptions.Singleline)]
    private static partial Regex Comment();
}
