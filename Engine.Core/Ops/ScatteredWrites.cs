namespace Engine;

/// <summary>Copies with elements written by an index.</summary>
public sealed partial class Tensor
{
    /// <summary>A copy of this tensor with y[…, index[…, i, …], …] = source[…, i, …] along an axis. Of equal indices the last one's element stays, on every device.</summary>
    /// <param name="axis">The axis that the index addresses.</param>
    /// <param name="index">int64 or int32, of source's shape and this tensor's rank, at the other axes not larger than it; from 0 to the axis' size − 1.</param>
    /// <param name="source">The new elements, of this tensor's type. Elements that were written over get no gradient.</param>
    /// <remarks>Indices outside of the axis are an error in host memory; on a card they write nothing.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    public Tensor Scatter(int axis, Tensor index, Tensor source)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(source);
        int at = Guard.Axis(axis, Rank);
        ScatterOps.Check(nameof(Scatter), this, index, source, at);
        return this.Scattered(index, source, at, distinct: false);
    }

    /// <summary>As <see cref="Scatter(int, Tensor, Tensor)"/> with one number for all.</summary>
    public Tensor Scatter(int axis, Tensor index, double value)
    {
        ArgumentNullException.ThrowIfNull(index);
        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(Scatter(axis, index, Full(Shape.Scalar, value, DType, Device).ExpandOrSelf(index.Shape)));
    }

    /// <summary>A copy of this tensor to whose slices those of <paramref name="source"/> are added, times <paramref name="alpha"/>: y[index[i]] += α·source[i] for axis 0.</summary>
    /// <param name="axis">The axis to choose from.</param>
    /// <param name="index">int64 or int32 with one axis; from 0 to the axis' size − 1. Equal ones add up in a fixed order.</param>
    /// <param name="source">This tensor's shape, at the axis as many slices as there are numbers.</param>
    /// <param name="alpha">The factor.</param>
    /// <remarks>Indices outside of the axis are treated as in <see cref="Gather"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    public Tensor IndexAdd(int axis, Tensor index, Tensor source, double alpha = 1)
    {
        int at = ScatterOps.CheckSlices(nameof(IndexAdd), this, axis, index, source);
        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(ScatterAdd(at, index.Along(at, Shape), alpha == 1 ? source : (source * alpha).ToOrSelf(DType)));
    }

    /// <summary>A copy of this tensor in which the named slices are those of <paramref name="source"/>: y[index[i]] = source[i] for axis 0. Of equal indices the last one's slice stays.</summary>
    /// <param name="axis">The axis to choose from.</param>
    /// <param name="index">int64 or int32 with one axis; from 0 to the axis' size − 1.</param>
    /// <param name="source">This tensor's shape, at the axis as many slices as there are numbers.</param>
    /// <remarks>Indices outside of the axis are treated as in <see cref="Scatter(int, Tensor, Tensor)"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    public Tensor IndexCopy(int axis, Tensor index, Tensor source)
    {
        int at = ScatterOps.CheckSlices(nameof(IndexCopy), this, axis, index, source);
        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(this.Scattered(index.Along(at, Shape), source, at, distinct: false));
    }

    /// <summary>A copy of this tensor in which the named slices hold one number.</summary>
    /// <param name="axis">The axis to choose from.</param>
    /// <param name="index">int64 or int32 with one axis; from 0 to the axis' size − 1.</param>
    /// <param name="value">The number.</param>
    /// <remarks>Indices outside of the axis are treated as in <see cref="Scatter(int, Tensor, Tensor)"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    public Tensor IndexFill(int axis, Tensor index, double value)
    {
        ArgumentNullException.ThrowIfNull(index);
        int at = Guard.Axis(axis, Rank);
        Guard.Index(nameof(IndexFill), index);
        Guard.Rank(nameof(IndexFill), index, 1, "[n]");
        Guard.SameDevice(nameof(IndexFill), this, index);
        Guard.IndexRange(nameof(IndexFill), index, Shape[at]);
        using TensorScope scope = TensorScope.Begin();
        Span<int> sizes = stackalloc int[Rank];
        sizes.Fill(1);
        sizes[at] = Shape[at];
        Tensor isNamed = Zeros([Shape[at]], DType.Bool, Device).Scattered(index, Ones(index.Shape, DType.Bool, Device), 0, distinct: false);
        return scope.Keep(MaskedFill(isNamed.ReshapeOrSelf(sizes), value));
    }

    /// <summary>The elements with the given row-major numbers, as if this tensor had one axis: y[i, …] = x.Flatten()[index[i, …]].</summary>
    /// <param name="index">int64 or int32 of any shape; negative numbers count from the end.</param>
    /// <remarks>Indices outside are an error in host memory; on a card they give NaN (0 in integer types).</remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside.</exception>
    public Tensor Take(Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        using TensorScope scope = TensorScope.Begin();
        Tensor places = ScatterOps.FromEnd(nameof(Take), this, index, Guard.Size(nameof(Take), ElementCount));
        return scope.Keep(ReshapeOrSelf(-1).Gather(0, places.ReshapeOrSelf(-1)).ReshapeOrSelf(index.Shape));
    }

    /// <summary>A copy of this tensor with the elements of <paramref name="source"/> at the given row-major numbers: the counterpart of <see cref="Take"/>.</summary>
    /// <param name="index">int64 or int32 of any shape; negative numbers count from the end.</param>
    /// <param name="source">As many elements, of this tensor's type.</param>
    /// <param name="accumulate">Adds instead, equal indices in a fixed order; otherwise the last of equal ones stays.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside.</exception>
    /// <exception cref="ShapeMismatchException">Index and source have different numbers of elements.</exception>
    public Tensor Put(Tensor index, Tensor source, bool accumulate = false)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(source);
        Guard.SameDevice(nameof(Put), this, source);
        Guard.SameDType(nameof(Put), this, source, "x");
        if (index.ElementCount != source.ElementCount)
        {
            throw new ShapeMismatchException($"Put: index is {index.Shape}, source is {source.Shape}; they must have equally many elements.");
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor places = ScatterOps.FromEnd(nameof(Put), this, index, Guard.Size(nameof(Put), ElementCount)).ReshapeOrSelf(-1), flat = ReshapeOrSelf(-1), terms = source.ReshapeOrSelf(-1);
        Tensor y = accumulate ? flat.ScatterAdd(0, places, terms) : flat.Scattered(places, terms, 0, distinct: false);
        return scope.Keep(y.ReshapeOrSelf(Shape));
    }

    /// <summary>As <see cref="Gather"/>, with the other axes of both broadcast and negative numbers counting from the end: the values that an <see cref="ArgSort"/> or <see cref="ArgMax"/> names.</summary>
    /// <param name="index">int64 or int32, of this tensor's rank; at the other axes equal to it, or one of them 1.</param>
    /// <param name="axis">The axis that the index addresses.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    /// <exception cref="ShapeMismatchException">The ranks differ, or the other axes do not broadcast.</exception>
    public Tensor TakeAlongAxis(Tensor index, int axis)
    {
        ArgumentNullException.ThrowIfNull(index);
        int at = Guard.Axis(axis, Rank);
        Guard.SameDevice(nameof(TakeAlongAxis), this, index);
        if (index.Rank != Rank)
        {
            throw new ShapeMismatchException($"TakeAlongAxis: index is {index.Shape}, x is {Shape}; they must have one rank. Unsqueeze the index.");
        }

        using TensorScope scope = TensorScope.Begin();
        Shape both = Guard.Broadcast(nameof(TakeAlongAxis), Shape.With(at, 1), index.Shape.With(at, 1));
        Tensor places = ScatterOps.FromEnd(nameof(TakeAlongAxis), this, index, Shape[at]);
        return scope.Keep(ExpandOrSelf(both.With(at, Shape[at])).Gather(at, places.ExpandOrSelf(both.With(at, index.Shape[at]))));
    }
}

