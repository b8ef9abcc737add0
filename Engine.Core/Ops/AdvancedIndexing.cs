namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// A copy of this tensor with <paramref name="values"/> at the elements that an index expression selects: the form of <c>x[indices] = values</c>
    /// that gradients pass, to this tensor and to the values. Ranges without an end are written <see cref="Range.All"/> in a list.
    /// </summary>
    /// <param name="indices">As in the indexer: <c>[rows, columns]</c>, <c>[mask]</c>, <c>[Range.All, rows]</c>.</param>
    /// <param name="values">Of this tensor's type; broadcast to the selected elements.</param>
    /// <param name="accumulate">Adds the values to what is there, equal indices in a fixed order; otherwise the last of equal ones stays and alone gets a gradient.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index lies outside its axis; as in the indexer.</exception>
    /// <exception cref="ShapeMismatchException">The values do not broadcast to the selected elements.</exception>
    public Tensor IndexPut(ReadOnlySpan<TensorIndex> indices, Tensor values, bool accumulate = false)
    {
        ArgumentNullException.ThrowIfNull(values);
        Guard.SameDevice(nameof(IndexPut), this, values);
        Guard.SameDType(nameof(IndexPut), this, values, "x");
        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(AdvancedIndex.Put(this, indices, values, accumulate));
    }
}

/// <summary>An index expression with masks or indices, resolved: the axes that they choose from are joined to one, along which one index chooses.</summary>
internal sealed class AdvancedIndex
{
    // By the number of indices: the row-major number of the element that they name together; −1 outside.
    private static readonly MapProgram?[] s_places = new MapProgram?[Shape.MaxRank + 1];

    private readonly Tensor _view;
    private readonly List<(int Axis, int Axes, Tensor Items)> _entries = [];

    private AdvancedIndex(string op, Tensor x, ReadOnlySpan<TensorIndex> indices)
    {
        List<(int Axis, TensorIndex Entry)> chosen = [];
        _view = x.ViewOf(indices, chosen);
        foreach ((int axis, TensorIndex entry) in chosen)
        {
            Tensor items = entry.On(op, x);
            int axes = Math.Max(1, entry.Axes);
            if (items.DType == DType.Bool)
            {
                items = items.Rank == 0 ? items.ReshapeOrSelf(1) : items;
                Shape from = new(_view.Shape.AsSpan().Slice(axis, axes));
                if (items.Shape != from)
                {
                    throw new ShapeMismatchException($"{op}: the mask is {items.Shape}, the axes from {axis} on that it chooses from are {from} of {_view.Shape}; they must be equal.");
                }
            }

            _entries.Add((axis, axes, items));
        }
    }

    /// <summary>The axes of the view in the order in which chosen ones are neighbours; null as they are.</summary>
    private int[]? Order { get; set; }

    /// <summary>The view's shape in that order.</summary>
    private Shape Ordered { get; set; }

    /// <summary>The shape with the chosen axes joined.</summary>
    private Shape Joined { get; set; }

    /// <summary>The joined axis.</summary>
    private int Axis { get; set; }

    /// <summary>The index along it, with one axis.</summary>
    private Tensor Places { get; set; } = null!;

    /// <summary>The shape of the selected elements.</summary>
    private Shape Result { get; set; }

    /// <summary>Whether nothing is chosen twice.</summary>
    private bool IsDistinct { get; set; }

    public static bool Has(ReadOnlySpan<TensorIndex> indices)
    {
        foreach (TensorIndex index in indices)
        {
            if (index.Form is TensorIndex.Kind.Mask or TensorIndex.Kind.List)
            {
                return true;
            }
        }

        return false;
    }

    public static Tensor Get(Tensor x, ReadOnlySpan<TensorIndex> indices)
    {
        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(new AdvancedIndex("Index", x, indices).Resolved("Index").Get());
    }

