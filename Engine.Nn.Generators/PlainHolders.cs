using Microsoft.CodeAnalysis;

namespace Engine.Nn.Generators;

/// <summary>
/// Finds tensors and modules in classes and structs that are no modules themselves, so that nothing asks them for what they hold. Of other
/// assemblies the compiler shows no private fields, and only what it shows is found.
/// </summary>
internal static class PlainHolders
{
    /// <summary>The path to the first such member, in quotes, from the plain type on; null if there is none.</summary>
    public static string? Find(ITypeSymbol type, Compilation compilation, CancellationToken cancel) =>
        Find(type, new HashSet<ITypeSymbol>(SymbolEqualityComparer.Default), compilation, cancel) is { } path ? $"'{path}'" : null;

    private static string? Find(ITypeSymbol type, HashSet<ITypeSymbol> seen, Compilation compilation, CancellationToken cancel)
    {
        if (!seen.Add(type))
        {
            return null;
        }

        if (type is INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct } named && !KnownTypes.IsOfPlatform(type))
        {
            return KnownTypes.IsOfEngine(type) || KnownTypes.IsModule(type) ? null : InMembers(named, seen, compilation, cancel) ?? InElements(type, seen, compilation, cancel);
        }

        IEnumerable<ITypeSymbol> inside = type switch
        {
            ITypeParameterSymbol parameter => parameter.ConstraintTypes,
            INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct } generic => generic.TypeArguments,
            _ => [],
        };
        return inside.Select(a => Find(a, seen, compilation, cancel)).FirstOrDefault(static path => path is not null) ?? InElements(type, seen, compilation, cancel);
    }

    private static string? InElements(ITypeSymbol type, HashSet<ITypeSymbol> seen, Compilation compilation, CancellationToken cancel) =>
        type.TypeKind == TypeKind.Delegate
            ? null
            : TypeParts.Elements(type).Select(e => Find(e, seen, compilation, cancel)).FirstOrDefault(static path => path is not null);

    private static string? InMembers(INamedTypeSymbol type, HashSet<ITypeSymbol> seen, Compilation compilation, CancellationToken cancel)
    {
        foreach (INamedTypeSymbol part in KnownTypes.SelfAndBases(type).OfType<INamedTypeSymbol>().Where(static t => !KnownTypes.IsOfPlatform(t)))
        {
            foreach ((string name, ITypeSymbol held) in Stored(part, compilation, cancel))
            {
                if (MemberTypes.Mentions(held))
                {
                    return name;
                }

                if (held.TypeKind != TypeKind.Delegate && Find(held, seen, compilation, cancel) is { } path)
                {
                    return $"{name}.{path}";
                }
            }
        }

        return null;
    }

    private static IEnumerable<(string Name, ITypeSymbol Type)> Stored(INamedTypeSymbol type, Compilation compilation, CancellationToken cancel)
    {
        foreach (ISymbol member in type.GetMembers().Where(static m => !m.IsStatic && KnownTypes.Attribute(m, "Untracked") is null))
        {
            if (member is IFieldSymbol field && !IsWrittenByTheCompiler(field))
            {
                yield return ((field.AssociatedSymbol ?? field).Name, field.Type);
            }
            else if (member is IPropertySymbol { GetMethod: { } getter } property && IsAutomaticElsewhere(type, getter))
            {
                yield return (property.Name, property.Type);
            }
        }

        foreach ((IParameterSymbol parameter, _) in PrimaryConstructorCaptures.In(type, compilation, cancel))
        {
            yield return (parameter.Name, parameter.Type);
        }
    }

    /// <summary>A field behind a property of another assembly's struct, or behind a parameter: these are looked at by themselves.</summary>
    private static bool IsWrittenByTheCompiler(IFieldSymbol field) => field.AssociatedSymbol is null && field.Name.StartsWith("<");

    /// <summary>In another assembly the field behind a property is not shown, but the compiler marks the getter that it wrote itself.</summary>
    private static bool IsAutomaticElsewhere(INamedTypeSymbol type, IMethodSymbol getter) =>
        type.ContainingAssembly is not ISourceAssemblySymbol && getter.GetAttributes().Any(static a => a.AttributeClass?.Name == "CompilerGeneratedAttribute");
}
