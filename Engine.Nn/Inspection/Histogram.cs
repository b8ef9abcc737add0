namespace Engine.Nn;

/// <summary>How many values lie in each of several equal intervals.</summary>
/// <param name="Low">Where the first interval begins.</param>
/// <param name="High">Where the last one ends.</param>
/// <param name="Counts">The values in each; infinities and NaN are in none.</param>
public sealed record Histogram(double Low, double High, IReadOnlyList<long> Counts)
{
    private const int MostBins = 1_000_000;

    /// <summary>The number of values in each interval.</summary>
    public IReadOnlyList<long> Counts { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Counts ?? throw new ArgumentNullException(nameof(Counts));

    /// <summary>The histogram of values from their smallest to their largest.</summary>
    /// <param name="values">The values.</param>
    /// <param name="bins">The number of intervals.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bins"/> is not positive, or more than a million.</exception>
    public static Histogram Of(IReadOnlyList<float> values, int bins = 40)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, MostBins);
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        foreach (float value in values)
        {
            if (float.IsFinite(value))
            {
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
            }
        }

        if (low > high)
        {
            return new Histogram(0, 0, new long[bins]);
        }

        long[] counts = new long[bins];
        double scale = high > low ? bins / (high - low) : 0;
        foreach (float value in values)
        {
            if (float.IsFinite(value))
            {
                counts[Math.Min(bins - 1, (int)((value - low) * scale))]++;
            }
        }

        return new Histogram(low, high, counts);
    }
}
