namespace Engine;

public sealed partial class Tensor
{
    /// <summary>eˣ/Σeˣ along an axis, without overflow.</summary>
    public Tensor Softmax(int axis = -1) => this.Softmax(nameof(Softmax), axis, log: false);

    /// <summary>x − ln Σeˣ along an axis: the logarithm of <see cref="Softmax(int)"/>, accurate where that underflows.</summary>
    public Tensor LogSoftmax(int axis = -1) => this.Softmax(nameof(LogSoftmax), axis, log: true);
}

/// <summary>Softmax and its logarithm.</summary>
file static class SoftmaxOps
{
    public static Tensor Softmax(this Tensor input, string op, int axis, bool log)
    {
        Tensor x = input.To(Autocast.Wide(TypePromotion.ToFloating(input.DType)));
        int at = Guard.Axis(axis, Math.Max(1, input.Rank));
        if (input.Rank == 0)
        {
            return x.ReshapeOrSelf(1).Softmax(op, 0, log).ReshapeOrSelf(shape: Shape.Scalar);
        }

        Tensor y = x.EmptyLike();
        if (y.ElementCount > 0)
        {
            x.Device.Backend.Softmax(x.Operand, y.Operand, at, log);
        }

        return Tensor.ShouldTrack(x) ? y.Record(new SoftmaxNode(op, x, y, at, log)) : y;
    }
}

file sealed class SoftmaxNode : GradNode
{
    private readonly string _op;
    private readonly SavedTensor _y;
    private readonly int _axis;
    private readonly bool _log;

    public SoftmaxNode(string op, Tensor x, Tensor y, int axis, bool log)
        : base(x)
    {
        (_op, _axis, _log) = (op, axis, log);
        y.Record(this);
        _y = SavedTensor.OfOutput(op, y);
    }

    public override string Name => _op;

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor y = _y.Value;
        if (GradMode.IsEnabled)
        {
            sink.Add(0, _log ? dy - (y.Exp() * dy.Sum(_axis, keepDims: true)) : y * (dy - (y * dy).Sum(_axis, keepDims: true)));
            return;
        }

        Tensor dx = y.EmptyLike();
        if (dx.ElementCount > 0)
        {
            y.Device.Backend.SoftmaxBackward(y.Operand, dy.Operand, dx.Operand, _axis, _log);
        }

        sink.Add(0, dx);
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved() => _y.Release();
}
