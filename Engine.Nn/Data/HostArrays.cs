using System.Collections;
using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>The arrays of one sample in order, with names or without, as <see cref="Tensors"/> are those of a batch.</summary>
[CollectionBuilder(typeof(HostArrays), nameof(Create))]
public readonly struct HostArrays : IReadOnlyList<HostArray>
{
    private readonly NamedItems<HostArray>? _held;

    /// <summary>Arrays with names.</summary>
    /// <exception cref="ArgumentException">A name is empty or there twice.</exception>
    public HostArrays(params ReadOnlySpan<(string Name, HostArray Array)> named) => _held = NamedItems<HostArray>.Of(nameof(HostArrays), named);

    private HostArrays(HostArray[] arrays) => _held = new NamedItems<HostArray>(arrays, null);

    /// <summary>How many there are.</summary>
    public int Count => _held?.Items.Length ?? 0;

    /// <summary>Their names in order; empty where they have none.</summary>
    public IReadOnlyList<string> Names => _held?.Names ?? [];

    /// <summary>The array at a place.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public HostArray this[int index] => (uint)index < (uint)Count
        ? _held!.Items[index]
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"HostArrays: there are {Count}.");

    /// <summary>The array of a name.</summary>
    /// <exception cref="KeyNotFoundException">None has it; the message lists the names.</exception>
    public HostArray this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return this[NamedItems<HostArray>.Find(nameof(HostArrays), _held, Count, name)];
        }
    }

    /// <summary>An array by itself.</summary>
    public static implicit operator HostArrays(HostArray array) => new([array]);

    /// <summary>Arrays without names: <c>[a, b]</c>.</summary>
    public static HostArrays Create(ReadOnlySpan<HostArray> arrays) => new(arrays.ToArray());

    /// <inheritdoc/>
    public IEnumerator<HostArray> GetEnumerator() => ((IEnumerable<HostArray>)(_held?.Items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Their names, or null where they have none.</summary>
    internal string[]? NamesOrNull => _held?.Names;

    /// <summary>Other arrays under these names.</summary>
    internal HostArrays With(HostArray[] arrays) => _held?.Names is { } names ? new(new NamedItems<HostArray>(arrays, names)) : new(arrays);

    private HostArrays(NamedItems<HostArray> held) => _held = held;
}