/// <summary>Checks and the step of writing by an index.</summary>
internal static class ScatterOps
{
    private static readonly MapProgram s_fromEnd = MapProgram.Compile(1, Expr.Where(
        Expr.And(Expr.Input(0) < 0, Expr.Input(0) + Expr.Parameter(0) >= 0), Expr.Input(0) + Expr.Parameter(0), Expr.Input(0)));

    /// <summary>Numbers from 0 on for some of which −1 is the last one.</summary>
    public static Tensor FromEnd(string op, Tensor x, Tensor index, int size)
    {
        Guard.Index(op, index);
        Guard.SameDevice(op, x, index);
        Guard.IndexRange(op, index, size, fromEnd: true);
        Tensor places = Tensor.Allocate(index.Shape, DType.Int64, x.Device);
        Pointwise.Into(places, s_fromEnd, [index], [size]);
        return places;
    }

    public static void Check(string op, Tensor x, Tensor index, Tensor source, int axis)
    {
        Guard.SameDevice(op, x, source);
        Guard.SameDType(op, x, source, "x");
        if (index.Shape != source.Shape)
        {
            throw new ShapeMismatchException($"{op}: index is {index.Shape}, source is {source.Shape}; they must be equal.");
        }

        _ = x.AlignForIndex(op, axis, index);
        Guard.IndexRange(op, index, x.Shape[axis]);
    }

