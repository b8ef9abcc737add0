using System.Collections.Immutable;
using Engine.Nn.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Engine.Generators.Tests;

/// <summary>The generator over a piece of source, compiled together with declarations of the few types that it knows by name.</summary>
internal sealed class GeneratorRun
{
    private const string Engine = """
        namespace Engine { public sealed class Tensor; }
        namespace Engine.Nn
        {
            public abstract class Module { protected virtual void VisitMembers(MemberVisitor visitor) { } }
            public abstract class Layer : Module { public abstract Tensor Forward(Tensor x); }
            public sealed class Linear : Layer { public override Tensor Forward(Tensor x) => x; }
            public sealed class MemberVisitor
            {
                public void Parameter(string name, Tensor? value) { }
                public void Buffer(string name, Tensor? value, bool persistent = true) { }
                public void Module(string name, Module? value) { }
                public void Parameters(string name, System.Collections.Generic.IEnumerable<Tensor?>? values) { }
                public void Parameters(string name, System.Collections.Generic.IEnumerable<System.Collections.Generic.KeyValuePair<string, Tensor>>? values) { }
                public void Buffers(string name, System.Collections.Generic.IEnumerable<Tensor?>? values, bool persistent = true) { }
                public void Modules(string name, System.Collections.Generic.IEnumerable<Module?>? values) { }
                public void Modules<T>(string name, System.Collections.Generic.IEnumerable<System.Collections.Generic.KeyValuePair<string, T>>? values) where T : Module? { }
                public void Held(string name, object? value) { }
                public void Held<T>(string name, System.Collections.Generic.IEnumerable<System.Collections.Generic.KeyValuePair<string, T>>? values) { }
                public void HeldBuffers(string name, object? value, bool persistent = true) { }
                public void HeldBuffers<T>(string name, System.Collections.Generic.IEnumerable<System.Collections.Generic.KeyValuePair<string, T>>? values, bool persistent = true) { }
            }
            public sealed class BufferAttribute : System.Attribute;
            public sealed class NotPersistentAttribute : System.Attribute;
            public sealed class UntrackedAttribute : System.Attribute;
            public sealed class NameAttribute(string name) : System.Attribute { public string Name { get; } = name; }
        }
        """;

    private static readonly ImmutableArray<MetadataReference> s_platform =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private readonly CSharpCompilation _compilation;
    private readonly GeneratorDriver _driver;

    private GeneratorRun(CSharpCompilation compilation, GeneratorDriver driver)
    {
        _compilation = compilation;
        _driver = driver.RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out _);
        Diagnostics = [.. Result.Diagnostics];
        ImmutableArray<Diagnostic> all = output.GetDiagnostics();
        Errors = [.. all.Where(d => d.Severity == DiagnosticSeverity.Error)];
        Complaints = [.. all.Where(d => d.Severity >= DiagnosticSeverity.Warning && d.Location.SourceTree?.FilePath.EndsWith(".g.cs", StringComparison.Ordinal) == true)];
    }

    /// <summary>What the generator complains about.</summary>
    public ImmutableArray<Diagnostic> Diagnostics { get; }

    /// <summary>What the compiler says to the source and the generated code together.</summary>
    public ImmutableArray<Diagnostic> Errors { get; }

    /// <summary>Errors and warnings in generated code, which a user cannot mend.</summary>
    public ImmutableArray<Diagnostic> Complaints { get; }

    /// <summary>The generated files by name.</summary>
    public IReadOnlyDictionary<string, string> Files => Result.GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText.ToString());

    private GeneratorRunResult Result => _driver.GetRunResult().Results[0];

    /// <summary>Runs over a source; <paramref name="library"/> is compiled on its own, and the source sees what is public in it.</summary>
    public static GeneratorRun Over(string source, string? library = null)
    {
        CSharpParseOptions options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);
        const string Usings = "#nullable enable\nusing System.Collections.Generic;\nusing Engine;\nusing Engine.Nn;\n";
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Sample",
            library is null
                ? [CSharpSyntaxTree.ParseText(Usings + source, options, "Sample.cs"), CSharpSyntaxTree.ParseText("#nullable enable\n" + Engine, options, "Engine.cs")]
                : [CSharpSyntaxTree.ParseText(Usings + source, options, "Sample.cs")],
            library is null ? s_platform : s_platform.Add(Compiled(library, options)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        GeneratorDriverOptions tracking = new(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true);
        return new GeneratorRun(compilation, CSharpGeneratorDriver.Create([new ModuleGenerator().AsSourceGenerator()], parseOptions: options, driverOptions: tracking));
    }

    /// <summary>Runs again after a file was added, and tells why each output was or was not written anew.</summary>
    public IEnumerable<IncrementalStepRunReason> ReasonsAfterAdding(string source)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(source, (CSharpParseOptions)_compilation.SyntaxTrees[0].Options, "Added.cs");
        GeneratorRun next = new(_compilation.AddSyntaxTrees(tree), _driver);
        return next.Result.TrackedOutputSteps.Values.SelectMany(steps => steps).SelectMany(step => step.Outputs).Select(output => output.Reason);
    }

    private static PortableExecutableReference Compiled(string library, CSharpParseOptions options)
    {
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Library",
            [CSharpSyntaxTree.ParseText("#nullable enable\nusing Engine;\nusing Engine.Nn;\n" + library, options), CSharpSyntaxTree.ParseText("#nullable enable\n" + Engine, options)],
            s_platform,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using MemoryStream bytes = new();
        if (compilation.Emit(bytes) is { Success: false } result)
        {
            throw new ArgumentException(string.Join("\n", result.Diagnostics), nameof(library));
        }

        return MetadataReference.CreateFromImage(bytes.ToArray());
    }
}
