using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engine.Nn.Generators;

/// <summary>Turns a class declaration into a model, or into nothing where there is nothing to write.</summary>
internal static class ModuleReader
{
    public static ModuleModel? Read(GeneratorSyntaxContext context, CancellationToken cancel)
    {
        ClassDeclarationSyntax syntax = (ClassDeclarationSyntax)context.Node;
        if (context.SemanticModel.GetDeclaredSymbol(syntax, cancel) is not { } type
            || !KnownTypes.IsModule(type.BaseType)
            || !IsFirstPart(type, syntax, cancel)
            || OverridesByHand(type))
        {
            return null;
        }

        List<Finding> findings = [];
        List<MemberModel> members = [.. ReadMembers(type, findings, context.SemanticModel.Compilation, cancel)];
        findings.AddRange(PrimaryConstructorCaptures.Find(type, context.SemanticModel.Compilation, cancel));
        if (members.Count == 0 && findings.Count == 0)
        {
            return null;
        }

        if (members.Count > 0)
        {
            CheckPartial(type, syntax, members, findings);
        }

        return new ModuleModel(
            HintName(type),
            type.ContainingNamespace.IsGlobalNamespace ? string.Empty : type.ContainingNamespace.ToDisplayString(),
            new EquatableArray<string>(Containers(type).Select(Header)),
            new EquatableArray<MemberModel>(members),
            new EquatableArray<Finding>(findings));
    }

    private static IEnumerable<MemberModel> ReadMembers(INamedTypeSymbol type, List<Finding> findings, Compilation compilation, CancellationToken cancel)
    {
        HashSet<string> names = [];
        foreach (IFieldSymbol field in type.GetMembers().OfType<IFieldSymbol>().Where(static f => !f.IsStatic && !f.IsConst))
        {
            // The backing field of a property stands for the property, which carries the name.
            ISymbol member = field.AssociatedSymbol ?? field;
            if (member is not (IPropertySymbol or IFieldSymbol { IsImplicitlyDeclared: false }) || KnownTypes.Attribute(field, "Untracked") is not null)
            {
                continue;
            }

            MemberType found = MemberTypes.Of(field.Type, compilation, cancel);
            if (found.Kind is not null && member is IPropertySymbol { GetMethod: null })
            {
                found = new MemberType(null, Rules.UnknownContainer, $"{MemberTypes.Display(field.Type)} that nothing can read");
            }

            Location location = member.Locations[0];
            string simpleName = member.Name.Substring(member.Name.LastIndexOf('.') + 1);
            if (found.Trouble is { } rule)
            {
                findings.Add(Finding.At(rule, location, simpleName, found.Detail));
            }

            if (found.Kind is not { } kind)
            {
                continue;
            }

            string name = KnownTypes.Attribute(field, "Name")?.ConstructorArguments.FirstOrDefault().Value as string ?? SnakeCase.From(simpleName);
            if (name.Length == 0 ? kind is not (MemberKind.Module or MemberKind.Held) : name.Split('.').Any(static part => part.Length == 0))
            {
                findings.Add(Finding.At(Rules.BadName, location, simpleName, name));
            }

            // Whether a member of an open type has anything to save shows at run time, where two tensors of one name are refused.
            if (kind != MemberKind.Held && !names.Add(name) && name.Length > 0)
            {
                findings.Add(Finding.At(Rules.SameName, location, simpleName, name));
            }

            bool buffer = KnownTypes.Attribute(field, "Buffer") is not null;
            kind = (kind, buffer) switch
            {
                (MemberKind.Parameter, true) => MemberKind.Buffer,
                (MemberKind.Parameters, true) => MemberKind.Buffers,
                (MemberKind.Held, true) => MemberKind.HeldBuffers,
                _ => kind,
            };
            yield return new MemberModel(Access(member, field.Type, kind), name, kind, KnownTypes.Attribute(field, "NotPersistent") is null);
        }
    }

