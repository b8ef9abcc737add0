using System.Numerics;

namespace Engine.Cpu;

/// <summary>The numbers of each channel that batch normalisation reads and writes, with those for its last step.</summary>
internal unsafe struct BatchNormStatistics<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>[C], or null for 1, 0 and for no running statistics.</summary>
    public T* Scale, Shift, RunningMean, RunningVariance;

    /// <summary>[C], written.</summary>
    public T* Mean, InverseStd;

    public double Momentum, Epsilon;

    /// <summary>Writes the statistics of a channel.</summary>
    /// <returns>Factors of y = (x − Center)·Factor + Offset.</returns>
    /// <remarks>The centre is rounded, and the offset restores the part that rounding took, so a mean that is large beside the standard deviation costs no accuracy.</remarks>
    public readonly (T Center, T Factor, T Offset) Publish(int channel, in Moments moments, double count)
    {
        double variance = moments.SquaredDeviations / count, inverseStd = 1 / Math.Sqrt(variance + Epsilon);
        T center = T.CreateTruncating(moments.Mean);
        Mean[channel] = center;
        InverseStd[channel] = T.CreateTruncating(inverseStd);
        if (RunningMean != null)
        {
            Blend(ref RunningMean[channel], moments.Mean);
        }
        if (RunningVariance != null)
        {
            Blend(ref RunningVariance[channel], moments.SquaredDeviations / (count - 1));
        }

        double factor = Scale == null ? inverseStd : inverseStd * double.CreateTruncating(Scale[channel]);
        double shift = Shift == null ? 0 : double.CreateTruncating(Shift[channel]);
        double rest = double.CreateTruncating(center) - moments.Mean;
        return (center, T.CreateTruncating(factor), T.CreateTruncating(shift + (rest * factor)));
    }

    private readonly void Blend(ref T running, double value) =>
        running = T.CreateTruncating(((1 - Momentum) * double.CreateTruncating(running)) + (Momentum * value));
}
