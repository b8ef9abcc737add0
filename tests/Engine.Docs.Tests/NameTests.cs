using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Docs.Tests;

/// <summary>What the guides' text and tables name in code quotes can be called; the code blocks are compiled anyway.</summary>
internal sealed partial class NameTests
{
    /// <summary>Words of other libraries, of tools and of the examples.</summary>
    private static readonly string[] s_foreign =
    [
        "CategoricalCrossentropy", "Core", "CosineAnnealingLR", "CrossEntropyLoss", "False", "FirstLayer", "GradScaler", "Gradwerk", "IlcInstructionSet", "IterableDataset",
        "LSTMCell", "LambdaLR", "MoveToOuterDisposeScope", "NewDisposeScope", "OneCycleLR", "PReLU", "PublishAot", "Quadrants", "RandomFlip", "ReduceLROnPlateau",
        "RegisterComponents", "StepLR", "TorchSharp", "True", "WandbLogger",
    ];

    private static readonly HashSet<string> s_known =
    [
        .. s_foreign,
        .. Directory.GetDirectories(Repository.Root, "Engine.*").Select(static folder => Path.Combine(folder, "PublicAPI.Unshipped.txt")).Where(File.Exists)
            .Concat(Directory.GetFiles(Repository.File("integrations"), "*.cs", SearchOption.AllDirectories)).SelectMany(static file => Word().Matches(File.ReadAllText(file)).Select(static word => word.Value)),
    ];

    private static IEnumerable<string> Pages =>
    [
        "docs/getting-started.md", "docs/index.md", "docs/numerics.md", "README.md",
        .. Directory.GetFiles(Repository.File("docs", "guides"), "*.md").Select(static file => "docs/guides/" + Path.GetFileName(file)),
    ];

    [TestCaseSource(nameof(Pages))]
    public void Names_AreThere(string path)
    {
        string text = Fenced().Replace(Repository.Text(path.Split('/')).ReplaceLineEndings("\n"), string.Empty);
        string[] named = [.. Quoted().Matches(text).SelectMany(static code => Name().Matches(code.Groups[1].Value).Select(static word => word.Value)).Distinct()];
        Assert.That(named.Where(static name => !s_known.Contains(name)), Is.Empty, path);
    }

    [GeneratedRegex("^```.*?^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fenced();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Quoted();

    /// <summary>A word that begins with a capital letter and has a small one; not part of a path or a command's option.</summary>
    [GeneratedRegex(@"(?<![\w/\-])[A-Z](?=\w*[a-z])\w+")]
    private static partial Regex Name();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
