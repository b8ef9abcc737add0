namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// √Σx², the Euclidean norm; of integers a float32. The squares do not overflow where the norm does not. The gradient is x/norm, and 0 where
    /// the norm is 0.
    /// </summary>
    public Tensor Norm(ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        Tensor x = ToOrSelf(Autocast.Wide(TypePromotion.ToFloating(DType)));
        AxisSet set = Guard.Axes(nameof(Norm), Shape, axes);
        Span<double> parameters = stackalloc double[ScaledSquares.ParameterCount];
        ScaledSquares.SetParameters(x.DType.ComputeType(), 1, parameters);
        Tensor y = x.Detach().Reduce(NormPrograms.Norm, set, x.DType, parameters);
        return x.Finish(y, set, keepDims, ShouldTrack(x) ? new NormNode(x, y) : null);
    }

    /// <inheritdoc cref="Norm(ReadOnlySpan{int}, bool)"/>
    public Tensor Norm(int axis, bool keepDims = false) => Norm([axis], keepDims);
}

/// <summary>Programs of the Euclidean norm.</summary>
internal static class NormPrograms
{
    public static readonly ReduceProgram Norm = ScaledSquares.Root(1, Expr.Input(0));

    // Inputs dy, v and a root r; v/r, and 0 where there is no length to move along.
    public static readonly MapProgram AlongRoot = MapProgram.Compile(
        3, Expr.Input(0) * Expr.Where(Expr.Equal(Expr.Input(2), 0), 0, Expr.Input(1) / Expr.Input(2)));
}

file sealed class NormNode : GradNode
{
    private readonly SavedTensor _x;
    private readonly SavedTensor _y;

    public NormNode(Tensor x, Tensor y)
        : base(x)
    {
        y.Record(this);
        (_x, _y) = (new SavedTensor(Name, x), SavedTensor.OfOutput(Name, y));
    }

    public override string Name => "Norm";

    internal override void Backward(Tensor dy, GradSink sink) =>
        sink.Add(0, Pointwise.Apply("NormBackward", NormPrograms.AlongRoot, [dy, _x.Value, _y.Value]));

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _x.Release();
        _y.Release();
    }
}