    private static string Access(ISymbol member, ITypeSymbol type, MemberKind kind)
    {
        string access = (member as IPropertySymbol)?.ExplicitInterfaceImplementations.FirstOrDefault() is { } implemented
            ? $"(({implemented.ContainingType.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)})this).{Escape(implemented.Name)}"
            : $"this.{Escape(member.Name)}";

        if (type.TypeKind == TypeKind.Dynamic)
        {
            // Otherwise the call itself would be dynamic.
            return "(object?)" + access;
        }

        // Entries without a tensor are skipped, which the visitor's types cannot say.
        bool maybeNull = kind is MemberKind.Parameters or MemberKind.Buffers
            && TypeParts.Elements(type).Any(static e => TypeParts.ValueOfNamed(e)?.NullableAnnotation == NullableAnnotation.Annotated);
        return maybeNull ? access + "!" : access;
    }

    private static void CheckPartial(INamedTypeSymbol type, ClassDeclarationSyntax syntax, List<MemberModel> members, List<Finding> findings)
    {
        // A class with nothing but members of open types is told which one is meant: it may be a lock.
        string reason = members.All(static m => m.Kind is MemberKind.Held or MemberKind.HeldBuffers)
            ? $" (if only by chance: the type of '{members[0].Access.Split('.').Last()}' does not say what it holds; [Untracked] leaves it out)"
            : string.Empty;
        if (!syntax.Modifiers.Any(SyntaxKind.PartialKeyword))
        {
            findings.Add(Finding.At(Rules.NotPartial, syntax.Identifier.GetLocation(), type.Name, reason));
        }

        if (syntax.Modifiers.Any(SyntaxKind.FileKeyword))
        {
            findings.Add(Finding.At(Rules.NotPartial, syntax.Identifier.GetLocation(), type.Name, " (and not 'file', which confines it to this file)" + reason));
        }

        foreach (TypeDeclarationSyntax outer in syntax.Ancestors().OfType<TypeDeclarationSyntax>())
        {
            if (!outer.Modifiers.Any(SyntaxKind.PartialKeyword))
            {
                findings.Add(Finding.At(Rules.NotPartial, outer.Identifier.GetLocation(), type.Name, $", and so must the containing type '{outer.Identifier.Text}'{reason}"));
            }
        }
    }

    /// <summary>Of several parts of one class only the first that names the base class counts.</summary>
    private static bool IsFirstPart(INamedTypeSymbol type, ClassDeclarationSyntax syntax, CancellationToken cancel) =>
        type.DeclaringSyntaxReferences.Select(r => r.GetSyntax(cancel)).OfType<ClassDeclarationSyntax>().First(static c => c.BaseList is not null) == syntax;

    private static bool OverridesByHand(INamedTypeSymbol type) =>
        type.GetMembers(KnownTypes.VisitMethod).OfType<IMethodSymbol>().Any(static m => m.IsOverride);

    private static IEnumerable<INamedTypeSymbol> Containers(INamedTypeSymbol type)
    {
        Stack<INamedTypeSymbol> path = new();
        for (INamedTypeSymbol? t = type; t is not null; t = t.ContainingType)
        {
            path.Push(t);
        }

        return path;
    }

    private static string Header(INamedTypeSymbol type)
    {
        string keyword = type switch
        {
            { IsRecord: true, TypeKind: TypeKind.Struct } => "record struct",
            { IsRecord: true } => "record",
            { TypeKind: TypeKind.Struct } => "struct",
            { TypeKind: TypeKind.Interface } => "interface",
            _ => "class",
        };
        string parameters = type.Arity == 0 ? string.Empty : $"<{string.Join(", ", type.TypeParameters.Select(static p => p.Name))}>";
        return $"partial {keyword} {Escape(type.Name)}{parameters}";
    }

    internal static string Escape(string identifier) => SyntaxFacts.GetKeywordKind(identifier) == SyntaxKind.None ? identifier : "@" + identifier;

    private static string HintName(INamedTypeSymbol type)
    {
        string space = type.ContainingNamespace.IsGlobalNamespace ? string.Empty : type.ContainingNamespace.ToDisplayString() + ".";
        return space + string.Join(".", Containers(type).Select(static t => t.MetadataName.Replace('`', '_'))) + ".g.cs";
    }
}
