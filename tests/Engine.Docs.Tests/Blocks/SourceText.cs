using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engine.Docs.Tests.Blocks;

/// <summary>The text that the compiler gets for a block: usings, statements, types, in the order that C# asks for.</summary>
internal static class SourceText
{
    public static readonly CSharpParseOptions Options = new(LanguageVersion.CSharp14);

    /// <summary>What `ImplicitUsings` gives every console project.</summary>
    public const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>What a fragment may take for granted; a program says it itself.</summary>
    private static readonly string[] s_fragmentUsings = ["using Engine;", "using Engine.Nn;"];

    /// <summary>A program as it stands.</summary>
    public static string Program(Page page, CodeBlock block) => $"#line {block.Line} \"{page.Path}\"\n{block.Code}";

    /// <summary>A fragment behind its preamble and, where it continues, the fragments before it.</summary>
    public static string Fragment(Page page, CodeBlock block)
    {
        OrderedDictionary<string, int> usings = [];
        foreach (string directive in s_fragmentUsings)
        {
            usings[directive] = 0;
        }

        StringBuilder statements = new(), types = new();
        foreach (CodeBlock part in Chain(page, block))
        {
            Append(part.Preamble, part.Line, page.Path, usings, statements, types);
            Append(part.Code, part.Line, page.Path, usings, statements, types);
        }

        return $"{string.Join('\n', usings.Keys)}\n{statements}{types}";
    }

    private static IEnumerable<CodeBlock> Chain(Page page, CodeBlock block)
    {
        CodeBlock[] fragments = [.. page.Blocks.Where(static other => other is { Language: "csharp", IsProgram: false, File: null })];
        int last = Array.IndexOf(fragments, block), first = last;
        while (first > 0 && fragments[first].Continues)
        {
            first--;
        }

        return fragments[first..(last + 1)];
    }

    private static void Append(string code, int line, string path, OrderedDictionary<string, int> usings, StringBuilder statements, StringBuilder types)
    {
        CompilationUnitSyntax unit = SyntaxFactory.ParseCompilationUnit(code, options: Options);
        foreach (UsingDirectiveSyntax directive in unit.Usings)
        {
            usings.TryAdd(directive.ToString(), usings.Count);
        }

        foreach (MemberDeclarationSyntax member in unit.Members)
        {
            int start = line + unit.SyntaxTree.GetLineSpan(member.FullSpan).StartLinePosition.Line;
            (member is GlobalStatementSyntax ? statements : types).Append($"\n#line {start} \"{path}\"\n").Append(member.ToFullString()).Append('\n');
        }

        // What the parser could not place is kept, so that the compiler complains about it.
        statements.Append(unit.EndOfFileToken.ToFullString());
        if (unit.Members.Count == 0 && unit.ContainsDiagnostics)
        {
            statements.Append(code);
        }
    }
}
