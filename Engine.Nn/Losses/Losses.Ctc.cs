namespace Engine.Nn;

/// <content>Connectionist temporal classification.</content>
public static partial class Losses
{
    /// <summary>
    /// CTC: −ln of the probability of a sequence of labels, summed over all ways to stretch it over the time steps with blanks between
    /// (Graves et al. 2006).
    /// </summary>
    /// <remarks>
    /// <para>PyTorch: <c>F.ctc_loss</c>. The sums go forward and backward in logarithms, in one pass over the device per time step.</para>
    /// <para>The gradient is that of the loss with respect to the log-probabilities, minus the share of each label in each step. PyTorch's
    /// differs in between and is the same behind <c>LogSoftmax</c>. Where no way fits, because the input is too short, the loss is ∞ and the
    /// gradient 0. There is no second derivative.</para>
    /// </remarks>
    /// <param name="logProbabilities">[T, N, C], after <c>LogSoftmax(-1)</c>; or [T, C] of one sequence.</param>
    /// <param name="targets">
    /// Labels from 0 to C − 1 without the blank: [N, S] padded with anything, or all sequences one after another, Σ of the lengths; of one sequence [S].
    /// Those one after another make the host wait for <paramref name="targetLengths"/>.
    /// </param>
    /// <param name="inputLengths">[N], each from 0 to T; a scalar for one sequence.</param>
    /// <param name="targetLengths">[N], each from 0 to S; a scalar for one sequence.</param>
    /// <param name="blank">The number of the blank.</param>
    /// <param name="reduction">The mean divides each loss by the length of its target, at least 1, before the mean over the batch, as PyTorch does.</param>
    /// <param name="zeroInfinity">Whether a loss of ∞ becomes 0.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The blank is no class; in host memory: a label or a length outside of its range.</exception>
    public static Tensor Ctc(
        Tensor logProbabilities, Tensor targets, Tensor inputLengths, Tensor targetLengths, int blank = 0, Reduction reduction = Reduction.Mean, bool zeroInfinity = false)
    {
        const string Op = nameof(Ctc);
        ArgumentNullException.ThrowIfNull(logProbabilities);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(inputLengths);
        ArgumentNullException.ThrowIfNull(targetLengths);
        Guard.FloatingPoint(Op, logProbabilities, nameof(logProbabilities));
        Tensor x = logProbabilities.DType.IsHalf() ? logProbabilities.To(DType.Float32) : logProbabilities;
        bool isSingle = x.Rank == 2;
        x = isSingle ? x.Unsqueeze(1) : x;
        if (x.Rank != 3 || x.Shape[0] == 0 || x.Shape[2] == 0)
        {
            throw new ShapeMismatchException($"{Op}: logProbabilities is {logProbabilities.Shape}; it must be [T, N, C], or [T, C] of one sequence, with at least one step and class.");
        }

        (int steps, int samples, int classes) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        if ((uint)blank >= (uint)classes)
        {
            throw new ArgumentOutOfRangeException(nameof(blank), blank, $"{Op}: the blank must be one of the {classes} classes.");
        }

        Tensor inputs = Lengths(inputLengths, samples, isSingle, nameof(inputLengths)), lengths = Lengths(targetLengths, samples, isSingle, nameof(targetLengths));
        Tensor labels = LossTerms.Whole(Op, targets, nameof(targets));
        labels = isSingle && labels.Rank == 1 ? labels.Unsqueeze(0) : labels.Rank == 1 ? CtcLattice.Padded(labels, lengths, nameof(targets)) : labels;
        if (labels.Rank != 2 || labels.Shape[0] != samples)
        {
            throw new ShapeMismatchException($"{Op}: targets is {targets.Shape}; for {samples} sequences it must be [{samples}, S], or one axis with all of them.");
        }

        CtcLattice.Check(inputs, steps, nameof(inputLengths));
        CtcLattice.Check(lengths, labels.Shape[1], nameof(targetLengths));
        CtcLattice.CheckLabels(labels, lengths, classes, blank);
        Tensor losses = new CtcFunction(CtcLattice.Of(labels, lengths, inputs, classes, blank, x.DType)).Apply(x);
        losses = zeroInfinity ? losses.MaskedFill(losses.Detach().EqualTo(double.PositiveInfinity), 0) : losses;
        losses = reduction == Reduction.Mean ? (losses / lengths.Clamp(1, int.MaxValue).To(losses.DType)).Mean() : losses.Reduced(reduction);
        return isSingle && reduction == Reduction.None ? losses.Squeeze(0) : losses;

        static Tensor Lengths(Tensor lengths, int samples, bool isSingle, string name)
        {
            Tensor whole = LossTerms.Whole(Op, lengths, name);
            return whole.Rank == 1 && whole.Shape[0] == samples ? whole
                : isSingle && whole.Rank == 0 ? whole.Unsqueeze(0)
                : throw new ShapeMismatchException($"{Op}: {name} is {lengths.Shape}; for {samples} sequences it must be [{samples}].");
        }
    }
}
