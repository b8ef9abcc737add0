namespace Engine.TensorBoard;

/// <summary>Values counted in intervals of equal width; NaN and infinities are left out.</summary>
internal readonly record struct HistogramBuckets(double Min, double Max, long Count, double Sum, double SumOfSquares, double[] Limits, double[] Counts)
{
    /// <summary>Counts values.</summary>
    /// <param name="values">At least one of them finite, or the result has no buckets.</param>
    /// <param name="bins">How many intervals between the least and the greatest value; one where all are equal.</param>
    public static HistogramBuckets Of(ReadOnlySpan<double> values, int bins)
    {
        double min = double.PositiveInfinity, max = double.NegativeInfinity, sum = 0, squares = 0;
        long count = 0;
        foreach (double value in values)
        {
            if (double.IsFinite(value))
            {
                (min, max) = (Math.Min(min, value), Math.Max(max, value));
                sum += value;
                squares += value * value;
                count++;
            }
        }

        if (count == 0)
        {
            return new HistogramBuckets(0, 0, 0, 0, 0, [], []);
        }

        // The halves, so that the width of the whole range of float64 is still finite.
        double half = (max / 2) - (min / 2);
        double[] limits = new double[half > 0 ? bins : 1], counts = new double[limits.Length];
        for (int i = 0; i < limits.Length; i++)
        {
            double share = (i + 1.0) / bins;
            limits[i] = i == limits.Length - 1 ? max : (min * (1 - share)) + (max * share);
        }

        foreach (double value in values)
        {
            if (double.IsFinite(value))
            {
                int at = half > 0 ? (int)(((value / 2) - (min / 2)) / half * bins) : 0;
                counts[Math.Clamp(at, 0, counts.Length - 1)]++;
            }
        }

        return new HistogramBuckets(min, max, count, sum, squares, limits, counts);
    }
}
