using Microsoft.CodeAnalysis;

namespace Engine.Nn.Generators;

/// <summary>The compiler's messages on modules whose members cannot be found.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor NotPartial = Error(
        "ENN001",
        "A module must be partial",
        "'{0}' holds tensors or modules, so it must be 'partial' for them to be found{1}; write 'partial class', or override VisitMembers by hand");

    public static readonly DiagnosticDescriptor Captured = Error(
        "ENN002",
        "A module captured from a primary constructor is invisible",
        "'{0}' is captured from the primary constructor, where nothing can find it: it would be neither trained nor saved{1}; store it in a property and use that, or mark the parameter [Untracked]");

    public static readonly DiagnosticDescriptor UnknownContainer = Error(
        "ENN003",
        "A container of modules or tensors that cannot be visited",
        "'{0}' is a {1}, which cannot be visited; use members of their own, ModuleList<T>, a list, an array or a dictionary with string keys, or mark it [Untracked]");

    public static readonly DiagnosticDescriptor SameName = Error(
        "ENN004",
        "Two members of a module have one name",
        "'{0}' would be saved under the name \"{1}\", which another member of the class has; rename one or give it [Name(\"…\")]");

    public static readonly DiagnosticDescriptor BadName = Error(
        "ENN005",
        "A name that cannot be part of a path",
        "'{0}' is named \"{1}\"; a name is not empty (only a module's may be: it adds nothing to the path) and has no empty part between dots");

    public static readonly DiagnosticDescriptor PlainHolder = Error(
        "ENN006",
        "Tensors or modules in a type that is no module",
        "'{0}' is a {1}: they would be neither trained nor saved; derive the type from Module, put its parts into members of their own, or mark '{0}' [Untracked]");

    private static readonly DiagnosticDescriptor[] s_all = [NotPartial, Captured, UnknownContainer, SameName, BadName, PlainHolder];

    public static DiagnosticDescriptor ById(string id) => s_all.First(rule => rule.Id == id);

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Engine.Nn", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
