namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// The matrix product: of vectors a number, of matrices [m, k]·[k, n] = [m, n], with leading batch axes broadcast.
    /// </summary>
    /// <remarks>As in NumPy, a first operand with one axis is a row, a second one a column, and that axis vanishes from the result.</remarks>
    /// <exception cref="ShapeMismatchException">The inner sizes differ, the batch axes do not broadcast, or an operand is a scalar.</exception>
    /// <exception cref="DTypeMismatchException">The element types differ, outside of <see cref="Autocast"/>.</exception>
    public Tensor MatMul(Tensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Guard.SameDevice(nameof(MatMul), this, other);
        Guard.ProductTypes(nameof(MatMul), this, other, "y");
        if (Rank == 0 || other.Rank == 0)
        {
            throw new ShapeMismatchException($"MatMul: x is {Shape}, y is {other.Shape}; a scalar has no inner axis. Use * instead.");
        }

        Tensor a = Autocast.Operand(this, other), b = Autocast.Operand(other, this);
        bool row = a.Rank == 1, column = b.Rank == 1;
        a = row ? a.Unsqueeze(0) : a;
        b = column ? b.Unsqueeze(1) : b;
        if (a.Shape[-1] != b.Shape[-2])
        {
            throw new ShapeMismatchException(
                $"MatMul: inner sizes differ: x is {Shape}, y is {other.Shape}{(b.Rank == 2 && a.Shape[-1] == b.Shape[-1] ? $"; y.T would be {new Shape(b.Shape[-1], b.Shape[-2])}" : string.Empty)}.");
        }

        Tensor y = a.Rank > 2 && b.Rank == 2
            // One matrix for the whole batch: the batch becomes more rows of a single product.
            ? MatMulOps.Product(a.FlattenOrSelf(0, -2), b).ReshapeOrSelf(shape: a.Shape.With(-1, b.Shape[-1]))
            : MatMulOps.Batched(a, b);
        y = row ? y.Squeeze(-2) : y;
        return column ? y.Squeeze(-1) : y;
    }

    /// <summary>y = x·Wᵀ + b over the last axis: x […, in], W [out, in], b [out] or null, y […, out].</summary>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out] or null.</param>
    /// <param name="relu">Whether negative results become 0, in the same pass.</param>
    /// <exception cref="ShapeMismatchException">The last size of x is not W's second.</exception>
    /// <exception cref="DTypeMismatchException">The element types differ, outside of <see cref="Autocast"/>.</exception>
    public Tensor Linear(Tensor weight, Tensor? bias = null, bool relu = false)
    {
        ArgumentNullException.ThrowIfNull(weight);
        Guard.SameDevice(nameof(Linear), this, weight);
        Guard.ProductTypes(nameof(Linear), this, weight);
        Guard.Rank(nameof(Linear), weight, 2, "[out, in]");
        if (Rank == 0 || Shape[-1] != weight.Shape[1])
        {
            throw new ShapeMismatchException($"Linear: x is {Shape}, weight is {weight.Shape}; the last size of x must be {weight.Shape[1]} (in).");
        }

        if (bias is not null)
        {
            Guard.ProductTypes(nameof(Linear), this, bias);
            if (bias.Rank != 1 || bias.Shape[0] != weight.Shape[0])
            {
                throw new ShapeMismatchException($"Linear: bias is {bias.Shape}, weight is {weight.Shape}; the bias must be [{weight.Shape[0]}] (out).");
            }
        }

        Tensor x = Autocast.Operand(this, weight), w = Autocast.Operand(weight, this);
        x = Rank == 1 ? x.Unsqueeze(0) : x.FlattenOrSelf(0, -2);
        Tensor? b = Autocast.Operand(bias, this, weight);
        Tensor y = Allocate([x.Shape[0], w.Shape[0]], x.DType, Device);
        Products.Into(x, w.T, y, bias: b, relu: relu);
        if (ShouldTrack(x, w, b))
        {
            y.Record(new LinearNode(x, w, b, relu ? y : null));
        }

        return Rank == 2 ? y : y.ReshapeOrSelf(shape: Shape.With(-1, weight.Shape[0])).InsteadOf(y);
    }
}

/// <summary>Products of matrices and of batches of them.</summary>
file static class MatMulOps
{
    /// <summary>[m, k]·[k, n], of one type.</summary>
    public static Tensor Product(Tensor a, Tensor b)
    {
        Tensor y = Tensor.Allocate(a.Shape.With(-1, b.Shape[-1]), a.DType, a.Device);
        Products.Into(a, b, y);
        return Tensor.ShouldTrack(a, b) ? y.Record(new MatMulNode(a, b)) : y;
    }

    public static Tensor Batched(Tensor a, Tensor b)
    {
        if (a.Rank == 2 && b.Rank == 2)
        {
            return Product(a, b);
        }

        Shape batchA = new(a.Shape.AsSpan()[..^2]), batchB = new(b.Shape.AsSpan()[..^2]);
        Shape batch = Guard.Broadcast(nameof(Tensor.MatMul), batchA, batchB);
        return Product(
            a.ExpandOrSelf(batch.Prefix(batch.Rank, a.Shape[-2], a.Shape[-1])),
            b.ExpandOrSelf(batch.Prefix(batch.Rank, b.Shape[-2], b.Shape[-1])));
    }
}

/// <summary>da = dy·bᵀ, db = aᵀ·dy.</summary>
file sealed class MatMulNode(Tensor a, Tensor b) : GradNode(a, b)
{
    private readonly SavedTensor? _a = b.History is null ? null : new SavedTensor("MatMul", a);
    private readonly SavedTensor? _b = a.History is null ? null : new SavedTensor("MatMul", b);

    public override string Name => "MatMul";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor? da, db;
        using (dy.Device.Backend.BeginIndependent())
        {
            da = sink.Needs(0) ? MatMulOps.Product(dy, _b!.Value.T) : null;
            db = sink.Needs(1) ? MatMulOps.Product(_a!.Value.T, dy) : null;
        }

        sink.AddIfAny(0, da);
        sink.AddIfAny(1, db);
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _a?.Release();
        _b?.Release();
    }
}

/// <summary>dx = dy·W, dW = dyᵀ·x, db = Σ dy; after a fused ReLU dy passes only where y is positive.</summary>
file sealed class LinearNode(Tensor x, Tensor w, Tensor? b, Tensor? relu) : GradNode(x, w, b)
{
    private readonly SavedTensor? _x = w.History is null ? null : new SavedTensor("Linear", x);
    private readonly SavedTensor? _w = x.History is null ? null : new SavedTensor("Linear", w);
    private readonly SavedTensor? _y = SavedTensor.Of("Linear", relu);

    public override string Name => "Linear";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor? dx, dw, db = null;
        bool needsBias = sink.Needs(2);
        if (_y is not null)
        {
            (dy, db) = BiasRelu.Backward(dy, _y.Value, needsBias);
        }

        using (dy.Device.Backend.BeginIndependent())
        {
            dx = sink.Needs(0) ? MatMulOps.Product(dy, _w!.Value) : null;
            dw = sink.Needs(1) ? MatMulOps.Product(dy.T, _x!.Value) : null;
            db ??= needsBias ? dy.Sum([0]) : null;
        }

        sink.AddIfAny(0, dx);
        sink.AddIfAny(1, dw);
        sink.AddIfAny(2, db);
    }

    private protected override bool SavesValues => (_x ?? _w ?? _y) is not null;

    private protected override void ReleaseSaved()
    {
        _x?.Release();
        _w?.Release();
        _y?.Release();
    }
}
