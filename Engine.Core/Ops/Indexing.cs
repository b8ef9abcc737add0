namespace Engine;

public sealed partial class Tensor
{
    /// <summary>y[i, j, …] = x with its coordinate along <paramref name="axis"/> replaced by index[i, j, …].</summary>
    /// <param name="axis">The axis that the index addresses.</param>
    /// <param name="index">int64 or int32; of this tensor's rank, and of its size at the other axes (or smaller). From 0 to the axis' size − 1.</param>
    /// <remarks>
    /// Indices outside of the axis, negative ones included, are an error on the CPU. A card does not make the host wait to look at them: there
    /// they give NaN (0 in integer types), and add nothing in <see cref="ScatterAdd"/>.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    public Tensor Gather(int axis, Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        int at = Guard.Axis(axis, Rank);
        Tensor x = this.AlignForIndex(nameof(Gather), at, index);
        Tensor y = Allocate(index.Shape, DType, Device);
        if (y.ElementCount > 0)
        {
            y.Device.Backend.Gather(x.OperandAs(y.DType), index.Operand, y.Operand, at);
        }

        return ShouldTrack(x) ? y.Record(new GatherNode(x, index, at).Reading(index)) : y;
    }

    /// <summary>A copy of this tensor to which source is added at the given indices; terms with equal indices add up, in a fixed order.</summary>
    /// <param name="axis">The axis that the index addresses.</param>
    /// <param name="index">int64 or int32, of source's shape; from 0 to the axis' size − 1.</param>
    /// <param name="source">The terms to add.</param>
    /// <remarks>Indices outside of the axis are treated as in <see cref="Gather"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    public Tensor ScatterAdd(int axis, Tensor index, Tensor source)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(source);
        int at = Guard.Axis(axis, Rank);
        Guard.SameDType(nameof(ScatterAdd), this, source, "x");
        if (index.Shape != source.Shape)
        {
            throw new ShapeMismatchException($"ScatterAdd: index is {index.Shape}, source is {source.Shape}; they must be equal.");
        }

        _ = this.AlignForIndex(nameof(ScatterAdd), at, index);
        Tensor y = Allocate(Shape, DType, Device);
        Pointwise.Run(Programs.Copy, DType.ComputeType(), Shape, [this], [y], []);
        if (source.ElementCount > 0)
        {
            using TensorScope scope = TensorScope.Begin();
            Tensor part = y.CropTo(index.Shape, at);
            y.Device.Backend.ScatterAdd(part.Operand, index.Operand, source.OperandAs(y.DType), at);
        }

        return ShouldTrack(this, source) ? y.Record(new ScatterAddNode(this, index, source, at).Reading(index)) : y;
    }

    /// <summary>The slices of one axis that the numbers name, in their order: rows of a matrix for axis 0.</summary>
    /// <param name="axis">The axis to choose from.</param>
    /// <param name="index">int64 or int32 with one axis; from 0 to the axis' size − 1.</param>
    /// <remarks>Indices outside of the axis are treated as in <see cref="Gather"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the axis.</exception>
    public Tensor IndexSelect(int axis, Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        Guard.Index(nameof(IndexSelect), index);
        Guard.Rank(nameof(IndexSelect), index, 1, "[n]");
        return this.Slices(nameof(IndexSelect), Guard.Axis(axis, Rank), index);
    }

    /// <summary>Row index[i, …] of a table for each index: this [words, size] → [index…, size].</summary>
    /// <param name="index">int64 or int32 of any shape; from 0 to the number of words − 1.</param>
    /// <remarks>Indices outside of the table are treated as in <see cref="Gather"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: an index lies outside the table.</exception>
    public Tensor Embedding(Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        Guard.Index(nameof(Embedding), index);
        Guard.Rank(nameof(Embedding), this, 2, "[words, size]", "table");
        Tensor rows = this.Slices(nameof(Embedding), 0, index.ReshapeOrSelf(-1));
        return rows.ReshapeOrSelf(shape: index.Shape.Prefix(index.Rank, Shape[1]));
    }

    /// <summary>1 at the index of the class, 0 elsewhere: this, int64, int32 or uint8 […] → […, classes].</summary>
    /// <exception cref="DTypeMismatchException">This tensor does not hold integers.</exception>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a class outside [0, classes). On a card its row is all 0.</exception>
    public Tensor OneHot(int classes, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        if (DType == DType.UInt8)
        {
            // As bytes, classes beyond 255 would be other ones.
            return To(DType.Int64).OneHot(classes, dtype);
        }

        Guard.Index(nameof(OneHot), this, "x");
        Shape shape = Shape.Insert(Rank, classes);
        LossOps.CheckClasses(nameof(OneHot), ToOrSelf(DType.Int64), classes, ignoreIndex: null, "this");
        if (shape.ElementCount == 0)
        {
            return Empty(shape, dtype, Device);
        }

        return Unsqueeze(Rank).EqualTo(Arange(classes, Device).ToOrSelf(DType)).ToOrSelf(dtype);
    }
}

