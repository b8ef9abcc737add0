using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>Other ways to look at the same memory.</summary>
/// <remarks>
/// Every result is a handle of its own, even where nothing changes: its disposal never disposes this tensor. The engine's own code disposes
/// no operands. It uses internal forms that return this tensor where nothing changes.
/// </remarks>
public sealed partial class Tensor
{
    /// <summary>The transposed matrix: the last two axes swapped. A view.</summary>
    public Tensor T => Rank >= 2 ? Transpose(-2, -1) : Alias();

    /// <summary>
    /// The same elements in row-major order under another shape; one size may be −1 and follows from the others. A view where the strides
    /// allow it, otherwise a copy.
    /// </summary>
    /// <exception cref="ShapeMismatchException">The number of elements differs.</exception>
    [OverloadResolutionPriority(1)]
    public Tensor Reshape(params ReadOnlySpan<int> sizes) => this.Own(ReshapeOrSelf(sizes));

    /// <summary>As <see cref="Reshape(ReadOnlySpan{int})"/>, but this tensor itself where it has the shape.</summary>
    [OverloadResolutionPriority(1)]
    internal Tensor ReshapeOrSelf(params ReadOnlySpan<int> sizes)
    {
        Shape.CheckRank(sizes.Length, nameof(sizes));
        Span<int> full = stackalloc int[sizes.Length];
        sizes.CopyTo(full);
        int unknown = sizes.IndexOf(-1);
        if (unknown >= 0)
        {
            // A product beyond 64 bits cannot be the number of elements.
            long known = 1;
            for (int i = 0; i < sizes.Length && known > 0; i++)
            {
                known = i == unknown ? known : sizes[i] <= ElementCount / known ? known * sizes[i] : 0;
            }

            if (known <= 0 || ElementCount % known != 0)
            {
                throw new ShapeMismatchException($"Reshape: {Shape} has {ElementCount} elements; no size at −1 makes [{string.Join(", ", sizes.ToArray())}] fit.");
            }

            full[unknown] = Guard.Size(nameof(Reshape), ElementCount / known);
        }

        Shape shape = new(full);
        return ReshapeOrSelf(shape);
    }

    /// <inheritdoc cref="Reshape(ReadOnlySpan{int})"/>
    public Tensor Reshape(Shape shape) => this.Own(ReshapeOrSelf(shape));

    /// <summary>As <see cref="Reshape(Shape)"/>, but this tensor itself where it has the shape.</summary>
    internal Tensor ReshapeOrSelf(Shape shape)
    {
        if (shape == Shape)
        {
            return this;
        }

        if (shape.ElementCount != ElementCount)
        {
            throw new ShapeMismatchException($"Reshape: {Shape} has {ElementCount} elements, {shape} has {shape.ElementCount}; they must be equal.");
        }

        TensorState state = _state;
        if (!state.Layout.TryReshape(shape, out Layout layout))
        {
            return Clone().ReshapeOrSelf(shape);
        }

        Tensor y = View(state, layout);
        return ShouldTrack(this) ? y.Record(new ReshapeNode(this)) : y;
    }

    /// <summary>Axes <paramref name="start"/> to <paramref name="end"/> (included) joined into one.</summary>
    public Tensor Flatten(int start = 0, int end = -1) => this.Own(FlattenOrSelf(start, end));

    /// <summary>As <see cref="Flatten"/>, but this tensor itself where nothing is to be joined.</summary>
    internal Tensor FlattenOrSelf(int start = 0, int end = -1)
    {
        if (Rank == 0)
        {
            return ReshapeOrSelf([1]);
        }

        int first = Guard.Axis(start, Rank), last = Guard.Axis(end, Rank);
        if (first > last)
        {
            throw new ArgumentException($"Flatten: start {start} lies behind end {end} of {Shape}.", nameof(start));
        }

        long joined = 1;
        for (int i = first; i <= last; i++)
        {
            joined *= Shape[i];
        }

        Span<int> sizes = stackalloc int[Rank - (last - first)];
        Shape.AsSpan()[..first].CopyTo(sizes);
        sizes[first] = Guard.Size(nameof(Flatten), joined);
        Shape.AsSpan()[(last + 1)..].CopyTo(sizes[(first + 1)..]);
        return ReshapeOrSelf(shape: new Shape(sizes));
    }

    /// <summary>The axes in the given order. A view.</summary>
    /// <exception cref="ArgumentException">The axes are not a permutation of all of this tensor's.</exception>
    public Tensor Permute(params ReadOnlySpan<int> axes)
    {
        Shape.CheckRank(axes.Length, nameof(axes));
        Span<int> order = stackalloc int[axes.Length];
        AxisSet seen = default;
        for (int i = 0; i < axes.Length; i++)
        {
            order[i] = Guard.Axis(axes[i], Rank, nameof(axes));
            seen = seen.With(order[i]);
        }

        if (axes.Length != Rank || seen.Count != Rank)
        {
            throw new ArgumentException($"Permute: [{string.Join(", ", axes.ToArray())}] must name each of the {Rank} axes of {Shape} once.", nameof(axes));
        }

        TensorState state = _state;
        Tensor y = View(state, state.Layout.Permute(order));
        return ShouldTrack(this) ? y.Record(new PermuteNode(this, order.ToArray())) : y;
    }

