using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>
/// The usual losses under one roof. The two-argument forms take the mean and fit <see cref="LossFunction"/>:
/// <c>new Trainer(model, optimizer, Losses.CrossEntropy)</c>.
/// </summary>
/// <remarks>
/// Losses of pairs want equal shapes: a prediction [N, 1] against targets [N] would broadcast to all N² pairs, a mistake that trains badly
/// rather than fails, so here it throws.
/// </remarks>
public static partial class Losses
{
    /// <summary>Categorical cross-entropy from logits, −log softmax(z) at the true class; the safe form of the two.</summary>
    /// <param name="logits">[N, C, …].</param>
    /// <param name="target">Class numbers [N, …], those equal to −100 count for nothing; or floating class probabilities [N, C, …], one-hot rows too.</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor target) => NotNull(logits).CrossEntropy(target);

    /// <summary>Categorical cross-entropy from logits with everything that can be set.</summary>
    /// <param name="logits">[N, C, …].</param>
    /// <param name="target">Class numbers [N, …], or floating class probabilities [N, C, …].</param>
    /// <param name="classWeights">[C] or null: the weight of each class; the mean over class numbers is then a weighted mean.</param>
    /// <param name="labelSmoothing">s: the target distribution is (1 − s)·q + s/C.</param>
    /// <param name="ignoreIndex">Targets with this number count for nothing; not for probabilities.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor CrossEntropy(
        Tensor logits, Tensor target, Tensor? classWeights = null, double labelSmoothing = 0, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) =>
        NotNull(logits).CrossEntropy(target, classWeights, labelSmoothing, ignoreIndex, reduction);

    /// <summary>Sparse categorical cross-entropy from probabilities, −ln p at the true class.</summary>
    /// <param name="probabilities">[N, C, …].</param>
    /// <param name="target">Class numbers [N, …].</param>
    public static Tensor CrossEntropyFromProbabilities(Tensor probabilities, Tensor target) => NotNull(probabilities).CrossEntropyFromProbabilities(target);

    /// <summary>Sparse categorical cross-entropy from probabilities with everything that can be set.</summary>
    /// <param name="probabilities">[N, C, …].</param>
    /// <param name="target">Class numbers [N, …].</param>
    /// <param name="classWeights">[C] or null: the weight of each class; the mean is then a weighted mean.</param>
    /// <param name="ignoreIndex">Targets with this number count for nothing.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor CrossEntropyFromProbabilities(
        Tensor probabilities, Tensor target, Tensor? classWeights = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) =>
        NotNull(probabilities).CrossEntropyFromProbabilities(target, classWeights, ignoreIndex, reduction);

    /// <summary>The negative log-likelihood, −x at the true class.</summary>
    /// <param name="logProbabilities">[N, C, …].</param>
    /// <param name="target">Class numbers [N, …].</param>
    public static Tensor Nll(Tensor logProbabilities, Tensor target) => NotNull(logProbabilities).NllLoss(target);

    /// <summary>The negative log-likelihood with everything that can be set.</summary>
    /// <param name="logProbabilities">[N, C, …].</param>
    /// <param name="target">Class numbers [N, …].</param>
    /// <param name="classWeights">[C] or null: the weight of each class; the mean is then a weighted mean.</param>
    /// <param name="ignoreIndex">Targets with this number count for nothing.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor Nll(
        Tensor logProbabilities, Tensor target, Tensor? classWeights = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) =>
        NotNull(logProbabilities).NllLoss(target, classWeights, ignoreIndex, reduction);

    /// <summary>
    /// Relative entropy (Kullback-Leibler divergence) of log-probabilities x: the mean of t·(ln t − x) over all elements, as in PyTorch.
    /// </summary>
    /// <param name="logProbabilities">[N, …].</param>
    /// <param name="target">Probabilities of the same shape.</param>
    public static Tensor KlDiv(Tensor logProbabilities, Tensor target) => KlDiv(logProbabilities, target, Reduction.Mean);

    /// <summary>Relative entropy Σ t·(ln t − x) of log-probabilities x.</summary>
    /// <param name="logProbabilities">[N, …].</param>
    /// <param name="target">Probabilities of the same shape, or their logarithms.</param>
    /// <param name="reduction"><see cref="Reduction.BatchMean"/> sums over the classes and is the mathematical divergence.</param>
    /// <param name="logTarget">Whether the target holds logarithms.</param>
    public static Tensor KlDiv(Tensor logProbabilities, Tensor target, Reduction reduction, bool logTarget = false) =>
        Same(logProbabilities, target).KlDiv(target, reduction, logTarget);

    /// <summary>The mean of (y − t)².</summary>
    public static Tensor Mse(Tensor prediction, Tensor target) => Mse(prediction, target, Reduction.Mean);

    /// <summary>(y − t)².</summary>
    public static Tensor Mse(Tensor prediction, Tensor target, Reduction reduction) => Same(prediction, target).MseLoss(target, reduction);

    /// <summary>The mean of |y − t|.</summary>
    public static Tensor L1(Tensor prediction, Tensor target) => L1(prediction, target, Reduction.Mean);

    /// <summary>|y − t|.</summary>
    public static Tensor L1(Tensor prediction, Tensor target, Reduction reduction) => Same(prediction, target).L1Loss(target, reduction);

    /// <summary>The mean of <see cref="SmoothL1(Tensor, Tensor, double, Reduction)"/> with beta 1.</summary>
    public static Tensor SmoothL1(Tensor prediction, Tensor target) => Same(prediction, target).SmoothL1Loss(target);

    /// <summary>(y − t)²/(2·beta) where |y − t| is below beta, |y − t| − beta/2 elsewhere.</summary>
    public static Tensor SmoothL1(Tensor prediction, Tensor target, double beta, Reduction reduction = Reduction.Mean) =>
        Same(prediction, target).SmoothL1Loss(target, beta, reduction);

    /// <summary>The mean of <see cref="Huber(Tensor, Tensor, double, Reduction)"/> with delta 1.</summary>
    public static Tensor Huber(Tensor prediction, Tensor target) => Same(prediction, target).HuberLoss(target);

    /// <summary>(y − t)²/2 where |y − t| is at most delta, delta·(|y − t| − delta/2) elsewhere.</summary>
    public static Tensor Huber(Tensor prediction, Tensor target, double delta, Reduction reduction = Reduction.Mean) =>
        Same(prediction, target).HuberLoss(target, delta, reduction);

    /// <summary>The mean binary cross-entropy from probabilities; logarithms are bounded below by −100.</summary>
    public static Tensor Bce(Tensor probabilities, Tensor target) => Bce(probabilities, target, Reduction.Mean);

    /// <summary>Binary cross-entropy from probabilities.</summary>
    public static Tensor Bce(Tensor probabilities, Tensor target, Reduction reduction) => Same(probabilities, target).BceLoss(target, reduction);

    /// <summary>The mean binary cross-entropy from logits; the safe form of the two.</summary>
    public static Tensor BceWithLogits(Tensor logits, Tensor target) => BceWithLogits(logits, target, Reduction.Mean);

    /// <summary>Binary cross-entropy from logits.</summary>
    public static Tensor BceWithLogits(Tensor logits, Tensor target, Reduction reduction) => Same(logits, target).BceWithLogits(target, reduction);

    /// <summary>
    /// A loss that heeds <see cref="Batch.Weights"/>: Σ w·l/N over the N samples of a batch, where l is what <paramref name="loss"/> gives for a sample. Without weights it is the mean.
    /// </summary>
    /// <remarks>
    /// It divides by the number of samples, not by the sum of the weights: so a weight of 2 is worth two samples whatever the others of the batch, and steps of several mini-batches are
    /// exact. Weights that average 1 over the data (<see cref="ClassWeights.Balanced"/>) leave the size of the steps as it is.
    /// </remarks>
    /// <param name="loss">A loss with a value for each sample, [N] or [N, …]: <c>(y, t) => Losses.CrossEntropy(y, t, reduction: Reduction.None)</c>.</param>
    /// <exception cref="ShapeMismatchException">When it is computed: the loss has not one value or more for each sample.</exception>
    public static BatchLossFunction Weighted(LossFunction loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return (predictions, batch) => WeightedLoss.Mean(Guard.Returned(loss(predictions.Single, batch.Targets), nameof(Weighted), "the loss"), batch);
    }

    private static Tensor NotNull(Tensor x, [CallerArgumentExpression(nameof(x))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return x;
    }

    private static Tensor Same(Tensor x, Tensor target, [CallerArgumentExpression(nameof(x))] string name = "", [CallerMemberName] string op = "")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        ArgumentNullException.ThrowIfNull(target);
        Guard.SamePairs(op, x, target, name);
        return x;
    }
}
