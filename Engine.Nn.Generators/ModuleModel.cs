using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Engine.Nn.Generators;

/// <summary>How a member is reported to the visitor.</summary>
internal enum MemberKind
{
    Parameter,
    Buffer,
    Module,
    Parameters,
    Buffers,
    Modules,

    /// <summary>The declared type does not say; the value is looked at each time.</summary>
    Held,
    HeldBuffers,
}

/// <summary>A field or property that a module consists of.</summary>
/// <param name="Access">The expression that reads it.</param>
/// <param name="Name">The name under which it is saved.</param>
/// <param name="Kind">How it is reported.</param>
/// <param name="Persistent">Whether it is saved.</param>
internal sealed record MemberModel(string Access, string Name, MemberKind Kind, bool Persistent);

/// <summary>A fault of a class, and its location.</summary>
internal sealed record Finding(string RuleId, string FilePath, TextSpan Span, LinePositionSpan Lines, string Subject, string Detail)
{
    public static Finding At(DiagnosticDescriptor rule, Location location, string subject, string detail = "")
    {
        FileLinePositionSpan lines = location.GetLineSpan();
        return new Finding(rule.Id, lines.Path, location.SourceSpan, lines.Span, subject, detail);
    }

    public Diagnostic ToDiagnostic() =>
        Diagnostic.Create(Rules.ById(RuleId), Location.Create(FilePath, Span, Lines), Subject, Detail);
}

/// <summary>A class that derives from Module: plain values only, so that equal input gives equal models.</summary>
/// <param name="HintName">The name of the generated file.</param>
/// <param name="Namespace">The namespace; empty for the global one.</param>
/// <param name="Declarations">The headers of the containing types, outermost first, then of the class itself.</param>
/// <param name="Members">The members that the class adds to its base class.</param>
/// <param name="Findings">The faults; an override is written only if there are none.</param>
internal sealed record ModuleModel(
    string HintName,
    string Namespace,
    EquatableArray<string> Declarations,
    EquatableArray<MemberModel> Members,
    EquatableArray<Finding> Findings);
