namespace Engine.Nn;

// The learning-rate range test.
public sealed partial class Trainer
{
    /// <summary>
    /// The learning-rate range test (Smith 2017): trains with rates that grow exponentially from <paramref name="minimum"/> to
    /// <paramref name="maximum"/> and records the loss. Afterwards model, optimizer, random numbers and position are as they were before,
    /// bit by bit.
    /// </summary>
    /// <remarks>
    /// Each step reads its loss, so the host waits. Clipping and precision are the trainer's; callbacks are not called, and a step is of one
    /// mini-batch. Epochs follow one another where <paramref name="steps"/> are more than the source has batches. While it runs there is a copy of
    /// the model and of the optimizer's state.
    /// <code>
    /// LearningRateRange range = trainer.FindLearningRate(train);
    /// trainer.Optimizer.LearningRate = range.Steepest ?? 1e-3;
    /// </code>
    /// </remarks>
    /// <param name="train">The data.</param>
    /// <param name="minimum">The first rate.</param>
    /// <param name="maximum">The last rate.</param>
    /// <param name="steps">The number of steps.</param>
    /// <param name="smoothing">The weight of the past in the smoothed loss, in [0, 1).</param>
    /// <param name="divergence">The test ends when the smoothed loss exceeds its minimum by this factor, or is not finite; null to go on.</param>
    /// <param name="cancellationToken">Checked before each step; the state before the test is restored.</param>
    /// <exception cref="ArgumentException">A rate is not positive and finite, they do not grow, there are fewer than two steps, or the source has no batches.</exception>
    /// <exception cref="InvalidOperationException">This trainer is training.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LearningRateRange FindLearningRate(
        IBatchSource train,
        double minimum = 1e-7,
        double maximum = 10,
        int steps = 100,
        double smoothing = 0.9,
        double? divergence = 4,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        CheckRange(minimum, maximum, steps, smoothing, divergence);
        CheckSources(train, null);
        if (_step is not null)
        {
            throw new InvalidOperationException("FindLearningRate: this trainer has a step of its own, of which the rate of one optimizer says little.");
        }

        if (Interlocked.Exchange(ref _isFitting, 1) != 0)
        {
            throw new InvalidOperationException("FindLearningRate: this trainer is already training.");
        }

        TrainingState before = Copied(Save);
        bool wasLoaded = _wasLoaded, isTraining = Model.IsTraining;
        try
        {
            Model.Train();
            return Sweep(train, minimum, maximum, steps, smoothing, divergence, cancellationToken);
        }
        finally
        {
            Optimizer.ZeroGrad();
            LossScaler?.Abandon();
            Load(before);
            _wasLoaded = wasLoaded;
            _ = Model.Train(isTraining);
            foreach ((_, Tensor copy) in before.Tensors)
            {
                copy.Dispose();
            }

            Volatile.Write(ref _isFitting, 0);
        }
    }

    private static void CheckRange(double minimum, double maximum, int steps, double smoothing, double? divergence)
    {
        Hyper.Positive(minimum);
        Hyper.Positive(maximum);
        if (!(minimum < maximum) || !double.IsFinite(maximum))
        {
            throw new ArgumentException($"FindLearningRate: the rates go from {minimum} to {maximum}; the first must be smaller, both finite.", nameof(maximum));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        if (!(smoothing >= 0 && smoothing < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "FindLearningRate: the weight of the past is at least 0 and less than 1.");
        }

        if (divergence is { } factor && !(factor > 1))
        {
            throw new ArgumentOutOfRangeException(nameof(divergence), divergence, "FindLearningRate: the factor by which the loss may exceed its minimum is greater than 1.");
        }
    }

    private LearningRateRange Sweep(
        IBatchSource train, double minimum, double maximum, int steps, double smoothing, double? divergence, CancellationToken cancellationToken)
    {
        List<double> rates = [], losses = [], smoothed = [];
        (double average, double least) = (0, double.PositiveInfinity);
        bool diverged = false;
        IEnumerator<Batch>? batches = null;
        try
        {
            for (int i = 0, epoch = 0; i < steps && !diverged; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                while (batches is null || !batches.MoveNext())
                {
                    batches?.Dispose();
                    batches = train.Epoch(epoch++).GetEnumerator();
                }

                using Batch batch = batches.Current;
                double rate = minimum * Math.Pow(maximum / minimum, i / (steps - 1.0)), loss = StepWithRate(batch, rate);
                average = (smoothing * average) + ((1 - smoothing) * loss);
                double corrected = average / (1 - Math.Pow(smoothing, i + 1));
                rates.Add(rate);
                losses.Add(loss);
                smoothed.Add(corrected);
                least = Math.Min(least, corrected);

                // Losses may be negative; the factor is meant for the size.
                diverged = divergence is { } factor && i > 0 && (!double.IsFinite(corrected) || corrected > least + ((factor - 1) * Math.Abs(least)));
            }
        }
        finally
        {
            batches?.Dispose();
        }

        return new LearningRateRange(rates, losses, smoothed, diverged);
    }

    private double StepWithRate(Batch batch, double rate)
    {
        using TensorScope scope = TensorScope.Begin();
        Optimizer.LearningRate = rate;
        BeginStep();
        (_, Tensor loss) = ForwardWithLoss(batch);
        Backward(loss);
        _ = Apply();
        return loss.Detach().Item();
    }
}
