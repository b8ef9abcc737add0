using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engine.Docs.Tests.Structure;

/// <summary>Which folder of a library uses which other: every name and operator in its sources is asked for the file that declares it.</summary>
internal sealed class FolderArrows
{
    private const string Usings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks; global using Engine.Backends;";

    private readonly string _root;
    private readonly int _depth;

    private FolderArrows(string root, int depth, CSharpCompilation compilation)
    {
        (_root, _depth, Compilation) = (root, depth, compilation);
        foreach (SyntaxTree tree in compilation.SyntaxTrees.Where(static t => t.FilePath.Length > 0))
        {
            Read(tree, compilation.GetSemanticModel(tree));
        }
    }

    public CSharpCompilation Compilation { get; }

    /// <summary>From a folder to another, and what is used there: types, and members of types that stand in several files.</summary>
    public SortedDictionary<(string From, string To), SortedSet<string>> Arrows { get; } = [];

    /// <summary>Reads a library. What its project would generate is missing, which leaves errors that do not matter here.</summary>
    /// <param name="library">The folder of its project.</param>
    /// <param name="depth">How many names make a folder: with 2, <c>Kernels/Conv</c> and <c>Kernels/Gemm</c> are two.</param>
    /// <param name="below">The libraries that it references.</param>
    public static FolderArrows Of(string library, int depth, params IEnumerable<CSharpCompilation> below)
    {
        string root = Path.Combine(Repository.Root, library);
        CSharpParseOptions options = new(LanguageVersion.Preview);
        IEnumerable<SyntaxTree> trees = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), options, file))
            .Append(CSharpSyntaxTree.ParseText(Usings, options));
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => !Path.GetFileName(path).StartsWith("Engine.", StringComparison.Ordinal))
            .Select(static path => (MetadataReference)MetadataReference.CreateFromFile(path))
            .Concat(below.Select(static compilation => compilation.ToMetadataReference()));
        return new FolderArrows(root, depth, CSharpCompilation.Create(
            library, trees, references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable)));
    }

    private void Read(SyntaxTree tree, SemanticModel model)
    {
        string from = Folder(tree.FilePath)!;
        foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
        {
            if (node is (SimpleNameSyntax or BinaryExpressionSyntax or PrefixUnaryExpressionSyntax or AssignmentExpressionSyntax) && model.GetSymbolInfo(node).Symbol is { } symbol
                && FileOf(symbol) is { } file && Folder(file) is { } to && to != from)
            {
                if (!Arrows.TryGetValue((from, to), out SortedSet<string>? names))
                {
                    Arrows[(from, to)] = names = new(StringComparer.Ordinal);
                }

                // Of most types the name is enough; of the class in many parts the member tells the file.
                names.Add(symbol is INamedTypeSymbol ? symbol.Name : symbol.ContainingType.DeclaringSyntaxReferences.Length > 1 ? $"{symbol.ContainingType.Name}.{symbol.Name}" : symbol.ContainingType.Name);
            }
        }
    }

    /// <summary>The file that declares a type or a member; of a type in parts the one that has its name.</summary>
    private static string? FileOf(ISymbol symbol)
    {
        symbol = symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol.OriginalDefinition;
        if (symbol is not (INamedTypeSymbol or IFieldSymbol or IPropertySymbol or IEventSymbol or IMethodSymbol { MethodKind: not MethodKind.LocalFunction }))
        {
            return null;
        }

        string[] files = [.. symbol.DeclaringSyntaxReferences.Select(static r => r.SyntaxTree.FilePath).Where(static f => f.Length > 0)];
        return files.FirstOrDefault(f => Path.GetFileNameWithoutExtension(f) == symbol.Name) ?? files.FirstOrDefault();
    }

    /// <summary>The folder within the library, empty at its root; null of a file elsewhere.</summary>
    private string? Folder(string file)
    {
        string[] parts = Path.GetRelativePath(_root, file).Split(Path.DirectorySeparatorChar);
        return parts[0] == ".." ? null : string.Join('/', parts[..^1].Take(_depth));
    }
}