    /// <summary>Writes over the selected elements; nothing is recorded.</summary>
    public static void Set(Tensor x, ReadOnlySpan<TensorIndex> indices, Tensor value)
    {
        AdvancedIndex index = new("Index", x, indices);
        // Where the destination's device could not hold the value's type, it is converted before it goes there.
        Tensor local = (value.DType == DType.Float64 && !x.Device.HasFloat64 ? value.ToOrSelf(x.DType) : value).ToOrSelf(x.Device).ToOrSelf(x.DType);
        if (!index.TryFill(local))
        {
            index.Resolved("Index").Set(local);
        }

        x.Storage.MarkWritten();
    }

    public static Tensor Put(Tensor x, ReadOnlySpan<TensorIndex> indices, Tensor values, bool accumulate)
    {
        const string Op = nameof(Tensor.IndexPut);
        AdvancedIndex index = new AdvancedIndex(Op, x, indices).Resolved(Op);
        Tensor target = x, places = index.Places;
        if (!ReferenceEquals(index._view, x) || index._entries.Count == 0)
        {
            // Of a part of x: the numbers that its elements have in x.
            Tensor numbers = Tensor.Arange(0, x.ElementCount, 1, DType.Int64, x.Device).ReshapeOrSelf(x.Shape);
            Tensor selected = index._entries.Count == 0 ? numbers.ViewOf(indices, null) : new AdvancedIndex(Op, numbers, indices).Resolved(Op).Get();
            index.Check(Op, values);
            Tensor flat = Write(x.ReshapeOrSelf(-1), selected.ReshapeOrSelf(-1), values.ExpandOrSelf(selected.Shape).ReshapeOrSelf(-1), 0, accumulate, index.IsDistinct);
            return flat.ReshapeOrSelf(x.Shape);
        }

        index.Check(Op, values);
        Shape rows = index.Joined.With(index.Axis, places.Shape[0]);
        Tensor source = values.ExpandOrSelf(index.Result).ReshapeOrSelf(rows);
        target = index.Order is { } order ? x.Permute(order) : x;
        Tensor y = Write(target.ReshapeOrSelf(index.Joined), places.Along(index.Axis, index.Joined), source, index.Axis, accumulate, index.IsDistinct).ReshapeOrSelf(index.Ordered);
        return index.Order is { } forth ? y.Permute(Inverse(forth)) : y;
    }

    private static Tensor Write(Tensor x, Tensor places, Tensor source, int axis, bool accumulate, bool distinct) =>
        accumulate ? x.ScatterAdd(axis, places, source) : x.Scattered(places, source, axis, distinct);

    private static int[] Inverse(int[] order)
    {
        int[] inverse = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            inverse[order[i]] = i;
        }

