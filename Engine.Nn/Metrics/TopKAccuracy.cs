namespace Engine.Nn;

/// <summary>The share of samples whose true class is among the k largest scores; of equal scores the first class counts as larger.</summary>
public sealed class TopKAccuracy : ShareMetric
{
    // A class stands before the true one unless its score is smaller, or equal with a later number; so NaN stands before everything.
    private static readonly MapProgram s_precedes = MapProgram.Compile(4, Expr.And(
        Expr.Not(Expr.Input(0) < Expr.Input(1)),
        Expr.Not(Expr.And(Expr.Equal(Expr.Input(0), Expr.Input(1)), Expr.Input(2) >= Expr.Input(3)))));

    private readonly int _k;

    /// <summary>The metric under the name <c>top5_accuracy</c> for k = 5, or another.</summary>
    public TopKAccuracy(int k, string? name = null)
        : base(name ?? $"top{k}_accuracy")
    {
        _k = Hyper.Count(k);
    }

    /// <inheritdoc/>
    public override Metric Fresh() => new TopKAccuracy(_k, Name);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        target = ClassesOf(prediction, target);
        Tensor counted = target >= 0;
        Tensor truth = (target * counted.To(DType.Int64)).Unsqueeze(1);
        Tensor score = prediction.Gather(1, truth);
        Span<int> column = stackalloc int[prediction.Rank];
        column.Fill(1);
        column[1] = prediction.Shape[1];
        Tensor classes = Tensor.Arange(prediction.Shape[1], prediction.Device).Reshape(column);
        Tensor precede = Pointwise.Apply(
            Name, s_precedes, [prediction, score, classes, truth], computeAs: prediction.DType.ComputeType(), resultAs: DType.Bool);
        Add((precede.Sum(1) < _k).And(counted), counted);
    }
}
