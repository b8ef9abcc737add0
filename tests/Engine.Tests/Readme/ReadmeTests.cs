using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Tests.Readme;

internal sealed partial class ReadmeTests
{
    [Test]
    public void Example_InReadme_IsTheCompiledOne()
    {
        string root = RepositoryRoot();
        string source = File.ReadAllText(Path.Combine(root, "tests", "Engine.Tests", "Readme", "ReadmeExample.cs"));
        string compiled = Dedent(Between(source, "// README begin\n", "        // README end"));
        string path = Path.Combine(root, "README.md");
        string readme = File.ReadAllText(path);
        string shown = CodeBlock().Match(readme).Groups[1].Value;
        if (shown != compiled && Environment.GetEnvironmentVariable("UPDATE_README") == "1")
        {
            File.WriteAllText(path, readme.Replace($"```csharp\n{shown}```", $"```csharp\n{compiled}```", StringComparison.Ordinal));
        }

        Assert.That(shown, Is.EqualTo(compiled), "README.md and ReadmeExample.cs differ; UPDATE_README=1 rewrites the former.");
    }

    [Test]
    public void Example_Run_LearnsTheQuadrants()
    {
        StringWriter output = new(CultureInfo.InvariantCulture);
        ReadmeExample.Run(output);
        string last = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        int percent = int.Parse(Percent().Match(last).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.That(percent, Is.GreaterThanOrEqualTo(95), output.ToString());
    }

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Engine.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }

    private static string Between(string text, string begin, string end)
    {
        int start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        return text[start..text.IndexOf(end, start, StringComparison.Ordinal)];
    }

    private static string Dedent(string text) => Indent().Replace(text, string.Empty);

    [GeneratedRegex("^ {8}", RegexOptions.Multiline)]
    private static partial Regex Indent();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"right: (\d+)")]
    private static partial Regex Percent();
}
