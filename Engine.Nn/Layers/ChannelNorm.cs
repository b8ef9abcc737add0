namespace Engine.Nn;

/// <summary>A normalisation by channels with γ and β, and running statistics for prediction.</summary>
public abstract partial class ChannelNorm : OperationLayer
{
    private protected ChannelNorm(int numFeatures, double eps, bool affine, bool trackRunningStats)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numFeatures);
        (Features, Eps) = (numFeatures, eps);
        if (affine)
        {
            Weight = Weights.Constant([numFeatures], 1);
            Bias = Weights.Constant([numFeatures], 0);
        }

        if (trackRunningStats)
        {
            RunningMean = Weights.Buffer([numFeatures], 0);
            RunningVar = Weights.Buffer([numFeatures], 1);
            NumBatchesTracked = Weights.Buffer(Shape.Scalar, 0, DType.Int64);
        }
    }

    /// <summary>γ, [C]; null if not affine.</summary>
    public Tensor? Weight { get; }

    /// <summary>β, [C]; null if not affine.</summary>
    public Tensor? Bias { get; }

    /// <summary>[C]; null if statistics are not kept: then those of x are used at prediction too.</summary>
    [Buffer]
    public Tensor? RunningMean { get; }

    /// <summary>[C]; null if statistics are not kept.</summary>
    [Buffer]
    public Tensor? RunningVar { get; }

    /// <summary>How many batches the running statistics have seen, an int64 scalar; null if they are not kept. Instance normalisation leaves it at 0, as PyTorch's does.</summary>
    [Buffer]
    public Tensor? NumBatchesTracked { get; }

    /// <summary>The number of channels.</summary>
    public int Features { get; }

    /// <summary>The term that keeps the root away from 0.</summary>
    public double Eps { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({Features})";

    internal void CheckShape(Tensor x)
    {
        if (!AcceptsRank(x.Rank) || x.Shape[1] != Features)
        {
            throw new ShapeMismatchException($"{GetType().Name}: x is {x.Shape}; it must be {ExpectedShape} with C = {Features} (the features of this layer).");
        }
    }

    private protected abstract bool AcceptsRank(int rank);

    private protected abstract string ExpectedShape { get; }
}
