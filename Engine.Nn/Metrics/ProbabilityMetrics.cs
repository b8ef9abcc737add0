namespace Engine.Nn;

/// <summary>The mean over the counted samples of something that each of them has.</summary>
public abstract class SampleMean : Metric
{
    private readonly RunningSum _sum = new();
    private readonly RunningCount _count = new(Shape.Scalar);

    private protected SampleMean(string name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    public override double Compute() => _sum.Read() / _count.Read()[0];

    /// <inheritdoc/>
    public override void Reset()
    {
        _sum.Reset();
        _count.Reset();
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _sum.Save(state, "sum");
        _count.Save(state, "count");
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _sum.Load(state, "sum");
        _count.Load(state, "count");
    }

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        Guard.FloatingPoint(Name, prediction, nameof(prediction));
        if (prediction.ElementCount == 0)
        {
            return;
        }

        Tensor y = prediction.DType.IsHalf() ? prediction.To(DType.Float32) : prediction, values, counted;
        if (YesOrNo(y, target) is { } answers)
        {
            (values, counted) = (OfAnswers(answers.Prediction, answers.Target), Tensor.Ones(answers.Prediction.Shape, DType.Bool, y.Device));
        }
        else
        {
            Tensor truth = ClassesOf(y, target);
            counted = truth >= 0;
            values = OfClasses(y, truth * counted.To(DType.Int64));
        }

        _sum.Add(Tensor.Where(counted, values, values.ZerosLike()).Sum());
        _count.Add(counted.Sum());
    }

    /// <summary>The values of yes-or-no answers with targets 0 and 1.</summary>
    private protected abstract Tensor OfAnswers(Tensor prediction, Tensor target);

    /// <summary>The values [N, …] of predictions [N, C, …] and classes from 0.</summary>
    private protected abstract Tensor OfClasses(Tensor prediction, Tensor truth);

    /// <summary>Pairs of one shape, where there is no axis of classes: [N], or [N, 1] and [N].</summary>
    private protected static (Tensor Prediction, Tensor Target)? YesOrNo(Tensor prediction, Tensor target)
    {
        Tensor y = prediction.Rank == 2 && prediction.Shape[1] == 1 ? prediction.Squeeze(1) : prediction;
        Tensor t = target.Rank == 2 && target.Shape[1] == 1 ? target.Squeeze(1) : target;
        return y.Rank <= 1 && t.Shape == y.Shape ? (y, t.To(y.DType)) : null;
    }
}

/// <summary>Log loss: the mean of −ln p of what was true, of probabilities. They are kept from 0 and 1 by the smallest step of their type, as in scikit-learn.</summary>
/// <remarks>Probabilities [N, C, …] and class numbers [N, …], negative ones not counted; or probabilities [N] of a yes and targets 0 and 1.</remarks>
public sealed class LogLoss(string name = "log_loss") : SampleMean(name)
{
    /// <inheritdoc/>
    public override Metric Fresh() => new LogLoss(Name);

    private protected override Tensor OfAnswers(Tensor prediction, Tensor target)
    {
        Tensor p = Inside(prediction);
        return -(target * p.Log()) - ((1 - target) * (-p).Log1p());
    }

    private protected override Tensor OfClasses(Tensor prediction, Tensor truth) => -Inside(prediction.Gather(1, truth.Unsqueeze(1)).Squeeze(1)).Log();

    private static Tensor Inside(Tensor p)
    {
        double step = p.DType == DType.Float64 ? Math.ScaleB(1, -52) : Math.ScaleB(1, -23);
        return p.Clamp(step, 1 - step);
    }
}

/// <summary>Brier score: the mean of Σ (p − y)² over the classes, y one-hot; of yes-or-no answers the mean of (p − y)², half of that.</summary>
/// <remarks>Probabilities [N, C, …] and class numbers [N, …], negative ones not counted; or probabilities [N] of a yes and targets 0 and 1.</remarks>
public sealed class BrierScore(string name = "brier") : SampleMean(name)
{
    /// <inheritdoc/>
    public override Metric Fresh() => new BrierScore(Name);

    private protected override Tensor OfAnswers(Tensor prediction, Tensor target) => (prediction - target).Square();

    // Σ p² − 2·p_t + 1.
    private protected override Tensor OfClasses(Tensor prediction, Tensor truth) =>
        prediction.Square().Sum(1) - (prediction.Gather(1, truth.Unsqueeze(1)).Squeeze(1) * 2) + 1;
}

/// <summary>Perplexity: e to the mean cross-entropy, of logits: among how many equally likely classes the choice would be as hard.</summary>
/// <remarks>Logits [N, C, …] and class numbers [N, …], negative ones not counted.</remarks>
public sealed class Perplexity(string name = "perplexity") : SampleMean(name)
{
    /// <inheritdoc/>
    public override double Compute() => Math.Exp(base.Compute());

    /// <inheritdoc/>
    public override Metric Fresh() => new Perplexity(Name);

    private protected override Tensor OfAnswers(Tensor prediction, Tensor target) => prediction.BceWithLogits(target, Reduction.None);

    private protected override Tensor OfClasses(Tensor prediction, Tensor truth) => prediction.CrossEntropy(truth, reduction: Reduction.None);
}
