using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Engine.Nn;

/// <summary>Modules named 0, 1, …, to be called in whatever way the holder likes: <c>ModuleList&lt;Block&gt; blocks = [new(64), new(64)];</c></summary>
/// <remarks>An array or a list as a member is found just as well; this one can also stand alone, for it is a module itself.</remarks>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "PyTorch's name.")]
public sealed class ModuleList<T> : Module, IList<T>, IReadOnlyList<T>
    where T : Module
{
    private readonly List<T> _items = [];

    /// <summary>No modules yet; add them.</summary>
    public ModuleList()
    {
    }

    /// <summary>The given modules in order.</summary>
    public ModuleList(params IEnumerable<T> modules)
    {
        ArgumentNullException.ThrowIfNull(modules);
        foreach (T module in modules)
        {
            ArgumentNullException.ThrowIfNull(module, nameof(modules));
            Add(module);
        }
    }

    /// <summary>The number of modules.</summary>
    public int Count => _items.Count;

    /// <summary>Always false.</summary>
    public bool IsReadOnly => false;

    /// <summary>A module by its position.</summary>
    public T this[int index]
    {
        get => _items[index];
        set => _items[index] = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>Appends a module.</summary>
    public void Add(T item) => Insert(Count, item);

    /// <summary>Puts a module at a position; the modules after it get other names.</summary>
    public void Insert(int index, T item)
    {
        ArgumentNullException.ThrowIfNull(item);
        _items.Insert(index, item);
    }

    /// <summary>Removes all modules.</summary>
    public void Clear() => _items.Clear();

    /// <summary>Whether a module is in the list.</summary>
    public bool Contains(T item) => _items.Contains(item);

    /// <summary>Copies the modules into an array.</summary>
    public void CopyTo(T[] array, int arrayIndex) => _items.CopyTo(array, arrayIndex);

    /// <summary>The position of a module, −1 if it is not in the list.</summary>
    public int IndexOf(T item) => _items.IndexOf(item);

    /// <summary>Removes a module.</summary>
    public bool Remove(T item) => _items.Remove(item);

    /// <summary>Removes the module at a position.</summary>
    public void RemoveAt(int index) => _items.RemoveAt(index);

    /// <summary>The modules in order.</summary>
    public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    protected override void VisitMembers(MemberVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        base.VisitMembers(visitor);
        visitor.Modules(string.Empty, _items);
    }
}
