namespace Engine;

public sealed partial class Tensor
{
    /// <summary>y[n] = Σₗ weights[n, l]·this[index[n, l]]: the sum of the rows of a table that each row of the index names.</summary>
    /// <param name="index">[N, L], int64 or int32; from 0 to the number of rows − 1.</param>
    /// <param name="weights">[N, L], or null for 1.</param>
    /// <returns>This [words, size] → [N, size]; 0 where L is 0.</returns>
    /// <remarks>
    /// The mean is this over L. The rows themselves are not kept, and where the backend can (the CPU in float32 and float64) they are added up where they lie. Terms
    /// add up in a fixed order. Indices outside of the table are treated as in <see cref="Gather"/>.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">This or the index does not have two axes, or the weights do not have the shape of the index.</exception>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the table.</exception>
    public Tensor EmbeddingBag(Tensor index, Tensor? weights = null)
    {
        ArgumentNullException.ThrowIfNull(index);
        Guard.Index(nameof(EmbeddingBag), index);
        Guard.Rank(nameof(EmbeddingBag), this, 2, "[words, size]", "table");
        Guard.Rank(nameof(EmbeddingBag), index, 2, "[N, L]");
        Guard.SameDevice(nameof(EmbeddingBag), this, index);
        if (weights is not null && weights.Shape != index.Shape)
        {
            throw new ShapeMismatchException($"EmbeddingBag: index is {index.Shape}, weights is {weights.Shape}; they must be equal.");
        }

        if (!DType.IsFloatingPoint() || (weights is not null && weights.DType != DType))
        {
            Tensor rows = Embedding(index);
            return (weights is null ? rows : rows * weights.Unsqueeze(2)).Sum(1);
        }

        if (weights is not null)
        {
            Guard.SameDevice(nameof(EmbeddingBag), this, weights);
        }

        Guard.IndexRange(nameof(EmbeddingBag), index, Shape[0]);
        Tensor y = Allocate([index.Shape[0], Shape[1]], DType, Device);
        if (index.ElementCount == 0)
        {
            Pointwise.Into(y, Programs.Fill, [], [0]);
        }
        else if (y.ElementCount > 0)
        {
            y.Device.Backend.GatherSum(Operand, index.Operand, weights?.Operand, y.Operand);
        }

        return ShouldTrack(this, weights) ? y.Record(new EmbeddingBagNode(this, index, weights).Reading(index)) : y;
    }
}

file sealed class EmbeddingBagNode(Tensor table, Tensor index, Tensor? weights) : GradNode(table, weights)
{
    private const string Op = nameof(Tensor.EmbeddingBag);

    private readonly Shape _shape = table.Shape;
    private readonly SavedTensor _index = new(Op, index);
    private readonly SavedTensor? _weights = SavedTensor.Of(Op, weights);

    // Only the gradient of the weights reads the table.
    private readonly SavedTensor? _table = weights is not null && Tensor.ShouldTrack(weights) ? new(Op, table) : null;

    public override string Name => Op;

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor index = _index.Value;
        Tensor? weights = _weights?.Value;
        if (sink.Needs(0))
        {
            sink.Add(0, OfTable(dy, index, weights));
        }

        if (sink.Needs(1))
        {
            sink.Add(1, (_table!.Value.Embedding(index) * dy.Unsqueeze(1)).Sum(2));
        }
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _index.Release();
        _weights?.Release();
        _table?.Release();
    }

    private Tensor OfTable(Tensor dy, Tensor index, Tensor? weights)
    {
        if (dy.ElementCount == 0 || index.ElementCount == 0 || _shape.ElementCount == 0)
        {
            return Tensor.Zeros(_shape, dy.DType, dy.Device);
        }

        if (!GradMode.IsEnabled)
        {
            Tensor gradient = Tensor.Allocate(_shape, dy.DType, dy.Device);
            gradient.Device.Backend.ScatterSum(dy.Operand, index.Operand, weights?.Operand, gradient.Operand);
            return gradient;
        }

        // In tensor operations, for second derivatives.
        Shape all = new(index.Shape[0], index.Shape[1], _shape[1]);
        Tensor terms = weights is null ? dy.Unsqueeze(1).Expand(all) : dy.Unsqueeze(1) * weights.Unsqueeze(2);
        Shape list = new((int)index.ElementCount, _shape[1]);
        return Tensor.Zeros(_shape, dy.DType, dy.Device).ScatterAdd(0, index.Reshape(-1, 1).Expand(list), terms.Reshape(shape: list));
    }
}
