namespace Engine.Nn;

/// <summary>A few things in order, all of them with a name or none: what <see cref="Tensors"/> and <see cref="HostArrays"/> have in common.</summary>
internal sealed class NamedItems<T>(T[] items, string[]? names)
    where T : notnull
{
    public T[] Items { get; } = items;

    public string[]? Names { get; } = names;

    /// <summary>Named things; names are not empty and differ.</summary>
    public static NamedItems<T> Of(string op, ReadOnlySpan<(string Name, T Item)> named)
    {
        T[] items = new T[named.Length];
        string[] names = new string[named.Length];
        for (int i = 0; i < named.Length; i++)
        {
            (string name, T item) = named[i];
            if (string.IsNullOrEmpty(name))
            {
                throw new ArgumentException($"{op}: item {i} has no name. Name each, or pass all without names.", nameof(named));
            }

            if (Array.IndexOf(names, name, 0, i) >= 0)
            {
                throw new ArgumentException($"{op}: the name '{name}' is there twice.", nameof(named));
            }

            (items[i], names[i]) = (item ?? throw new ArgumentNullException(nameof(named), $"{op}: '{name}' is null."), name);
        }

        return new NamedItems<T>(items, names);
    }

    /// <summary>The place of a name; −1 where nothing has it.</summary>
    public int IndexOf(string name) => Names is null ? -1 : Array.IndexOf(Names, name);

    /// <summary>The place of a name.</summary>
    /// <exception cref="KeyNotFoundException">Nothing has it; the message lists what there is.</exception>
    public static int Find(string op, NamedItems<T>? items, int count, string name)
    {
        int at = items?.IndexOf(name) ?? -1;
        return at >= 0 ? at
            : items?.Names is { Length: > 0 } names ? throw new KeyNotFoundException($"{op}: there is none named '{name}'; there are {string.Join(", ", names)}.")
            : throw new KeyNotFoundException($"{op}: '{name}' was asked for, but the {count} here have no names. Take them by their place, 0 to {count - 1}, or name them when they are made: (\"{name}\", x).");
    }
}
