namespace Engine.Nn.Distributions;

/// <summary>The last batch axes of another distribution as parts of one draw: their log-probabilities add up.</summary>
public sealed class Independent : Distribution
{
    /// <summary>Takes a distribution and how many of its last batch axes become event axes.</summary>
    /// <param name="baseDistribution">The distribution of the parts.</param>
    /// <param name="reinterpretedBatchNdims">How many axes, from 0 to all.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many batch axes.</exception>
    public Independent(Distribution baseDistribution, int reinterpretedBatchNdims)
        : base(Check(baseDistribution, reinterpretedBatchNdims), [.. baseDistribution.BatchShape.AsSpan()[^reinterpretedBatchNdims..], .. baseDistribution.EventShape])
    {
        (BaseDistribution, ReinterpretedBatchNdims) = (baseDistribution, reinterpretedBatchNdims);
    }

    /// <summary>The distribution of the parts.</summary>
    public Distribution BaseDistribution { get; }

    /// <summary>How many of its batch axes are event axes here.</summary>
    public int ReinterpretedBatchNdims { get; }

    /// <inheritdoc/>
    public override bool HasRSample => BaseDistribution.HasRSample;

    /// <inheritdoc/>
    protected override Tensor MeanCore() => BaseDistribution.Mean;

    /// <inheritdoc/>
    protected override Tensor VarianceCore() => BaseDistribution.Variance;

    /// <inheritdoc/>
    protected override Tensor SampleCore(Shape shape, Generator? generator) =>
        GradMode.IsEnabled && HasRSample ? BaseDistribution.RSample(shape, generator) : BaseDistribution.Sample(shape, generator);

    /// <inheritdoc/>
    protected override Tensor LogProbCore(Tensor value) => Added(BaseDistribution.LogProb(value));

    /// <inheritdoc/>
    protected override Tensor EntropyCore() => Added(BaseDistribution.Entropy());

    /// <summary>The sum over the last axes.</summary>
    internal Tensor Added(Tensor x) => ReinterpretedBatchNdims == 0 ? x : x.Sum([.. Enumerable.Range(x.Rank - ReinterpretedBatchNdims, ReinterpretedBatchNdims)]);

    private static Shape Check(Distribution baseDistribution, int reinterpretedBatchNdims)
    {
        ArgumentNullException.ThrowIfNull(baseDistribution);
        ArgumentOutOfRangeException.ThrowIfNegative(reinterpretedBatchNdims);
        if (reinterpretedBatchNdims > baseDistribution.BatchShape.Rank)
        {
            throw new ArgumentOutOfRangeException(
                nameof(reinterpretedBatchNdims), reinterpretedBatchNdims, $"{nameof(Independent)}: the batch is {baseDistribution.BatchShape}, which has not so many axes.");
        }

        return baseDistribution.BatchShape.Prefix(baseDistribution.BatchShape.Rank - reinterpretedBatchNdims);
    }
}
