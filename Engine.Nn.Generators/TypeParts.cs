using Microsoft.CodeAnalysis;

namespace Engine.Nn.Generators;

/// <summary>The types of the values inside the values of a type: elements, entries, type arguments.</summary>
internal static class TypeParts
{
    /// <summary>The element type of an array, and what a type can be enumerated as; a type parameter as its constraints can.</summary>
    public static IEnumerable<ITypeSymbol> Elements(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => [array.ElementType],
        ITypeParameterSymbol parameter => parameter.ConstraintTypes.SelectMany(Elements),
        INamedTypeSymbol named => named.AllInterfaces.Prepend(named)
            .Where(static i => i.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T)
            .Select(static i => i.TypeArguments[0]),
        _ => [],
    };

    /// <summary>Whether values can be enumerated, with elements of a known type or not; characters of a string do not count.</summary>
    public static bool IsEnumerable(ITypeSymbol type) =>
        type.SpecialType != SpecialType.System_String
        && (type.SpecialType == SpecialType.System_Collections_IEnumerable || type.AllInterfaces.Any(static i => i.SpecialType == SpecialType.System_Collections_IEnumerable));

    /// <summary>The value type of KeyValuePair&lt;string, …&gt;, which a dictionary enumerates.</summary>
    public static ITypeSymbol? ValueOfNamed(ITypeSymbol element) =>
        element is INamedTypeSymbol { Name: "KeyValuePair", Arity: 2 } pair && pair.TypeArguments[0].SpecialType == SpecialType.System_String
            ? pair.TypeArguments[1]
            : null;

    /// <summary>Types of the platform whose value is one or more values of their arguments' types, to be had without a collection.</summary>
    public static bool IsTuple(ITypeSymbol type) =>
        type is INamedTypeSymbol { Arity: > 0 } named && KnownTypes.IsOfPlatform(type) && (named.IsTupleType || named.Name is "Tuple" or "ValueTuple" or "KeyValuePair" or "Nullable");

    /// <summary>Types of the platform that keep a value where nothing can look at it without side effects.</summary>
    public static bool IsWrapper(ITypeSymbol type) =>
        type is INamedTypeSymbol { Arity: > 0, Name: "Lazy" or "WeakReference" or "StrongBox" or "ThreadLocal" or "AsyncLocal" or "Task" or "ValueTask" or "Memory" or "ReadOnlyMemory" }
        && KnownTypes.IsOfPlatform(type);
}
