namespace Engine.Backends;

/// <summary>How a reduction joins two values.</summary>
public enum Combiner : byte
{
    /// <summary>a + b, from 0.</summary>
    Sum,

    /// <summary>a · b, from 1.</summary>
    Product,

    /// <summary>The larger, from −∞; NaN where either is.</summary>
    Max,

    /// <summary>The smaller, from ∞; NaN where either is.</summary>
    Min,

    /// <summary>The index of the largest element, the first of equals; NaN counts as the largest. The index is row-major over the reduced axes.</summary>
    ArgMax,

    /// <summary>The index of the smallest element, the first of equals; NaN counts as the smallest. The index is row-major over the reduced axes.</summary>
    ArgMin,
}

/// <summary>Facts about each <see cref="Combiner"/>.</summary>
public static class Combiners
{
    /// <summary>The value that changes nothing, from which accumulation starts; in integer types ±∞ are the ends of the range.</summary>
    public static double Identity(this Combiner combiner) => combiner switch
    {
        Combiner.Sum => 0,
        Combiner.Product => 1,
        Combiner.Max or Combiner.ArgMax => double.NegativeInfinity,
        Combiner.Min or Combiner.ArgMin => double.PositiveInfinity,
        _ => throw new ArgumentOutOfRangeException(nameof(combiner)),
    };

    /// <summary>Whether the result is an index rather than a value.</summary>
    public static bool YieldsIndex(this Combiner combiner) => combiner is Combiner.ArgMax or Combiner.ArgMin;

    /// <summary>The joined value in double precision; for the index combiners the extreme value itself.</summary>
    public static double Combine(this Combiner combiner, double a, double b) => combiner switch
    {
        Combiner.Sum => a + b,
        Combiner.Product => a * b,
        Combiner.Max or Combiner.ArgMax => Math.Max(a, b),
        Combiner.Min or Combiner.ArgMin => Math.Min(a, b),
        _ => throw new ArgumentOutOfRangeException(nameof(combiner)),
    };

    /// <summary>
    /// Whether an index combiner moves on from the best value so far to <paramref name="candidate"/>, which comes later: only when it
    /// is strictly better, or the first NaN.
    /// </summary>
    public static bool Replaces(this Combiner combiner, double best, double candidate) =>
        !double.IsNaN(best) && (double.IsNaN(candidate) || (combiner == Combiner.ArgMax ? candidate > best : candidate < best));
}