    /// <summary>Two axes swapped. A view.</summary>
    public Tensor Transpose(int a, int b)
    {
        Span<int> order = stackalloc int[Rank];
        for (int i = 0; i < Rank; i++)
        {
            order[i] = i;
        }

        int first = Guard.Axis(a, Rank), second = Guard.Axis(b, Rank);
        (order[first], order[second]) = (order[second], order[first]);
        return Permute(order);
    }

    /// <summary>An axis of size 1 inserted at <paramref name="axis"/>. A view.</summary>
    public Tensor Unsqueeze(int axis) => Reshape(Shape.Insert(axis, 1));

    /// <summary>Without the given axis of size 1; unchanged if its size differs. A view.</summary>
    public Tensor Squeeze(int axis) => Shape[axis] == 1 ? Reshape(Shape.Remove(axis)) : Alias();

    /// <summary>Without all axes of size 1. A view.</summary>
    public Tensor Squeeze()
    {
        Span<int> sizes = stackalloc int[Rank];
        int count = 0;
        foreach (int size in Shape.AsSpan())
        {
            if (size != 1)
            {
                sizes[count++] = size;
            }
        }

        return Reshape(shape: new Shape(sizes[..count]));
    }

    /// <summary>Axes of size 1 stretched, and axes prepended, to the given shape; −1 keeps a size. A view with stride 0.</summary>
    /// <exception cref="ShapeMismatchException">A size that is not 1 would change.</exception>
    public Tensor Expand(Shape shape) => this.Own(ExpandOrSelf(shape));

    /// <summary>As <see cref="Expand(Shape)"/>, but this tensor itself where it has the shape.</summary>
    internal Tensor ExpandOrSelf(Shape shape)
    {
        if (shape == Shape)
        {
            return this;
        }

        if (!Shape.TryBroadcast(Shape, shape, out Shape result) || result != shape)
        {
            throw new ShapeMismatchException($"Expand: {Shape} cannot be stretched to {shape}: aligned at the last axis, each size must be equal or 1.");
        }

        TensorState state = _state;
        Tensor y = View(state, state.Layout.Expand(shape));
        return ShouldTrack(this) ? y.Record(new ExpandNode(this)) : y;
    }

    /// <summary>
    /// Elements start, start + step, … before <paramref name="stop"/> of one axis. Negative bounds count from the end, bounds outside are
    /// clipped, as in Python; a negative step walks backwards. A view.
    /// </summary>
    public Tensor Slice(int axis, int start, int stop, int step = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(step);
        int at = Guard.Axis(axis, Rank);
        int size = Shape[at];
        int low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
        int first = Math.Clamp(start < 0 ? start + size : start, low, high);
        int last = Math.Clamp(stop < 0 ? stop + size : stop, low, high);
        long length = ((long)last - first + step - Math.Sign(step)) / step;
        return this.Own(SliceOrSelf(at, first, (int)Math.Max(0, length), step));
    }

