using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>Which types have tensors and modules inside. Each type is examined once.</summary>
internal static class HeldTypes
{
    // Keyed weakly, so that a plug-in with modules can be unloaded.
    private static readonly ConditionalWeakTable<Type, object> s_elements = [];
    private static readonly ConditionalWeakTable<Type, object> s_plain = [];

    /// <summary>Whether the type names tensors or modules: one, an array, a tuple, a Lazy. A function only takes or makes them.</summary>
    public static bool Mentions(Type type) =>
        type == typeof(Tensor) || type.IsAssignableTo(typeof(Module))
        || (!type.IsAssignableTo(typeof(Delegate)) && (type.GetElementType() is { } element ? Mentions(element) : type.GenericTypeArguments.Any(Mentions)));

    /// <summary>Whether a field of this type may hold tensors or modules that its type does not name.</summary>
    public static bool IsOpen(Type type) =>
        type == typeof(object) || type.IsInterface || (IsSequence(type) && MayHoldElements(type)) || type.IsAssignableTo(typeof(ITuple));

    /// <summary>
    /// Whether a class or struct that is no module has fields that name tensors or modules, itself or further inside. A program without its metadata shows none.
    /// Those of the platform and of the engine (optimizers, batches) are no parts of a model.
    /// </summary>
    public static bool IsPlainHolder(Type type) => (bool)s_plain.GetValue(type, static t => IsPlainHolder(t, []));

    /// <summary>
    /// Whether a collection of this type may have tensors or modules among its elements. Numbers, texts, and classes that are no modules are not
    /// worth reading, which may cost much: a sequence of batches loads data.
    /// </summary>
    public static bool MayHoldElements(Type collection) => (Elements)s_elements.GetValue(collection, static t => Examine(t)) != Elements.Harmless;

    /// <summary>Whether the elements are declared as modules, tensors, or by an interface of the user's own.</summary>
    public static bool AreElementsNamed(Type collection) => (Elements)s_elements.GetValue(collection, static t => Examine(t)) == Elements.Named;

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "What the trimmer removes is not seen here; the generator looks at declared types before.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "What the trimmer removes is not seen here; the generator looks at declared types before.")]
    private static bool IsPlainHolder(Type type, HashSet<Type> seen)
    {
        if (type.IsAssignableTo(typeof(Delegate)) || !seen.Add(type))
        {
            return false;
        }

        if ((type.GetElementType() is { } element && IsPlainHolder(element, seen)) || type.GenericTypeArguments.Any(a => IsPlainHolder(a, seen)))
        {
            return true;
        }

        for (Type? part = type; part is not null && (part.IsClass || part.IsValueType) && !IsOfPlatform(part) && !IsOfEngine(part); part = part.BaseType)
        {
            FieldInfo[] fields = part.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
            if (fields.Any(f => (Mentions(f.FieldType) || IsPlainHolder(f.FieldType, seen)) && !UnlistedMembers.IsUntracked(f)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOfEngine(Type type) => type.Assembly == typeof(Tensor).Assembly || type.Assembly == typeof(Module).Assembly;

    private static bool IsOfPlatform(Type type) => type.Namespace?.Split('.')[0] is "System" or "Microsoft";

    private static bool IsSequence(Type type) => type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable));

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "IEnumerable<T> is used here, so no type loses it; were one to, its elements would be looked at one by one.")]
    private static object Examine(Type collection)
    {
        Type[] elements = [.. collection.GetInterfaces().Append(collection)
            .Where(static i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))
            .Select(static i => i.GenericTypeArguments[0])];
        return elements.Length == 0 ? Elements.Open
            : elements.Any(IsNamed) ? Elements.Named
            : elements.Any(MayHold) ? Elements.Open : Elements.Harmless;
    }

    private static bool IsNamed(Type element) =>
        element == typeof(Tensor) || element.IsAssignableTo(typeof(Module))
        || (element.IsInterface && !IsOfPlatform(element))
        || (IsPair(element) && IsNamed(element.GenericTypeArguments[1]));

    private static bool MayHold(Type element) =>
        element == typeof(object) || element.IsInterface || IsSequence(element) || element.IsAssignableTo(typeof(ITuple)) || Mentions(element)
        || (IsPair(element) && element.GenericTypeArguments.Any(MayHold));

    private static bool IsPair(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);

    private enum Elements
    {
        Harmless,
        Open,
        Named,
    }
}
