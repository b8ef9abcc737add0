using Engine.Docs.Tests.Blocks;
using Microsoft.CodeAnalysis;
using NUnit.Framework;

namespace Engine.Docs.Tests;

/// <summary>The C# of README and docs: every block is compiled, every program is run and writes what its page says.</summary>
internal sealed class CodeBlockTests
{
    private static IEnumerable<string> PagesWithCode => Page.All.Where(static path => Page.Open(path).Blocks.Any(static block => block is { Language: "csharp", File: null }));

    private static IEnumerable<string> PagesWithPrograms => Page.All.Where(static path => Page.Open(path).Programs().Any());

    /// <summary>The pages show what the CPU writes; a card, where there is one, is not their subject.</summary>
    [OneTimeSetUp]
    public void UseTheProcessor() => Device.Default = Device.Cpu;

    [TestCaseSource(nameof(PagesWithCode))]
    public void Blocks_Compile(string path)
    {
        Page page = Page.Open(path);
        using (Assert.EnterMultipleScope())
        {
            foreach (CodeBlock block in page.Blocks.Where(static block => block is { Language: "csharp", File: null }))
            {
                string[] complaints = [.. BlockCompiler.Compile(page, block).Complaints.Select(static diagnostic => diagnostic.ToString())];
                if (block.Error is { } error)
                {
                    Assert.That(complaints, Has.Length.EqualTo(1).And.Some.Contains(error), $"{path}, line {block.Line}: shows the error {error}");
                }
                else
                {
                    Assert.That(complaints, Is.Empty, $"{path}, line {block.Line}");
                }
            }
        }
    }

    /// <summary>Whoever pastes a block has the namespaces that the page shows, and no others.</summary>
    [TestCaseSource(nameof(PagesWithCode))]
    public void NamespacesOfHiddenCode_AreShownOnThePage(string path)
    {
        Page page = Page.Open(path);
        IEnumerable<string> shown = page.Blocks.Where(static block => block.Language == "csharp").SelectMany(static block => Usings(block.Code));
        Assert.That(page.Blocks.SelectMany(static block => Usings(block.Preamble)).Except(shown), Is.Empty, path);
        static IEnumerable<string> Usings(string code) => code.Split('\n').Select(static line => line.Trim()).Where(static line => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('(') && !line.Contains('='));
    }

    [TestCaseSource(nameof(PagesWithPrograms))]
    public void Programs_WriteWhatThePageSays(string path)
    {
        Page page = Page.Open(path);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("engine-docs-");
        using IDisposable all = Assert.EnterMultipleScope();
        try
        {
            // All of a page in one folder, one after the other: one may read what another has saved.
            foreach ((CodeBlock program, string? promised) in page.Programs())
            {
                (Compilation compilation, _) = BlockCompiler.Compile(page, program);
                string output = BlockProgram.Run(BlockCompiler.Load(compilation), folder.FullName);
                Assert.That(promised is null ? null : ExpectedOutput.Difference(promised, output), Is.Null, $"{path}, line {program.Line}, wrote:\n{output}");
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public void Outputs_FollowPrograms()
    {
        foreach (string path in Page.All)
        {
            Page page = Page.Open(path);
            Assert.That(page.Blocks.Count(static block => block.IsOutput), Is.EqualTo(page.Programs().Count(static program => program.Output is not null)), path);
        }
    }
}
