using System.Collections.Generic;
using System.Linq;
using System.Threading;
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
        List<MemberModel> members = [.. ReadMembers(type, findings)];
        findings.AddRange(PrimaryConstructorCaptures.Find(type, context.SemanticModel.Compilation, cancel));
        if (members.Count == 0 && findings.Count == 0)
        {
            return null;
        }

        if (members.Count > 0)
        {
            CheckPartial(type, syntax, findings);
        }

        return new ModuleModel(
            HintName(type),
            type.ContainingNamespace.IsGlobalNamespace ? string.Empty : type.ContainingNamespace.ToDisplayString(),
            new EquatableArray<string>(Containers(type).Select(Header)),
            new EquatableArray<MemberModel>(members),
            new EquatableArray<Finding>(findings));
    }

    private static IEnumerable<MemberModel> ReadMembers(INamedTypeSymbol type, List<Finding> findings)
    {
        HashSet<string> names = [];
        foreach (IFieldSymbol field in type.GetMembers().OfType<IFieldSymbol>().Where(static f => !f.IsStatic && !f.IsConst))
        {
            // The backing field of a property stands for the property, which carries the name and the attributes.
            ISymbol member = field.AssociatedSymbol ?? field;
            if (member is not (IPropertySymbol or IFieldSymbol { IsImplicitlyDeclared: false }) || KnownTypes.Attribute(member, "Untracked") is not null)
            {
                continue;
            }

            MemberKind? kind = KnownTypes.Classify(field.Type, out bool unknownContainer);
            Location location = member.Locations[0];
            if (unknownContainer)
            {
                findings.Add(Finding.At(Rules.UnknownContainer, location, member.Name, field.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)));
            }

            if (kind is null)
            {
                continue;
            }

            string name = KnownTypes.Attribute(member, "Name")?.ConstructorArguments.FirstOrDefault().Value as string ?? SnakeCase.From(member.Name);
            if (name.Length == 0 ? kind != MemberKind.Module : name.Split('.').Any(static part => part.Length == 0))
            {
                findings.Add(Finding.At(Rules.BadName, location, member.Name, name));
            }

            if (!names.Add(name) && name.Length > 0)
            {
                findings.Add(Finding.At(Rules.SameName, location, member.Name, name));
            }

            bool buffer = KnownTypes.Attribute(member, "Buffer") is not null;
            kind = (kind, buffer) switch
            {
                (MemberKind.Parameter, true) => MemberKind.Buffer,
                (MemberKind.Parameters, true) => MemberKind.Buffers,
                _ => kind,
            };
            yield return new MemberModel(member.Name, name, kind.Value, KnownTypes.Attribute(member, "NotPersistent") is null);
        }
    }

    private static void CheckPartial(INamedTypeSymbol type, ClassDeclarationSyntax syntax, List<Finding> findings)
    {
        if (!syntax.Modifiers.Any(SyntaxKind.PartialKeyword))
        {
            findings.Add(Finding.At(Rules.NotPartial, syntax.Identifier.GetLocation(), type.Name));
        }

        if (syntax.Modifiers.Any(SyntaxKind.FileKeyword))
        {
            findings.Add(Finding.At(Rules.NotPartial, syntax.Identifier.GetLocation(), type.Name, " (and not 'file', which confines it to this file)"));
        }

        foreach (TypeDeclarationSyntax outer in syntax.Ancestors().OfType<TypeDeclarationSyntax>())
        {
            if (!outer.Modifiers.Any(SyntaxKind.PartialKeyword))
            {
                findings.Add(Finding.At(Rules.NotPartial, outer.Identifier.GetLocation(), type.Name, $", and so must the containing type '{outer.Identifier.Text}'"));
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
