using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>A matrix whose rows an index names; the elements of a row are neighbours.</summary>
internal readonly unsafe struct TableRows<T>(in Operand table) where T : unmanaged
{
    private readonly T* _first = (T*)table.Address;
    private readonly long _pitch = table.Layout.Strides[0];

    /// <summary>How many rows there are.</summary>
    public readonly int Count = table.Shape[0];

    /// <summary>The length of a row.</summary>
    public readonly nint Size = table.Shape[1];

    /// <summary>The row of a number that was checked, or one that is only fetched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* At(long row) => _first + (row * _pitch);
}

/// <summary>The terms of sums, sorted by the place at which they meet: those of place w are order[starts[w] … starts[w + 1]), ascending.</summary>
internal readonly unsafe struct SortedTerms(int* starts, int* order, int count, int places)
{
    public readonly int* Starts = starts;
    public readonly int* Order = order;
    public readonly int Count = count;
    public readonly int Places = places;

    /// <summary>Sorts by counting.</summary>
    /// <param name="index">The place of each term.</param>
    /// <param name="count">How many terms there are.</param>
    /// <param name="places">How many places there are.</param>
    /// <param name="starts">Room for places + 1 numbers.</param>
    /// <param name="order">Room for a number a term.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static SortedTerms Of(long* index, int count, int places, int* starts, int* order)
    {
        new Span<int>(starts, places + 1).Clear();
        for (int i = 0; i < count; i++)
        {
            starts[Checked(index[i], places, "ScatterSum")]++;
        }

        // The end of each place's terms, from which they are filled downwards.
        int sum = 0;
        for (int w = 0; w <= places; w++)
        {
            starts[w] = sum += starts[w];
        }

        for (int i = count - 1; i >= 0; i--)
        {
            order[--starts[index[i]]] = i;
        }
        return new SortedTerms(starts, order, count, places);
    }

    /// <summary>An index, if it names one of so many places.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Checked(long index, int places, string op)
    {
        if ((ulong)index >= (ulong)places)
        {
            ThrowOutside(index, places, op);
        }
        return index;
    }

    [DoesNotReturn]
    private static void ThrowOutside(long index, int places, string op) => throw new ArgumentOutOfRangeException(
        nameof(index), index, $"{op}: index {index} lies outside an axis of size {places}; indices go from 0 to {places - 1}.");
}
