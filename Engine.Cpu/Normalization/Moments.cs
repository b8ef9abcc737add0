namespace Engine.Cpu;

/// <summary>Mean and sum of squared deviations of some numbers.</summary>
internal struct Moments
{
    public double Mean;

    /// <summary>Σ(x − mean)².</summary>
    public double SquaredDeviations;

    /// <summary>Moments from sums of d = x − <paramref name="shift"/>, accurate where shift is close to the mean.</summary>
    public static Moments FromShifted(double shift, double sum, double sumOfSquares, double count)
    {
        double mean = sum / count;
        return new Moments { Mean = shift + mean, SquaredDeviations = Math.Max(sumOfSquares - (sum * mean), 0) };
    }

    /// <summary>Takes in the moments of other numbers (Chan, Golub and LeVeque).</summary>
    /// <param name="other">Their moments.</param>
    /// <param name="count">How many numbers this has.</param>
    /// <param name="otherCount">How many the other has.</param>
    public void Add(in Moments other, double count, double otherCount)
    {
        double share = otherCount / (count + otherCount), delta = other.Mean - Mean;
        Mean += delta * share;
        SquaredDeviations += other.SquaredDeviations + (delta * delta * count * share);
    }
}
