using Microsoft.CodeAnalysis;

namespace Engine.Nn.Generators;

/// <summary>The meaning of a member's type for a module: how it is visited, or why it cannot be. Neither if the type has no tensors or modules.</summary>
internal readonly record struct MemberType(MemberKind? Kind, DiagnosticDescriptor? Trouble = null, string Detail = "");

/// <summary>Decides by a member's declared type.</summary>
internal static class MemberTypes
{
    public static MemberType Of(ITypeSymbol type, Compilation compilation, CancellationToken cancel)
    {
        if (One(type) is { } one)
        {
            return new MemberType(one);
        }

        if (Several(type) is { } several)
        {
            return new MemberType(several);
        }

        if (Mentions(type) || IsWrapperOfAny(type))
        {
            return new MemberType(null, Rules.UnknownContainer, Display(type));
        }

        if (PlainHolders.Find(type, compilation, cancel) is { } part)
        {
            return new MemberType(null, Rules.PlainHolder, $"{Display(type)}, which is no module but holds tensors or modules in {part}");
        }

        return new MemberType(MayHold(type) ? MemberKind.Held : null);
    }

    /// <summary>Whether a value of this type holds tensors or modules, as a tuple or a Lazy does; a function only takes or makes them.</summary>
    public static bool Mentions(ITypeSymbol type) => Mentions(type, NewSet());

    /// <summary>Whether a value may be, or be a collection of, modules or tensors although the type does not say so.</summary>
    public static bool MayHold(ITypeSymbol type) => MayHold(type, NewSet());

    /// <summary>A type's name for a message.</summary>
    public static string Display(ITypeSymbol type) =>
        (type.IsReferenceType ? type.WithNullableAnnotation(NullableAnnotation.None) : type).ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);

    private static HashSet<ITypeSymbol> NewSet() => new(SymbolEqualityComparer.Default);

    private static MemberKind? One(ITypeSymbol type) =>
        KnownTypes.IsTensor(type) ? MemberKind.Parameter : KnownTypes.IsModule(type) ? MemberKind.Module : null;

    private static MemberKind? Several(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol { IsSZArray: false })
        {
            return null;
        }

        MemberKind?[] kinds = [.. TypeParts.Elements(type).Select(static e => One(TypeParts.ValueOfNamed(e) ?? e)).Distinct()];
        return kinds.Length != 1 || kinds[0] is not { } kind ? null : kind == MemberKind.Module ? MemberKind.Modules : MemberKind.Parameters;
    }

    private static bool Mentions(ITypeSymbol type, HashSet<ITypeSymbol> seen)
    {
        if (One(type) is not null)
        {
            return true;
        }

        if (type.TypeKind == TypeKind.Delegate || !seen.Add(type))
        {
            return false;
        }

        // A class that implements an interface of the user's own may be a module.
        bool open = type.TypeKind == TypeKind.Interface && !KnownTypes.IsOfPlatform(type);
        return TypeParts.Elements(type).Any(e => Mentions(e, seen))
            || (type is INamedTypeSymbol named && !open && named.TypeArguments.Any(a => Mentions(a, seen)));
    }

    private static bool IsWrapperOfAny(ITypeSymbol type) => TypeParts.IsWrapper(type) && ((INamedTypeSymbol)type).TypeArguments.Any(MayHold);

    private static bool MayHold(ITypeSymbol type, HashSet<ITypeSymbol> seen)
    {
        if (type.TypeKind == TypeKind.Dynamic || type.SpecialType == SpecialType.System_Object || One(type) is not null)
        {
            return true;
        }

        if (type is ITypeParameterSymbol parameter)
        {
            return !parameter.HasValueTypeConstraint && parameter.ConstraintTypes.All(c => MayHold(c, seen));
        }

        if (type.TypeKind is not (TypeKind.Interface or TypeKind.Class or TypeKind.Struct or TypeKind.Array) || !seen.Add(type))
        {
            return false;
        }

        // A list of numbers is one also where only an interface is promised.
        if (TypeParts.IsEnumerable(type))
        {
            List<ITypeSymbol> elements = [.. TypeParts.Elements(type)];
            return elements.Count == 0 || elements.Any(e => MayHold(e, seen));
        }

        return type.TypeKind == TypeKind.Interface || (TypeParts.IsTuple(type) && ((INamedTypeSymbol)type).TypeArguments.Any(a => MayHold(a, seen)));
    }
}