/// <summary>How index and operand are brought together.</summary>
internal static class IndexingOps
{
    public static Tensor Slices(this Tensor x, string op, int at, Tensor index)
    {
        Guard.SameDevice(op, x, index);
        Guard.IndexRange(op, index, x.Shape[at]);
        return x.Gather(at, index.Along(at, x.Shape));
    }

    /// <summary>An index with one axis as one of a whole tensor: the same for all slices of the other axes.</summary>
    public static Tensor Along(this Tensor index, int axis, Shape shape)
    {
        Span<int> sizes = stackalloc int[shape.Rank];
        sizes.Fill(1);
        sizes[axis] = index.Shape[0];
        return index.ReshapeOrSelf(sizes).ExpandOrSelf(shape.With(axis, index.Shape[0]));
    }

    public static Tensor AlignForIndex(this Tensor x, string op, int axis, Tensor index)
    {
        Guard.Index(op, index);
        Guard.SameDevice(op, x, index);
        bool fits = index.Rank == x.Rank;
        for (int i = 0; fits && i < x.Rank; i++)
        {
            fits = i == axis || index.Shape[i] <= x.Shape[i];
        }

        return fits ? x.CropTo(index.Shape, axis)
            : throw new ShapeMismatchException($"{op}: index is {index.Shape}, x is {x.Shape}; they must have one rank, and the index must fit into x at every axis but {axis}.");
    }

    /// <summary>The leading corner with the given sizes at all axes but one.</summary>
    public static Tensor CropTo(this Tensor x, Shape shape, int except)
    {
        Tensor y = x;
        for (int i = 0; i < x.Rank; i++)
        {
            y = i == except ? y : y.SliceOrSelf(i, 0, shape[i], 1);
        }

        return y;
    }
}

file sealed class GatherNode(Tensor x, Tensor index, int axis) : GradNode(x)
{
    private readonly Shape _shape = x.Shape;
    private readonly SavedTensor _index = new("Gather", index);

    public override string Name => "Gather";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Tensor index = _index.Value;
        if (!GradMode.IsEnabled && dy.ElementCount > 0 && dy.DType.IsFloatingPoint() && NamesRows(index))
        {
            Tensor rows = Tensor.Allocate(_shape, dy.DType, dy.Device);
            rows.Device.Backend.ScatterSum(dy.Operand, index.SliceOrSelf(1, 0, 1, 1).Operand, null, rows.Operand);
            sink.Add(0, rows);
            return;
        }

        Tensor dx = Tensor.Zeros(_shape, dy.DType, dy.Device);
        if (GradMode.IsEnabled)
        {
            sink.Add(0, dx.ScatterAdd(axis, index, dy));
            return;
        }

        if (dy.ElementCount > 0)
        {
            dx.Device.Backend.ScatterAdd(dx.Operand, index.Operand, dy.Operand, axis);
        }

        sink.Add(0, dx);
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved() => _index.Release();

    /// <summary>Whether one number stands for each row of a matrix, as in a lookup of embeddings.</summary>
    private bool NamesRows(Tensor index) => axis == 0 && _shape.Rank == 2 && index.Shape[1] == _shape[1] && index.Layout.Strides[1] == 0;
}

file sealed class ScatterAddNode(Tensor x, Tensor index, Tensor source, int axis) : GradNode(x, source)
{
    private readonly SavedTensor _index = new("ScatterAdd", index);

    public override string Name => "ScatterAdd";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        sink.Add(0, dy);
        if (sink.Needs(1))
        {
            sink.Add(1, dy.Gather(axis, _index.Value));
        }
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved() => _index.Release();
}
