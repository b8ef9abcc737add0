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
        foreach ((IParameterSymbol parameter, ParameterSyntax syntax) in In(type, compilation, cancel))
        {
            MemberType found = MemberTypes.Of(parameter.Type, compilation, cancel);
            bool isOpen = found.Kind == MemberKind.Held;
            if (found.Trouble is not null || (found.Kind is not null && !(isOpen && IsService(parameter.Type))))
            {
                string detail = isOpen ? " where it is a module or a tensor, as its type allows" : string.Empty;
                yield return Finding.At(Rules.Captured, syntax.Identifier.GetLocation(), parameter.Name, detail);
            }
        }
    }

    /// <summary>All parameters that a class or struct of this compilation captures and that are not marked [Untracked].</summary>
    public static IEnumerable<(IParameterSymbol Parameter, ParameterSyntax Syntax)> In(INamedTypeSymbol type, Compilation compilation, CancellationToken cancel)
    {
        List<TypeDeclarationSyntax> parts = type.IsRecord
            ? []
            : [.. type.DeclaringSyntaxReferences.Where(r => compilation.ContainsSyntaxTree(r.SyntaxTree)).Select(r => r.GetSyntax(cancel)).OfType<TypeDeclarationSyntax>()];
        if (parts.FirstOrDefault(static p => p.ParameterList is not null) is not { ParameterList: { } list } primary)
        {
            yield break;
        }

        foreach (ParameterSyntax parameter in list.Parameters)
        {
            if (compilation.GetSemanticModel(primary.SyntaxTree).GetDeclaredSymbol(parameter, cancel) is IParameterSymbol symbol
                && KnownTypes.Attribute(symbol, "Untracked") is null
                && parts.SelectMany(Bodies).Any(body => Uses(body, symbol, compilation, cancel)))
            {
                yield return (symbol, parameter);
            }
        }
    }

    /// <summary>An interface of the platform that is no collection: a service such as a logger, for which no one would pass a module.</summary>
    private static bool IsService(ITypeSymbol type) => type.TypeKind == TypeKind.Interface && KnownTypes.IsOfPlatform(type) && !TypeParts.IsEnumerable(type);

    /// <summary>Code that runs after construction; initialisers of fields and properties run during it and capture nothing.</summary>
    private static IEnumerable<SyntaxNode> Bodies(TypeDeclarationSyntax part) => part.Members.SelectMany<MemberDeclarationSyntax, SyntaxNode>(static member => member switch
    {
        ConstructorDeclarationSyntax or TypeDeclarationSyntax => [],
        BaseMethodDeclarationSyntax method => Present(method.Body, method.ExpressionBody),
        PropertyDeclarationSyntax property => Present(property.ExpressionBody, property.AccessorList),
        IndexerDeclarationSyntax indexer => Present(indexer.ExpressionBody, indexer.AccessorList),
        EventDeclarationSyntax @event => Present(@event.AccessorList),
        _ => [],
    });

    private static IEnumerable<SyntaxNode> Present(params SyntaxNode?[] nodes) => nodes.OfType<SyntaxNode>();

    private static bool Uses(SyntaxNode body, IParameterSymbol parameter, Compilation compilation, CancellationToken cancel) =>
        body.DescendantNodes().OfType<IdentifierNameSyntax>().Any(identifier =>
            identifier.Identifier.ValueText == parameter.Name
            && SymbolEqualityComparer.Default.Equals(compilation.GetSemanticModel(identifier.SyntaxTree).GetSymbolInfo(identifier, cancel).Symbol, parameter));
}
