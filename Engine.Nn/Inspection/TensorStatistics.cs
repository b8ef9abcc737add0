namespace Engine.Nn;

/// <summary>The statistics of one tensor in a <see cref="LayerMonitor"/>.</summary>
/// <param name="Count">How many values there are.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">Their standard deviation (divided by n).</param>
/// <param name="ZeroShare">The share of exact zeros, in [0, 1].</param>
/// <param name="Histogram">How a sample of up to <see cref="SampleSize"/> of them is distributed.</param>
/// <param name="Sample">The sample, spread evenly over the tensor; a monitor keeps it for its first and last observation only, else it is empty.</param>
/// <remarks>Sums are taken in the tensor's own compute type, so that a mean far larger than the standard deviation costs the latter digits.</remarks>
public sealed record TensorStatistics(long Count, double Mean, double Deviation, double ZeroShare, Histogram Histogram, IReadOnlyList<float> Sample)
{
    /// <summary>The most values of a sample.</summary>
    public const int SampleSize = 4096;

    /// <summary>How the sampled values are distributed.</summary>
    public Histogram Histogram { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Histogram ?? throw new ArgumentNullException(nameof(Histogram));

    /// <summary>Up to <see cref="SampleSize"/> of the values.</summary>
    public IReadOnlyList<float> Sample { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Sample ?? throw new ArgumentNullException(nameof(Sample));

    /// <summary>√(mean of squares).</summary>
    public double RootMeanSquare => Math.Sqrt((Mean * Mean) + (Deviation * Deviation));

    /// <summary>√(sum of squares), the length of the tensor as one vector.</summary>
    public double Norm => RootMeanSquare * Math.Sqrt(Count);

    /// <summary>Whether all values are finite, as far as their sums tell.</summary>
    public bool IsFinite => double.IsFinite(Mean) && double.IsFinite(Deviation);

    internal TensorStatistics WithoutSample() => this with { Sample = [] };
}
