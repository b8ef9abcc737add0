using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>The sizes of a tensor's axes, outermost first: <c>[64, 784]</c>. At most <see cref="MaxRank"/> axes.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    /// <summary>The largest number of axes a tensor may have.</summary>
    public const int MaxRank = 8;

    private readonly Sizes _sizes;
    private readonly byte _rank;

    /// <summary>A shape with the given sizes; none of them may be negative.</summary>
    /// <exception cref="ArgumentException">
    /// There are more than <see cref="MaxRank"/> sizes, one is negative, or there would be more elements than 64 bits can count (sizes of 0
    /// taken as 1, since strides are products of the others).
    /// </exception>
    public Shape(params ReadOnlySpan<int> sizes)
    {
        CheckRank(sizes.Length, nameof(sizes));
        ulong count = 1;
        for (int i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] < 0)
            {
                throw new ArgumentException($"A size cannot be negative: axis {i} of [{Join(sizes)}].", nameof(sizes));
            }

            _sizes[i] = sizes[i];
            if (Math.BigMul(count, (ulong)Math.Max(sizes[i], 1), out count) != 0 || count > long.MaxValue)
            {
                ThrowTooMany(sizes);
            }
        }

        _rank = (byte)sizes.Length;
    }

    /// <summary>The number of axes; 0 for a scalar.</summary>
    public int Rank => _rank;

    int IReadOnlyCollection<int>.Count => _rank;

    /// <summary>The shape of a scalar.</summary>
    public static Shape Scalar => default;

    /// <summary>The number of elements: the product of the sizes, 1 for a scalar.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            for (int i = 0; i < _rank; i++)
            {
                count *= _sizes[i];
            }

            return count;
        }
    }

    /// <summary>The size of an axis; negative numbers count from the end.</summary>
    public int this[int axis]
    {
        get
        {
            int index = axis < 0 ? axis + _rank : axis;
            if ((uint)index >= _rank)
            {
                throw new ArgumentOutOfRangeException(nameof(axis), $"Axis {axis} of {this}: it has {_rank} axes.");
            }

            return _sizes[index];
        }
    }

    /// <summary>The size of an axis from the end: <c>x.Shape[^1]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public int this[Index axis]
    {
        get
        {
            int at = axis.GetOffset(_rank);
            return (uint)at < _rank ? _sizes[at] : throw new ArgumentOutOfRangeException(nameof(axis), $"Axis {axis} of {this}: it has {_rank} axes.");
        }
    }

    /// <summary>Some of the axes: <c>x.Shape[1..]</c> is the shape of a sample.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no such axes.</exception>
    public Shape this[Range axes]
    {
        get
        {
            (int start, int end) = (axes.Start.GetOffset(_rank), axes.End.GetOffset(_rank));
            return start >= 0 && start <= end && end <= _rank
                ? new Shape(AsSpan()[start..end])
                : throw new ArgumentOutOfRangeException(nameof(axes), $"Axes {axes} of {this}: it has {_rank} axes.");
        }
    }

    /// <summary>The sizes in a span.</summary>
    [UnscopedRef]
    public ReadOnlySpan<int> AsSpan() => ((ReadOnlySpan<int>)_sizes)[.._rank];

    /// <summary>The sizes in a new array.</summary>
    public int[] ToArray() => AsSpan().ToArray();

    /// <summary>This shape with another size at one axis.</summary>
    public Shape With(int axis, int size)
    {
        Span<int> sizes = stackalloc int[_rank];
        AsSpan().CopyTo(sizes);
        sizes[Guard.Axis(axis, _rank)] = size;
        return new Shape(sizes);
    }

    /// <summary>This shape with an axis inserted.</summary>
    public Shape Insert(int axis, int size)
    {
        Span<int> sizes = stackalloc int[_rank + 1];
        int at = Guard.Axis(axis, _rank + 1);
        AsSpan()[..at].CopyTo(sizes);
        sizes[at] = size;
        AsSpan()[at..].CopyTo(sizes[(at + 1)..]);
        return new Shape(sizes);
    }

    /// <summary>This shape without one axis.</summary>
    public Shape Remove(int axis)
    {
        Span<int> sizes = stackalloc int[_rank];
        int at = Guard.Axis(axis, _rank);
        AsSpan()[..at].CopyTo(sizes);
        AsSpan()[(at + 1)..].CopyTo(sizes[at..]);
        return new Shape(sizes[..(_rank - 1)]);
    }

    /// <summary>The first <paramref name="count"/> axes followed by those of <paramref name="tail"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not that many axes.</exception>
    /// <exception cref="ArgumentException">Together they are more than <see cref="MaxRank"/>.</exception>
    public Shape Prefix(int count, params ReadOnlySpan<int> tail)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _rank);
        CheckRank(count + (long)tail.Length, nameof(tail));
        Span<int> sizes = stackalloc int[count + tail.Length];
        AsSpan()[..count].CopyTo(sizes);
        tail.CopyTo(sizes[count..]);
        return new Shape(sizes);
    }

    /// <summary>The common shape of two operands under NumPy's rule: aligned at the last axis, a size of 1 stretches.</summary>
    /// <returns>False if two sizes differ and neither is 1.</returns>
    public static bool TryBroadcast(Shape a, Shape b, out Shape result)
    {
        int rank = Math.Max(a._rank, b._rank);
        Span<int> sizes = stackalloc int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int x = i <= a._rank ? a._sizes[a._rank - i] : 1;
            int y = i <= b._rank ? b._sizes[b._rank - i] : 1;
            if (x != y && x != 1 && y != 1)
            {
                result = default;
                return false;
            }

            sizes[rank - i] = x == 1 ? y : x;
        }

        result = new Shape(sizes);
        return true;
    }

    /// <summary>Builds a shape from a collection expression.</summary>
    public static Shape Create(ReadOnlySpan<int> sizes) => new(sizes);

    /// <summary>A shape from an array.</summary>
    public static implicit operator Shape(int[] sizes)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        return new Shape(sizes);
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int size in AsSpan())
        {
            hash.Add(size);
        }

        return hash.ToHashCode();
    }

    /// <summary>Same sizes.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Different sizes.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>The sizes in brackets: <c>[64, 784]</c>.</summary>
    public override string ToString() => $"[{Join(AsSpan())}]";

    /// <summary>Enumerates the sizes.</summary>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether sizes from a file, none of them negative, can be a shape's.</summary>
    public static bool IsCountable(ReadOnlySpan<int> sizes)
    {
        ulong count = 1;
        foreach (int size in sizes)
        {
            if (size < 0 || Math.BigMul(count, (ulong)Math.Max(size, 1), out count) != 0 || count > long.MaxValue)
            {
                return false;
            }
        }

        return sizes.Length <= MaxRank;
    }

    /// <summary>Refuses a number of axes before memory on the stack is taken for it.</summary>
    internal static void CheckRank(long rank, string name)
    {
        if (rank > MaxRank)
        {
            throw new ArgumentException($"A tensor has at most {MaxRank} axes; {rank} were given.", name);
        }
    }

    [DoesNotReturn]
    private static void ThrowTooMany(ReadOnlySpan<int> sizes) => throw new ArgumentException(
        $"A tensor of shape [{Join(sizes)}] would have more elements than can be counted ({long.MaxValue:N0}).", nameof(sizes));

    private static string Join(ReadOnlySpan<int> sizes) => string.Join(", ", sizes.ToArray());

    [InlineArray(MaxRank)]
    private struct Sizes
    {
        private int _first;
    }
}
