using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>Finds members that nothing lists: those of a class that was compiled without the source generator.</summary>
/// <remarks>
/// An assembly that the generator saw is marked, and there every module lists its members or was refused by the compiler. Elsewhere each class
/// between a module and the engine must override <see cref="Module.VisitMembers"/> or have nothing to list. Each type is examined once.
/// </remarks>
internal static class UnlistedMembers
{
    /// <summary>What is looked at by reflection, and so must survive trimming and native compilation.</summary>
    public const DynamicallyAccessedMemberTypes Looked =
        DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields | DynamicallyAccessedMemberTypes.NonPublicMethods
        | DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.NonPublicProperties;

    private const string VisitMethod = "VisitMembers";

    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // Keyed weakly, so that a plug-in with modules can be unloaded. An empty text says that all is well.
    private static readonly ConditionalWeakTable<Type, string> s_examined = [];

    /// <exception cref="UnlistedMembersException">A member of the type would be neither trained nor saved.</exception>
    public static void ThrowIfAny([DynamicallyAccessedMembers(Looked)] Type type)
    {
        if (type.Assembly == typeof(Module).Assembly)
        {
            return;
        }

        if (!s_examined.TryGetValue(type, out string? fault))
        {
            fault = Examine(type);
            s_examined.AddOrUpdate(type, fault);
        }

        if (fault.Length > 0)
        {
            throw new UnlistedMembersException(fault);
        }
    }

    private static string Examine(Type type)
    {
        for (Type? part = type; part is not null && part.Assembly != typeof(Module).Assembly; part = part.BaseType)
        {
            if (!part.Assembly.IsDefined(typeof(GeneratedModulesAttribute), inherit: false) && FirstUnlisted(part) is { } member)
            {
                return $"{part.Name}: nothing lists its member {member}, which would be neither trained nor saved, because {part.Assembly.GetName().Name} was compiled "
                    + "without Engine.Nn's source generator. Add a ProjectReference to Engine.Nn.csproj or a PackageReference to its package to that project and rebuild it; "
                    + "a Reference to Engine.Nn.dll needs an <Analyzer Include=\"…/Engine.Nn.Generators.dll\" /> beside it. Outside of C#, override VisitMembers.";
            }
        }

        return string.Empty;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Every type between a module and Module derives from Module, whose annotation keeps what is looked at here.")]
    private static string? FirstUnlisted(Type part)
    {
        MethodInfo? visit = part.GetMethod(VisitMethod, Declared, [typeof(MemberVisitor)]);
        if (visit is not null && (visit.Attributes & MethodAttributes.VtableLayoutMask) == MethodAttributes.ReuseSlot && visit.IsVirtual)
        {
            return null;
        }

        foreach (FieldInfo field in part.GetFields(Declared))
        {
            if (Mentions(field.FieldType) && !field.IsDefined(typeof(UntrackedAttribute)))
            {
                string name = SourceName(field.Name);
                if (part.GetProperty(name, Declared)?.IsDefined(typeof(UntrackedAttribute)) != true)
                {
                    return $"{name} ({TypeName(field.FieldType)})";
                }
            }
        }

        return null;
    }

    /// <summary>Whether a member of this type may hold tensors or modules: one, a collection, a tuple, a Lazy. A function only takes or makes them.</summary>
    private static bool Mentions(Type type) =>
        type == typeof(Tensor) || type.IsAssignableTo(typeof(Module)) || (!type.IsAssignableTo(typeof(Delegate)) && Parts(type).Any(Mentions));

    private static IEnumerable<Type> Parts(Type type)
    {
        if (type.GetElementType() is { } element)
        {
            yield return element;
        }

        // A class of its own that derives from a list has no arguments, but its base has.
        for (Type? part = type; part is not null; part = part.BaseType)
        {
            foreach (Type argument in part.GenericTypeArguments)
            {
                yield return argument;
            }
        }
    }

    /// <summary>The compiler stores the property Fc in &lt;Fc&gt;k__BackingField, and a captured parameter likewise.</summary>
    private static string SourceName(string field) => field.StartsWith('<') && field.IndexOf('>') is > 1 and int end ? field[1..end] : field;

    private static string TypeName(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GenericTypeArguments.Select(TypeName))}>" : type.Name;
}
