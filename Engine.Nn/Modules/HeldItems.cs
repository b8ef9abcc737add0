using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>Looks into values of unknown type: the entries of collections, and whether there is a tensor or module anywhere inside.</summary>
internal static class HeldItems
{
    /// <summary>
    /// The entries of a collection that can be listed, with their names (keys, or positions). Null if the value is no such collection: of an
    /// unknown shape, without names, or a query that is computed anew each time and may be about anything.
    /// </summary>
    public static IReadOnlyList<(string? Key, object? Item)>? List(object collection)
    {
        if (Sequence(collection) is not { } sequence || collection is Array { Rank: > 1 })
        {
            return null;
        }

        List<(string?, object?)> entries = [];
        int index = 0;
        foreach (object? item in sequence)
        {
            if (!IsPair(item, out object? key, out object? value))
            {
                entries.Add((ModulePath.Index(index), item));
            }
            else if (key is string or null)
            {
                entries.Add(((string?)key, value));
            }
            else
            {
                return null;
            }

            index++;
        }

        return entries;
    }

    /// <summary>Whether a tensor or module is inside, as far as can be seen without calling anything of the user's but enumerators.</summary>
    public static bool Hold(object? value) => Hold(value, new HashSet<object>(ReferenceEqualityComparer.Instance));

    private static bool Hold(object? value, HashSet<object> seen)
    {
        if (value is null or string or Delegate)
        {
            return false;
        }

        if (value is Module or Tensor)
        {
            return true;
        }

        Type type = value.GetType();
        if (HeldTypes.Mentions(type) || HeldTypes.IsPlainHolder(type))
        {
            // An empty list of modules holds none; a collection that cannot be read counts as full.
            return Sequence(value) is not { } typed || typed.Cast<object?>().Any();
        }

        // Collections that contain each other may be nested without end, and more deeply than the stack allows.
        if (!seen.Add(value) || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            return false;
        }

        if (IsPair(value, out object? key, out object? entry))
        {
            return Hold(key, seen) || Hold(entry, seen);
        }

        if (value is ITuple tuple)
        {
            for (int i = 0; i < tuple.Length; i++)
            {
                if (Hold(tuple[i], seen))
                {
                    return true;
                }
            }

            return false;
        }

        return Sequence(value)?.Cast<object?>().Any(item => Hold(item, seen)) ?? false;
    }

    /// <summary>The value as a sequence that can be read again and again and is worth it.</summary>
    private static IEnumerable? Sequence(object value) => value switch
    {
        string => null,
        IEnumerator => value is IEnumerable query && HeldTypes.AreElementsNamed(value.GetType()) ? query : null,
        IDictionary dictionary => HeldTypes.MayHoldElements(value.GetType()) ? Entries(dictionary) : null,
        IEnumerable sequence => HeldTypes.MayHoldElements(value.GetType()) ? sequence : null,
        _ => null,
    };

    // Enumerated as any other collection, a dictionary gives pairs whose types only reflection can tell.
    private static IEnumerable<object> Entries(IDictionary dictionary)
    {
        foreach (DictionaryEntry entry in dictionary)
        {
            yield return entry;
        }
    }

    private static bool IsPair(object? value, out object? key, out object? item)
    {
        switch (value)
        {
            case DictionaryEntry entry:
                (key, item) = (entry.Key, entry.Value);
                return true;
            case KeyValuePair<string, object?> pair:
                (key, item) = pair;
                return true;
            case not null when value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>):
                (key, item) = Read(type, value);
                return true;
            default:
                (key, item) = (null, null);
                return false;
        }
    }

    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(KeyValuePair<,>))]
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The properties are kept by the attribute above.")]
    private static (object? Key, object? Value) Read(Type pair, object value) =>
        (pair.GetProperty(nameof(KeyValuePair<,>.Key))!.GetValue(value), pair.GetProperty(nameof(KeyValuePair<,>.Value))!.GetValue(value));
}
