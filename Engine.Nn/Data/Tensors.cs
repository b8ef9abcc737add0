using System.Collections;
using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>
/// One or several tensors in order, with names or without: the inputs of a model, its outputs, the targets of a batch. A single tensor is one by itself.
/// </summary>
/// <remarks>
/// It refers to its tensors and does not own them. One tensor takes no memory beside it, so that ordinary code pays nothing.
/// <code>
/// Tensors one = image;                                         // a single tensor
/// Tensors two = [image, table];                                // by place: two[0], two[1]
/// Tensors named = new(("image", image), ("table", table));     // by name too: named["table"]
/// Tensors outputs = (mean, logVariance);                       // what a method with two results returns
/// </code>
/// </remarks>
[CollectionBuilder(typeof(Tensors), nameof(Create))]
public readonly struct Tensors : IReadOnlyList<Tensor>, IEquatable<Tensors>
{
    // Nothing, one tensor without a name, or several: so that a single one costs no more than a reference to it.
    private readonly object? _held;

    /// <summary>Tensors with names.</summary>
    /// <exception cref="ArgumentException">A name is empty or there twice.</exception>
    /// <exception cref="ArgumentNullException">A tensor is null.</exception>
    public Tensors(params ReadOnlySpan<(string Name, Tensor Tensor)> named) => _held = NamedItems<Tensor>.Of(nameof(Tensors), named);

    private Tensors(object? held) => _held = held;

    /// <summary>How many there are.</summary>
    public int Count => _held switch { null => 0, Tensor => 1, _ => Many!.Items.Length };

    /// <summary>Their names in order; empty where they have none.</summary>
    public IReadOnlyList<string> Names => Many?.Names ?? [];

    /// <summary>The tensor, where there is one only.</summary>
    /// <exception cref="InvalidOperationException">There is none, or more than one; the message lists them.</exception>
    public Tensor Single => _held as Tensor ?? (Many is { Items: [Tensor only] } ? only : throw NotSingle(nameof(Tensors)));

    private NamedItems<Tensor>? Many => _held as NamedItems<Tensor>;

    /// <summary>The tensor at a place.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public Tensor this[int index] =>
        (uint)index >= (uint)Count ? throw new ArgumentOutOfRangeException(nameof(index), index, $"Tensors: there are {Count}: {this}.")
        : _held as Tensor ?? Many!.Items[index];

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="KeyNotFoundException">None has it; the message lists the names.</exception>
    public Tensor this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return this[NamedItems<Tensor>.Find(nameof(Tensors), Many, Count, name)];
        }
    }

    /// <summary>A tensor by itself; none for null.</summary>
    public static implicit operator Tensors(Tensor? tensor) => new((object?)tensor);

    /// <summary>Two tensors in order, such as the results of a method.</summary>
    public static implicit operator Tensors((Tensor First, Tensor Second) pair) => [pair.First, pair.Second];

    /// <summary>Three tensors in order, such as the results of a method.</summary>
    public static implicit operator Tensors((Tensor First, Tensor Second, Tensor Third) triple) => [triple.First, triple.Second, triple.Third];

    /// <summary>Whether two hold the same tensors, the objects themselves, under the same names.</summary>
    public static bool operator ==(Tensors left, Tensors right) => left.Equals(right);

    /// <summary>Whether two differ in a tensor or in a name.</summary>
    public static bool operator !=(Tensors left, Tensors right) => !left.Equals(right);

    /// <summary>Tensors without names: <c>[a, b]</c>.</summary>
    /// <exception cref="ArgumentNullException">One is null.</exception>
    public static Tensors Create(ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            ArgumentNullException.ThrowIfNull(tensor, nameof(tensors));
        }

        return new(tensors.Length switch { 0 => (object?)null, 1 => tensors[0], _ => new NamedItems<Tensor>(tensors.ToArray(), null) });
    }

    /// <summary>Whether one has this name.</summary>
    public bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Many?.IndexOf(name) >= 0;
    }

    /// <summary>The results of a function of each, under the same names.</summary>
    public Tensors Select(Func<Tensor, Tensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return With([.. ((IEnumerable<Tensor>)this).Select(t => Guard.Returned(function(t), nameof(Select), "the function"))]);
    }

    /// <inheritdoc/>
    public IEnumerator<Tensor> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Tensors other)
    {
        if (ReferenceEquals(_held, other._held))
        {
            return true;
        }

        if (Count != other.Count || !Names.SequenceEqual(other.Names))
        {
            return false;
        }

        for (int i = 0; i < Count; i++)
        {
            if (!ReferenceEquals(this[i], other[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Tensors other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Count == 0 ? 0 : HashCode.Combine(Count, RuntimeHelpers.GetHashCode(this[0]));

    /// <summary>Types and shapes: "image f32 [32, 3, 8, 8], label i64 [32]".</summary>
    public override string ToString()
    {
        Tensors self = this;
        return Count == 0 ? "none" : string.Join(", ", Enumerable.Range(0, Count).Select(i =>
            $"{(self.Names.Count > 0 ? self.Names[i] + " " : string.Empty)}{self[i].DType.ShortName()} {self[i].Shape}"));
    }

    /// <summary>Other tensors under these names.</summary>
    internal Tensors With(Tensor[] tensors) => From(tensors, Many?.Names);

    /// <summary>Tensors with these names, or without where there are none.</summary>
    internal static Tensors From(Tensor[] tensors, string[]? names) => names is null || tensors.Length == 0 ? Create(tensors) : new(new NamedItems<Tensor>(tensors, names));

    /// <summary>The tensor, where there is one only, for a message that says who wanted it.</summary>
    internal Tensor SingleFor(string op, string what) => _held as Tensor ?? (Many is { Items: [Tensor only] } ? only : throw NotSingle(op, what));

    private InvalidOperationException NotSingle(string op, string what = "tensor") => new(Count == 0
        ? $"{op}: there is no {what}."
        : $"{op}: there are {Count} {what}s ({this}), and one is asked for. Choose one by its {(Names.Count > 0 ? "name" : "place")}: [{(Names.Count > 0 ? $"\"{Names[0]}\"" : "0")}].");
}
