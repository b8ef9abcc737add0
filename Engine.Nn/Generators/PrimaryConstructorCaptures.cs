using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engine.Nn.Generators;

/// <summary>
/// Finds primary-constructor parameters that hold tensors or modules and are used after construction: the compiler keeps them in a field
/// without a name, which no generated code can reach.
/// </summary>
internal static class PrimaryConstructorCaptures
{
    public static IEnumerable<Finding> Find(INamedTypeSymbol type, Compilation compilation, CancellationToken cancel)
    {
        List<ClassDeclarationSyntax> parts = [.. type.DeclaringSyntaxReferences.Select(r => r.GetSyntax(cancel)).OfType<ClassDeclarationSyntax>()];
        if (parts.FirstOrDefault(static p => p.ParameterList is not null) is not { ParameterList: { } list } primary)
        {
            yield break;
        }

        foreach (ParameterSyntax parameter in list.Parameters)
        {
            if (compilation.GetSemanticModel(primary.SyntaxTree).GetDeclaredSymbol(parameter, cancel) is IParameterSymbol symbol
                && KnownTypes.Classify(symbol.Type, out _) is not null
                && parts.SelectMany(Bodies).Any(body => Uses(body, symbol, compilation, cancel)))
            {
                yield return Finding.At(Rules.Captured, parameter.Identifier.GetLocation(), symbol.Name);
            }
        }
    }

    /// <summary>Code that runs after construction; initialisers of fields and properties run during it and capture nothing.</summary>
    private static IEnumerable<SyntaxNode> Bodies(ClassDeclarationSyntax part) => part.Members.SelectMany<MemberDeclarationSyntax, SyntaxNode>(static member => member switch
    {
        ConstructorDeclarationSyntax or TypeDeclarationSyntax => [],
        BaseMethodDeclarationSyntax method => Present(method.Body, method.ExpressionBody),
        PropertyDeclarationSyntax property => Present(property.ExpressionBody, property.AccessorList),
        IndexerDeclarationSyntax indexer => Present(indexer.ExpressionBody, indexer.AccessorList),
        _ => [],
    });

    private static IEnumerable<SyntaxNode> Present(params SyntaxNode?[] nodes) => nodes.OfType<SyntaxNode>();

    private static bool Uses(SyntaxNode body, IParameterSymbol parameter, Compilation compilation, CancellationToken cancel) =>
        body.DescendantNodes().OfType<IdentifierNameSyntax>().Any(identifier =>
            identifier.Identifier.ValueText == parameter.Name
            && SymbolEqualityComparer.Default.Equals(compilation.GetSemanticModel(identifier.SyntaxTree).GetSymbolInfo(identifier, cancel).Symbol, parameter));
}