    /// <summary><paramref name="length"/> elements of one axis from <paramref name="start"/>. A view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The stretch leaves the axis.</exception>
    public Tensor Narrow(int axis, int start, int length)
    {
        int at = Guard.Axis(axis, Rank);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + length, Shape[at], nameof(length));
        return this.Own(SliceOrSelf(at, start, length, 1));
    }

    /// <summary>Element <paramref name="index"/> of one axis, which vanishes. A view.</summary>
    public Tensor Select(int axis, int index)
    {
        int at = Guard.Axis(axis, Rank);
        int i = index < 0 ? index + Shape[at] : index;
        if ((uint)i >= (uint)Shape[at])
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"Select: axis {axis} of {Shape} has {Shape[at]} elements.");
        }

        return SliceOrSelf(at, i, 1, 1).ReshapeOrSelf(Shape.Remove(at));
    }

    /// <summary>The elements of the given axes in reverse order; of all axes if none is given. A view.</summary>
    public Tensor Flip(params ReadOnlySpan<int> axes)
    {
        AxisSet set = Guard.Axes(nameof(Flip), Shape, axes);
        Tensor y = this;
        for (int i = 0; i < Rank; i++)
        {
            if (set.Contains(i))
            {
                y = y.SliceOrSelf(i, Math.Max(0, Shape[i] - 1), Shape[i], -1);
            }
        }

        return this.Own(y);
    }

    /// <summary>The same elements in row-major order without gaps: a view if they lie so, otherwise a copy.</summary>
    public Tensor Contiguous() => this.Own(ContiguousOrSelf());

    /// <summary>As <see cref="Contiguous()"/>, but this tensor itself where it is contiguous.</summary>
    internal Tensor ContiguousOrSelf() => IsContiguous ? this : Clone();

    /// <summary>A copy in row-major order. The gradient passes.</summary>
    public Tensor Clone() => CopyAs(Layout.Contiguous(Shape));

    private Tensor UnrecordedCopyAs(in Layout layout)
    {
        Tensor y = Allocate(DType, Device, layout);
        Pointwise.Run(Programs.Copy, DType.ComputeType(), layout.Shape, [this], [y], []);
        return y;
    }

    private Tensor CopyAs(in Layout layout)
    {
        Tensor y = UnrecordedCopyAs(layout);
        return ShouldTrack(this) ? y.Record(new CloneNode(this)) : y;
    }

    /// <summary>Another handle to this tensor's memory with the same elements; the gradient passes.</summary>
    public Tensor Alias()
    {
        TensorState state = _state;
        Tensor y = View(state, state.Layout);
        return ShouldTrack(this) ? y.Record(new AliasNode(this)) : y;
    }

    /// <summary>Elements start, start + step, … (length of them) of one axis; this tensor itself where these are all.</summary>
    internal Tensor SliceOrSelf(int axis, int start, int length, int step)
    {
        if (start == 0 && length == Shape[axis] && step == 1)
        {
            return this;
        }

        TensorState state = _state;
        Tensor y = View(state, state.Layout.Slice(axis, start, length, step));
        return ShouldTrack(this) ? y.Record(new SliceNode(this, axis, start, length, step)) : y;
    }

    /// <summary>Zeros of <paramref name="size"/> along one axis with this tensor at the indices start, start + step, …: the transpose of slicing.</summary>
    internal Tensor EmbedInto(int axis, int size, int start, int step)
    {
        Tensor y = Zeros(Shape.With(axis, size), DType, Device);
        using (TensorScope scope = TensorScope.Begin())
        {
            Tensor part = y.ViewAs(y.Layout.Slice(axis, start, Shape[axis], step));
            Pointwise.Run(Programs.Copy, DType.ComputeType(), Shape, [this], [part], []);
        }

        return ShouldTrack(this) ? y.Record(new EmbedNode(this, axis, start, step)) : y;
    }
}

/// <summary>How views are made and remembered.</summary>
internal static class ViewOps
{
    /// <summary>The handle that an operation returns in place of this tensor.</summary>
    public static Tensor Own(this Tensor x, Tensor y) => ReferenceEquals(y, x) ? x.Alias() : y;
}

file sealed class ReshapeNode(Tensor x) : GradNode(x)
{
    private readonly Shape _shape = x.Shape;

    public override string Name => "Reshape";

    internal override bool OnlyReshapes => true;

    internal override bool TakesParts => Inputs is [{ TakesParts: true }];

    internal override void BackwardOfSum(Tensor first, Tensor second, GradSink sink)
    {
        sink.Add(0, first.ReshapeOrSelf(_shape));
        sink.Add(0, second.ReshapeOrSelf(_shape));
    }

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.ReshapeOrSelf(_shape));
}

/// <summary>A second handle: its gradient is passed on.</summary>
file sealed class AliasNode(Tensor x) : GradNode(x)
{
    public override string Name => "Alias";

    internal override bool TakesParts => Inputs is [{ TakesParts: true }];

    internal override void BackwardOfSum(Tensor first, Tensor second, GradSink sink)
    {
        sink.Add(0, first);
        sink.Add(0, second);
    }

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy);
}

file sealed class PermuteNode(Tensor x, int[] axes) : GradNode(x)
{
    public override string Name => "Permute";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        Span<int> inverse = stackalloc int[axes.Length];
        for (int i = 0; i < axes.Length; i++)
        {
            inverse[axes[i]] = i;
        }

        sink.Add(0, dy.Permute(inverse));
    }
}

/// <summary>The only step whose gradient is a sum: everything that broadcasts does it through an expansion.</summary>
file sealed class ExpandNode(Tensor x) : GradNode(x)
{
    private readonly Shape _shape = x.Shape;

    public override string Name => "Expand";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.SumTo(_shape));
}

file sealed class SliceNode(Tensor x, int axis, int start, int length, int step) : GradNode(x)
{
    private readonly int _size = x.Shape[axis];

    public override string Name => step == -1 && length == _size ? "Flip" : "Slice";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.EmbedInto(axis, _size, start, step));
}

file sealed class EmbedNode(Tensor x, int axis, int start, int step) : GradNode(x)
{
    private readonly int _length = x.Shape[axis];

    public override string Name => "Place";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.SliceOrSelf(axis, start, _length, step));
}

file sealed class CloneNode(Tensor x) : GradNode(x)
{
    public override string Name => "Clone";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy);
}
