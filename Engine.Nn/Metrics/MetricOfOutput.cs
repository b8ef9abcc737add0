namespace Engine.Nn;

/// <summary>Another metric of one of several outputs and one of several targets.</summary>
internal sealed class MetricOfOutput(string name, Metric metric, Func<Tensors, Tensor> output, Func<Tensors, Tensor> target) : Metric(name)
{
    public override double Compute() => metric.Compute();

    public override Metric Fresh() => new MetricOfOutput(Name, metric.Fresh(), output, target);

    public override void Reset() => metric.Reset();

    public override void Save(TrainingState state) => metric.Save(state);

    public override void Load(TrainingState state) => metric.Load(state);

    /// <summary>The name with the value, or with the other metric's table.</summary>
    public override string ToString() => metric.ToString() is { } text && text.Contains('\n') ? $"{Name}\n{text}" : base.ToString();

    protected override void Accumulate(Tensor prediction, Tensor target) => metric.Update(prediction, target);

    protected override void Accumulate(Tensors predictions, Batch batch) => metric.Update(output(predictions), target(batch.AllTargets));
}
