namespace Engine.Nn;

/// <summary>
/// Instance normalisation (Ulyanov et al. 2016): each channel of each sample by itself, <c>y = (x − mean)/√(var + eps)·γ + β</c>. Like PyTorch's it has
/// neither γ and β nor running statistics unless they are asked for.
/// </summary>
/// <remarks>
/// Running statistics, if kept, follow <c>r ← (1 − momentum)·r + momentum·batch</c>, where <c>batch</c> is the mean over the samples of their means and
/// unbiased variances, and are used at prediction. γ starts at 1, β at 0, the running mean at 0, the running variance at 1.
/// </remarks>
public abstract class InstanceNorm : ChannelNorm
{
    private protected InstanceNorm(int numFeatures, double eps, double momentum, bool affine, bool trackRunningStats)
        : base(numFeatures, eps, affine, trackRunningStats) => Momentum = momentum;

    /// <summary>The weight of a new batch in the running statistics.</summary>
    public double Momentum { get; }

    private protected override Tensor Apply(Tensor x)
    {
        CheckShape(x);
        if (!IsTraining && RunningMean is { } mean && RunningVar is { } variance)
        {
            return x.BatchNorm(Weight, Bias, mean, variance, training: false, momentum: 0, Eps);
        }

        if (x.ElementCount == (long)x.Shape[0] * x.Shape[1] && x.ElementCount > 0)
        {
            throw new ShapeMismatchException($"{GetType().Name}: x is {x.Shape}; a channel of a sample needs more than one value to be normalised by itself.");
        }

        if (RunningMean is not null && x.ElementCount > 0)
        {
            Observe(x);
        }

        return x.GroupNorm(Features, Weight, Bias, Eps);
    }

    private void Observe(Tensor x)
    {
        using GradMode.Scope off = GradMode.Off();
        using TensorScope scope = TensorScope.Begin();
        Tensor rows = x.Reshape(x.Shape[0], Features, -1);
        RunningMean!.BlendInPlace(1 - Momentum, Momentum, rows.Mean(2).Mean(0).To(RunningMean.DType));
        RunningVar!.BlendInPlace(1 - Momentum, Momentum, rows.Var(2).Mean(0).To(RunningVar.DType));
    }
}

/// <summary>Instance normalisation of sequences.</summary>
/// <remarks>Shapes: x [N, C, L] → the same. <inheritdoc cref="InstanceNorm" path="/remarks"/></remarks>
/// <param name="numFeatures">C.</param>
/// <param name="eps">Keeps the root away from 0.</param>
/// <param name="momentum">The weight of a new batch in the running statistics.</param>
/// <param name="affine">Whether γ and β are learned.</param>
/// <param name="trackRunningStats">Whether running statistics are kept.</param>
public sealed class InstanceNorm1d(int numFeatures, double eps = 1e-5, double momentum = 0.1, bool affine = false, bool trackRunningStats = false)
    : InstanceNorm(numFeatures, eps, momentum, affine, trackRunningStats)
{
    private protected override string ExpectedShape => "[N, C, L]";

    private protected override bool AcceptsRank(int rank) => rank == 3;
}

/// <summary>Instance normalisation of images.</summary>
/// <remarks>Shapes: x [N, C, H, W] → the same. <inheritdoc cref="InstanceNorm" path="/remarks"/></remarks>
/// <param name="numFeatures">C.</param>
/// <param name="eps">Keeps the root away from 0.</param>
/// <param name="momentum">The weight of a new batch in the running statistics.</param>
/// <param name="affine">Whether γ and β are learned.</param>
/// <param name="trackRunningStats">Whether running statistics are kept.</param>
public sealed class InstanceNorm2d(int numFeatures, double eps = 1e-5, double momentum = 0.1, bool affine = false, bool trackRunningStats = false)
    : InstanceNorm(numFeatures, eps, momentum, affine, trackRunningStats)
{
    private protected override string ExpectedShape => "[N, C, H, W]";

    private protected override bool AcceptsRank(int rank) => rank == 4;
}

/// <summary>Instance normalisation of volumes.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] → the same. <inheritdoc cref="InstanceNorm" path="/remarks"/></remarks>
/// <param name="numFeatures">C.</param>
/// <param name="eps">Keeps the root away from 0.</param>
/// <param name="momentum">The weight of a new batch in the running statistics.</param>
/// <param name="affine">Whether γ and β are learned.</param>
/// <param name="trackRunningStats">Whether running statistics are kept.</param>
public sealed class InstanceNorm3d(int numFeatures, double eps = 1e-5, double momentum = 0.1, bool affine = false, bool trackRunningStats = false)
    : InstanceNorm(numFeatures, eps, momentum, affine, trackRunningStats)
{
    private protected override string ExpectedShape => "[N, C, D, H, W]";

    private protected override bool AcceptsRank(int rank) => rank == 5;
}
