namespace Engine.Docs.Tests.Blocks;

/// <summary>
/// A fenced block and the marks above it. The marks are HTML comments, which readers do not see; CONTRIBUTING.md describes them.
/// </summary>
/// <param name="Language">The word behind the fence.</param>
/// <param name="Code">The text between the fences.</param>
/// <param name="Line">The line of the page that the text starts on, from 1.</param>
/// <param name="Marks">The comments directly above.</param>
internal sealed record CodeBlock(string Language, string Code, int Line, IReadOnlyList<string> Marks)
{
    /// <summary>A complete Program.cs: compiled as it stands, and run.</summary>
    public bool IsProgram => Marks.Contains("program");

    /// <summary>What the program above writes to the console.</summary>
    public bool IsOutput => Marks.Contains("output");

    /// <summary>Compiled behind the fragments before it, as one text.</summary>
    public bool Continues => Marks.Contains("continues");

    /// <summary>Code that a fragment needs in front and that readers can do without.</summary>
    public string Preamble => string.Join('\n', After("before:"));

    /// <summary>The error that the code is to show, or null.</summary>
    public string? Error => After("error:").FirstOrDefault()?.Trim();

    /// <summary>The file of the repository that a how-to makes with this block, or null. Such a block is compiled there and not by itself.</summary>
    public string? File => After("file:").FirstOrDefault()?.Trim();

    private IEnumerable<string> After(string mark) => Marks.Where(text => text.StartsWith(mark, StringComparison.Ordinal)).Select(text => text[mark.Length..]);
}
