using Microsoft.CodeAnalysis;

namespace Engine.Nn.Generators;

/// <summary>Recognises the engine's types by name, and what belongs to the platform.</summary>
internal static class KnownTypes
{
    public const string VisitMethod = "VisitMembers";

    public const string AssemblyMark = "Engine.Nn.GeneratedModulesAttribute";

    public static bool IsModule(ITypeSymbol? type) => type switch
    {
        ITypeParameterSymbol parameter => parameter.ConstraintTypes.Any(IsModule),
        _ => SelfAndBases(type).Any(static t => Is(t, "Module", "Engine.Nn")),
    };

    public static bool IsTensor(ITypeSymbol type) => Is(type, "Tensor", "Engine");

    /// <summary>Whether a type comes with the platform, which knows of no modules.</summary>
    public static bool IsOfPlatform(ITypeSymbol type)
    {
        INamespaceSymbol? space = type.ContainingNamespace;
        while (space is { IsGlobalNamespace: false, ContainingNamespace.IsGlobalNamespace: false })
        {
            space = space.ContainingNamespace;
        }

        return space?.Name is "System" or "Microsoft";
    }

    /// <summary>Whether a type comes with the engine, whose classes other than modules (optimizers, trainers, batches) are no parts of a model.</summary>
    public static bool IsOfEngine(ITypeSymbol type) =>
        type.ContainingAssembly is { } assembly and not ISourceAssemblySymbol && assembly.Name is "Engine.Core" or "Engine.Cpu" or "Engine.Gpu" or "Engine.Nn";

    /// <summary>An attribute of a member; one may stand at a property or at the field behind it.</summary>
    public static AttributeData? Attribute(ISymbol member, string name) =>
        member.GetAttributes().FirstOrDefault(a => Is(a.AttributeClass, name + "Attribute", "Engine.Nn"))
        ?? (member is IFieldSymbol { AssociatedSymbol: { } owner } ? Attribute(owner, name) : null);

    public static IEnumerable<ITypeSymbol> SelfAndBases(ITypeSymbol? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            yield return type;
        }
    }

    private static bool Is(ITypeSymbol? type, string name, string space) =>
        type is INamedTypeSymbol { Arity: 0 } && type.Name == name && type.ContainingType is null && type.ContainingNamespace.ToDisplayString() == space;
}
