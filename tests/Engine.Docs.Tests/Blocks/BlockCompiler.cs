using System.Collections.Immutable;
using System.Reflection;
using Engine.Nn.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engine.Docs.Tests.Blocks;

/// <summary>Compiles a block as a console project would, the generator of modules included.</summary>
internal static class BlockCompiler
{
    /// <summary>What only says that a fragment ends before its results are used: unused variables, fields and local functions, an `async` without `await`.</summary>
    private static readonly string[] s_unfinished = ["CS0168", "CS0219", "CS0169", "CS0414", "CS1998", "CS8321"];

    private static readonly ImmutableArray<MetadataReference> s_references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    private static readonly SyntaxTree s_implicitUsings = CSharpSyntaxTree.ParseText(SourceText.ImplicitUsings, SourceText.Options);

    /// <summary>The compiled block with the errors and warnings in it.</summary>
    public static (Compilation Compilation, IReadOnlyList<Diagnostic> Complaints) Compile(Page page, CodeBlock block)
    {
        string text = block.IsProgram ? SourceText.Program(page, block) : SourceText.Fragment(page, block);
        SyntaxTree tree = CSharpSyntaxTree.ParseText(text, SourceText.Options, path: page.Path);
        bool runs = tree.GetCompilationUnitRoot().Members.OfType<GlobalStatementSyntax>().Any();
        CSharpCompilationOptions options = new(
            runs ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
            nullableContextOptions: NullableContextOptions.Enable,
            optimizationLevel: OptimizationLevel.Release);
        string name = $"{Path.GetFileNameWithoutExtension(page.Path)}-{block.Line}";
        CSharpCompilation compilation = CSharpCompilation.Create(name, [s_implicitUsings, tree], s_references, options);
        CSharpGeneratorDriver.Create([new ModuleGenerator().AsSourceGenerator()], parseOptions: SourceText.Options)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation whole, out ImmutableArray<Diagnostic> ofGenerator);
        IEnumerable<Diagnostic> complaints = whole.GetDiagnostics().Concat(ofGenerator)
            .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning && (block.IsProgram || !s_unfinished.Contains(diagnostic.Id)));
        return (whole, [.. complaints]);
    }

    /// <summary>Loads a program and gives its entry point.</summary>
    public static MethodInfo Load(Compilation compilation)
    {
        using MemoryStream bytes = new();
        if (!compilation.Emit(bytes).Success)
        {
            throw new InvalidOperationException($"{compilation.AssemblyName} was compiled with errors.");
        }

        return Assembly.Load(bytes.ToArray()).EntryPoint!;
    }
}
