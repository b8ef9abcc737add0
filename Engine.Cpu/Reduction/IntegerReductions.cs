using System.Numerics;

namespace Engine.Cpu;

/// <summary>The reductions of int32 and int64: plain loops. Sums and products wrap.</summary>
internal static unsafe class IntegerReductions
{
    /// <summary>Combines the values of one tile into one accumulator.</summary>
    public static delegate*<byte*, nint, nint, long, Accumulator*, void> OfRow<T>(Combiner combiner) where T : unmanaged, IBinaryInteger<T> => combiner switch
    {
        Combiner.Sum => &Sum<T>,
        Combiner.Product => &Product<T>,
        Combiner.Max or Combiner.ArgMax => &Largest<T>,
        _ => &Smallest<T>,
    };

    private static void Sum<T>(byte* values, nint mask, nint count, long position, Accumulator* result) where T : unmanaged, IBinaryInteger<T>
    {
        long sum = 0;
        for (nint i = 0; i < count; i++)
        {
            sum = unchecked(sum + long.CreateTruncating(((T*)values)[i & mask]));
        }
        result->Integer = unchecked(result->Integer + sum);
        result->Seen = true;
    }

    private static void Product<T>(byte* values, nint mask, nint count, long position, Accumulator* result) where T : unmanaged, IBinaryInteger<T>
    {
        long product = result->Integer;
        for (nint i = 0; i < count; i++)
        {
            product = unchecked(product * long.CreateTruncating(((T*)values)[i & mask]));
        }
        result->Integer = product;
        result->Seen = true;
    }

    private static void Largest<T>(byte* values, nint mask, nint count, long position, Accumulator* result) where T : unmanaged, IBinaryInteger<T>
    {
        for (nint i = 0; i < count; i++)
        {
            long value = long.CreateTruncating(((T*)values)[i & mask]);
            if (!result->Seen || value > result->Integer)
            {
                *result = new Accumulator { Integer = value, Index = position + i, Seen = true };
            }
        }
    }

    private static void Smallest<T>(byte* values, nint mask, nint count, long position, Accumulator* result) where T : unmanaged, IBinaryInteger<T>
    {
        for (nint i = 0; i < count; i++)
        {
            long value = long.CreateTruncating(((T*)values)[i & mask]);
            if (!result->Seen || value < result->Integer)
            {
                *result = new Accumulator { Integer = value, Index = position + i, Seen = true };
            }
        }
    }
}
