using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// Combines a tile element by element into a row of accumulators in the compute type: the rows of a matrix into one. Sums, products and
/// extremes are the tile operations of the same name; here are the index combiners.
/// </summary>
internal static unsafe class ColumnReductions
{
    /// <summary>The tile operation that joins two rows.</summary>
    public static TileOp JoinOf(Combiner combiner) => combiner switch
    {
        Combiner.Sum => (TileOp)ScalarOpcode.Add,
        Combiner.Product => (TileOp)ScalarOpcode.Mul,
        Combiner.Max or Combiner.ArgMax => (TileOp)ScalarOpcode.Max,
        _ => (TileOp)ScalarOpcode.Min,
    };

    /// <summary>Replaces best values by better ones, and their indices (integers as wide as the values) by <c>index</c>.</summary>
    /// <remarks>Arguments: values, their mask, best values, indices, index, bytes.</remarks>
    public static delegate*<byte*, nint, byte*, byte*, long, nint, void> LocateOf<V>(Combiner combiner) where V : unmanaged, ISimd<V>
        => combiner == Combiner.ArgMax ? &Locate<Above, V> : &Locate<Below, V>;

    /// <inheritdoc cref="LocateOf{V}(Combiner)"/>
    public static delegate*<byte*, nint, byte*, byte*, long, nint, void> IntegerLocateOf<T>(Combiner combiner) where T : unmanaged, IBinaryInteger<T>
        => combiner == Combiner.ArgMax ? &LocateLargest<T> : &LocateSmallest<T>;

    private interface IBetter
    {
        static abstract V Is<V>(V candidate, V best) where V : unmanaged, ISimd<V>;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Locate<TBetter, V>(byte* values, nint mask, byte* best, byte* indices, long index, nint bytes)
        where TBetter : struct, IBetter where V : unmanaged, ISimd<V>
    {
        V here = V.CreateBits(index);
        nint elementBytes = V.IsFloat64 ? sizeof(double) : sizeof(float);
        for (nint i = 0; i < bytes; i += sizeof(V))
        {
            nint count = Math.Min(V.Count, (bytes - i) / elementBytes);
            V value = V.LoadFirst(values + (i & mask), count), old = V.LoadFirst(best + i, count);
            // A NaN beats everything but a NaN.
            V better = TBetter.Is(value, old) | (~V.Equal(value, value) & V.Equal(old, old));
            V.Select(better, value, old).StoreFirst(best + i, count);
            V.Select(better, here, V.LoadFirst(indices + i, count)).StoreFirst(indices + i, count);
        }
    }

    private static void LocateLargest<T>(byte* values, nint mask, byte* best, byte* indices, long index, nint bytes) where T : unmanaged, IBinaryInteger<T>
    {
        for (nint i = 0; i < bytes / sizeof(T); i++)
        {
            T value = ((T*)values)[i & mask];
            if (value > ((T*)best)[i])
            {
                (((T*)best)[i], ((T*)indices)[i]) = (value, T.CreateTruncating(index));
            }
        }
    }

    private static void LocateSmallest<T>(byte* values, nint mask, byte* best, byte* indices, long index, nint bytes) where T : unmanaged, IBinaryInteger<T>
    {
        for (nint i = 0; i < bytes / sizeof(T); i++)
        {
            T value = ((T*)values)[i & mask];
            if (value < ((T*)best)[i])
            {
                (((T*)best)[i], ((T*)indices)[i]) = (value, T.CreateTruncating(index));
            }
        }
    }

    private readonly struct Above : IBetter
    {
        public static V Is<V>(V candidate, V best) where V : unmanaged, ISimd<V> => V.Less(best, candidate);
    }

    private readonly struct Below : IBetter
    {
        public static V Is<V>(V candidate, V best) where V : unmanaged, ISimd<V> => V.Less(candidate, best);
    }
}
