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
    /// <summary>The members that reflection reads; trimming and native compilation must keep them.</summary>
    public const DynamicallyAccessedMemberTypes Looked =
        DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields | DynamicallyAccessedMemberTypes.NonPublicMethods
        | DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.NonPublicProperties;

    private const string VisitMethod = "VisitMembers";

    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // Keyed weakly, so that a plug-in with modules can be unloaded.
    private static readonly ConditionalWeakTable<Type, Examined> s_examined = [];

    /// <exception cref="UnlistedMembersException">A member of the type would be neither trained nor saved.</exception>
    public static void ThrowIfAny([DynamicallyAccessedMembers(Looked)] Type type)
    {
        if (type.Assembly == typeof(Module).Assembly)
        {
            return;
        }

        if (!s_examined.TryGetValue(type, out Examined? examined))
        {
            examined = Examine(type);
            s_examined.AddOrUpdate(type, examined);
        }

        if (examined.Fault is { } fault)
        {
            throw new UnlistedMembersException(fault);
        }
    }

    /// <summary>Searches the present values of members that nothing lists and whose types do not name their content.</summary>
    /// <exception cref="UnlistedMembersException">One of them holds tensors or modules.</exception>
    public static void ThrowIfAnyHeld(Module module)
    {
        if (!s_examined.TryGetValue(module.GetType(), out Examined? examined))
        {
            return;
        }

        foreach (FieldInfo field in examined.Open)
        {
            if (HeldItems.Hold(field.GetValue(module)))
            {
                throw new UnlistedMembersException(Message(field));
            }
        }
    }

    /// <summary>Whether a field, or its property, is marked as no part of the module.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "A property that is gone has no attribute, and its field is taken for a part: an error too many, none too few.")]
    public static bool IsUntracked(FieldInfo field) =>
        field.IsDefined(typeof(UntrackedAttribute)) || field.DeclaringType?.GetProperty(SourceName(field.Name), Declared)?.IsDefined(typeof(UntrackedAttribute)) == true;

    private static Examined Examine(Type type)
    {
        List<FieldInfo> open = [];
        for (Type? part = type; part is not null && part.Assembly != typeof(Module).Assembly; part = part.BaseType)
        {
            if (part.Assembly.IsDefined(typeof(GeneratedModulesAttribute), inherit: false) || ListsMembers(part))
            {
                continue;
            }

            foreach (FieldInfo field in Fields(part).Where(f => !IsUntracked(f)))
            {
                if (Mentions(field.FieldType) || HeldTypes.IsPlainHolder(field.FieldType))
                {
                    return new Examined(Message(field), []);
                }

                if (HeldTypes.IsOpen(field.FieldType))
                {
                    open.Add(field);
                }
            }
        }

        return new Examined(null, [.. open]);
    }

    private static string Message(FieldInfo field)
    {
        Type part = field.DeclaringType!;
        return $"{part.Name}: nothing lists its member {SourceName(field.Name)} ({TypeName(field.FieldType)}), which would be neither trained nor saved, because {part.Assembly.GetName().Name} was compiled "
            + "without Engine.Nn's source generator. Add a ProjectReference to Engine.Nn.csproj or a PackageReference to its package to that project and rebuild it; "
            + "a Reference to Engine.Nn.dll needs an <Analyzer Include=\"…/Engine.Nn.Generators.dll\" /> beside it. Outside of C#, override VisitMembers.";
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Every type between a module and Module derives from Module, whose annotation keeps what is looked at here.")]
    private static FieldInfo[] Fields(Type part) => part.GetFields(Declared);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Every type between a module and Module derives from Module, whose annotation keeps what is looked at here.")]
    private static bool ListsMembers(Type part) =>
        part.GetMethod(VisitMethod, Declared, [typeof(MemberVisitor)]) is { IsVirtual: true } visit && (visit.Attributes & MethodAttributes.VtableLayoutMask) == MethodAttributes.ReuseSlot;

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

    public static string TypeName(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GenericTypeArguments.Select(TypeName))}>" : type.Name;

    /// <summary>The fault of a type as declared, and the fields whose values have to be searched.</summary>
    private sealed record Examined(string? Fault, FieldInfo[] Open);
}
