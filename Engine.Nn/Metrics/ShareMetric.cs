namespace Engine.Nn;

/// <summary>A share of samples: how many were right of how many were counted.</summary>
public abstract class ShareMetric : Metric
{
    private readonly RunningCount _correct = new(Shape.Scalar);
    private readonly RunningCount _counted = new(Shape.Scalar);

    private protected ShareMetric(string name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    public override double Compute() => _correct.Read()[0] / (double)_counted.Read()[0];

    /// <inheritdoc/>
    public override void Reset()
    {
        _correct.Reset();
        _counted.Reset();
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _correct.Save(state, "correct");
        _counted.Save(state, "counted");
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _correct.Load(state, "correct");
        _counted.Load(state, "counted");
    }

    /// <summary>Adds a batch: which samples are right, which are counted.</summary>
    private protected void Add(Tensor right, Tensor counted)
    {
        _correct.Add(right.Sum());
        _counted.Add(counted.Sum());
    }
}
