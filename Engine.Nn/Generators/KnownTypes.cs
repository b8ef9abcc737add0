using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Engine.Nn.Generators;

/// <summary>Recognises the engine's types by name, and what a member's type means for a module.</summary>
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

    public static AttributeData? Attribute(ISymbol member, string name) =>
        member.GetAttributes().FirstOrDefault(a => Is(a.AttributeClass, name + "Attribute", "Engine.Nn"));

    /// <summary>What a member of this type holds; null if it is of no concern.</summary>
    public static MemberKind? Classify(ITypeSymbol type, out bool unknownContainer)
    {
        unknownContainer = false;
        if (IsTensor(type))
        {
            return MemberKind.Parameter;
        }

        if (IsModule(type))
        {
            return MemberKind.Module;
        }

        ITypeSymbol? element = ElementType(type);
        if (element is null)
        {
            unknownContainer = Mentions(type);
            return null;
        }

        element = ValueOfPair(element) ?? element;
        if (IsTensor(element))
        {
            return MemberKind.Parameters;
        }

        if (IsModule(element))
        {
            return MemberKind.Modules;
        }

        unknownContainer = Mentions(type);
        return null;
    }

    private static ITypeSymbol? ElementType(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol array)
        {
            return array.ElementType;
        }

        IEnumerable<INamedTypeSymbol> interfaces = type is INamedTypeSymbol named ? type.AllInterfaces.Prepend(named) : type.AllInterfaces;
        return interfaces.FirstOrDefault(static i => i.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T)?.TypeArguments[0];
    }

    /// <summary>The value type of KeyValuePair&lt;string, …&gt;, which a dictionary enumerates.</summary>
    private static ITypeSymbol? ValueOfPair(ITypeSymbol element) =>
        element is INamedTypeSymbol { Name: "KeyValuePair", Arity: 2 } pair && pair.TypeArguments[0].SpecialType == SpecialType.System_String
            ? pair.TypeArguments[1]
            : null;

    /// <summary>Whether a value of this type may hold a tensor or module, as a tuple or a Lazy does; a function only takes or makes them.</summary>
    private static bool Mentions(ITypeSymbol type) => IsTensor(type) || IsModule(type) || type switch
    {
        IArrayTypeSymbol array => Mentions(array.ElementType),
        { TypeKind: TypeKind.Delegate } => false,
        INamedTypeSymbol named => named.TypeArguments.Any(Mentions),
        _ => false,
    };

    private static IEnumerable<ITypeSymbol> SelfAndBases(ITypeSymbol? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            yield return type;
        }
    }

    private static bool Is(ITypeSymbol? type, string name, string space) =>
        type is INamedTypeSymbol { Arity: 0 } && type.Name == name && type.ContainingType is null && type.ContainingNamespace.ToDisplayString() == space;
}