        return inverse;
    }

    private static MapProgram PlaceProgram(int count)
    {
        if (Volatile.Read(ref s_places[count]) is { } made)
        {
            return made;
        }

        Expr place = 0, isInside = 1;
        for (int i = 0; i < count; i++)
        {
            Expr given = Expr.Input(i), size = Expr.Parameter(i), at = Expr.Where(given < 0, given + size, given);
            isInside = Expr.And(isInside, Expr.And(at >= 0, at < size));
            place = (place * size) + at;
        }

        return s_places[count] = MapProgram.Compile(count, Expr.Where(isInside, place, -1));
    }

    /// <summary>With the places, for which masks are counted: the host waits.</summary>
    private AdvancedIndex Resolved(string op)
    {
        if (_entries.Count == 0)
        {
            (Result, IsDistinct) = (_view.Shape, true);
            return this;
        }

        Axis = _entries[0].Axis;
        int end = Axis, count = 0;
        bool areNeighbours = true;
        foreach ((int axis, int axes, _) in _entries)
        {
            areNeighbours &= axis == end;
            end = axis + axes;
            count += axes;
        }

        Ordered = _view.Shape;
        if (!areNeighbours)
        {
            IEnumerable<int> front = _entries.SelectMany(static e => Enumerable.Range(e.Axis, e.Axes));
            Order = [.. front, .. Enumerable.Range(0, _view.Rank).Except(front)];
            Ordered = new Shape(Array.ConvertAll(Order, axis => _view.Shape[axis]));
            (Axis, end) = (0, count);
        }

        List<Tensor> indices = [];
        List<double> sizes = [];
        long joined = 1;
        Shape shape = Shape.Scalar;
        foreach ((int axis, int axes, Tensor items) in _entries)
        {
            long size = 1;
            for (int i = axis; i < axis + axes; i++)
            {
                size *= _view.Shape[i];
            }

            bool isMask = items.DType == DType.Bool;
            Tensor index = isMask ? MaskOps.Places(op, items) : items;
            if (!isMask)
            {
                Guard.IndexRange(op, index, (int)size, fromEnd: true);
            }

            if (!Shape.TryBroadcast(shape, index.Shape, out Shape both))
            {
                throw new ShapeMismatchException($"{op}: the indices of {shape} and of {index.Shape}{(isMask ? " (the true elements of a mask)" : string.Empty)} do not broadcast; they choose together, one number of each for each element.");
            }

            shape = both;
            joined *= size;
            indices.Add(index);
            sizes.Add(size);
        }

        Joined = WithAxes(Ordered, Axis, end, [Guard.Size(op, joined)]);
        Result = WithAxes(Ordered, Axis, end, shape.AsSpan());
        IsDistinct = indices.Count == 1 && _entries[0].Items.DType == DType.Bool;
        Places = indices[0];
        if (!IsDistinct)
        {
            Places = Tensor.Allocate(shape, DType.Int64, _view.Device);
            Pointwise.Into(Places, PlaceProgram(indices.Count), [.. indices], [.. sizes]);
        }

        Places = Places.ReshapeOrSelf(-1);
        return this;
    }

    private static Shape WithAxes(Shape shape, int first, int end, ReadOnlySpan<int> sizes) =>
        new([.. shape.AsSpan()[..first], .. sizes, .. shape.AsSpan()[end..]]);

    private Tensor Get()
    {
        Tensor x = Order is { } order ? _view.Permute(order) : _view;
        return x.ReshapeOrSelf(Joined).Gather(Axis, Places.Along(Axis, Joined)).ReshapeOrSelf(Result);
    }

    /// <summary>One value for all elements under a mask, or one row: no need to know where the mask is true.</summary>
    private bool TryFill(Tensor value)
    {
        if (_entries is not [(int axis, int axes, { DType: DType.Bool } mask)])
        {
            return false;
        }

        int behind = _view.Rank - axis - axes;
        Shape rest = new(_view.Shape.AsSpan()[(axis + axes)..]);
        if (value.Rank > behind || !Shape.TryBroadcast(value.Shape, rest, out Shape both) || both != rest)
        {
            return false;
        }

        Span<int> sizes = stackalloc int[axes + behind];
        sizes.Fill(1);
        mask.Shape.AsSpan().CopyTo(sizes);
        Pointwise.Into(_view, Programs.Where, [_view.Unaliased(mask).ReshapeOrSelf(shape: new Shape(sizes)), _view.Unaliased(value), _view]);
        return true;
    }

    private void Set(Tensor value)
    {
        Check("Index", value);
        Tensor source = value.ExpandOrSelf(Result).ReshapeOrSelf(Joined.With(Axis, Places.Shape[0]));
        if (source.ElementCount == 0 || _view.ElementCount == 0)
        {
            return;
        }

        Tensor ordered = Order is { } order ? _view.Permute(order) : _view;
        bool isView = ordered.Layout.TryReshape(Joined, out Layout layout);
        Tensor target = isView ? ordered.ViewAs(layout) : ordered.Clone().ReshapeOrSelf(Joined);
        target.Device.Backend.Scatter(target.Operand, Places.Along(Axis, Joined).Operand, target.Unaliased(source).Operand, Axis, IsDistinct);
        if (!isView)
        {
            ordered.CopyFrom(target.ReshapeOrSelf(Ordered));
        }
    }

    private void Check(string op, Tensor value)
    {
        if (!Shape.TryBroadcast(value.Shape, Result, out Shape both) || both != Result)
        {
            throw new ShapeMismatchException($"{op}: {value.Shape} does not broadcast to the selected elements, {Result}.");
        }
    }
}