    public static int CheckSlices(string op, Tensor x, int axis, Tensor index, Tensor source)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(source);
        int at = Guard.Axis(axis, x.Rank);
        Guard.Index(op, index);
        Guard.Rank(op, index, 1, "[n]");
        Guard.SameDevice(op, x, index);
        Guard.SameDevice(op, x, source);
        Guard.SameDType(op, x, source, "x");
        Shape wanted = x.Shape.With(at, index.Shape[0]);
        if (source.Shape != wanted)
        {
            throw new ShapeMismatchException($"{op}: source is {source.Shape}; for x {x.Shape} and {index.Shape[0]} numbers along axis {axis} it must be {wanted}.");
        }

        Guard.IndexRange(op, index, x.Shape[at]);
        return at;
    }

    /// <summary>A copy of x with the source's elements at the indices, all checked.</summary>
    public static Tensor Scattered(this Tensor x, Tensor index, Tensor source, int axis, bool distinct)
    {
        Tensor y = Tensor.Allocate(x.Shape, x.DType, x.Device);
        Pointwise.Run(Programs.Copy, x.DType.ComputeType(), x.Shape, [x], [y], []);
        if (source.ElementCount > 0 && y.ElementCount > 0)
        {
            using TensorScope scope = TensorScope.Begin();
            y.Device.Backend.Scatter(y.CropTo(index.Shape, axis).Operand, index.Operand, source.OperandAs(y.DType), axis, distinct);
        }

        return Tensor.ShouldTrack(x, source) ? y.Record(new ScatterNode(x, index, source, axis, distinct).Reading(index)) : y;
    }
}

/// <summary>dx is dy with 0 at the indices; each source element that stayed gets the gradient of its place.</summary>
file sealed class ScatterNode(Tensor x, Tensor index, Tensor source, int axis, bool distinct) : GradNode(x, source)
{
    private readonly SavedTensor _index = new("Scatter", index);

    public override string Name => "Scatter";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor index = _index.Value;
        if (sink.Needs(0))
        {
            sink.Add(0, dy.Scattered(index, Tensor.Zeros(Shape.Scalar, dy.DType, dy.Device).ExpandOrSelf(index.Shape), axis, distinct));
        }

        if (sink.Needs(1))
        {
            Tensor taken = dy.Gather(axis, index);
            sink.Add(1, distinct || index.Shape[axis] <= 1 ? taken : taken.MaskedFill(WasWrittenOver(dy, index), 0));
        }
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved() => _index.Release();

    /// <summary>Whether a later term has the same index: the number that was written last is another one.</summary>
    private Tensor WasWrittenOver(Tensor dy, Tensor index)
    {
        Tensor numbers = Tensor.Arange(1, index.Shape[axis] + 1L, 1, DType.Int64, dy.Device).Along(axis, index.Shape);
        Tensor last = Tensor.Zeros(index.Shape.With(axis, dy.Shape[axis]), DType.Int64, dy.Device).Scattered(index, numbers, axis, distinct: false);
        return last.Gather(axis, index).NotEqualTo(numbers);
    }
}
