namespace Engine;

/// <summary>Places in sorted numbers.</summary>
public sealed partial class Tensor
{
    /// <summary>
    /// Where each value would go into this sorted tensor so that it stays sorted: the number of elements below it, or with <paramref name="right"/> not above
    /// it. int64, of the values' shape.
    /// </summary>
    /// <param name="values">Any shape where this tensor has one axis; otherwise this tensor's axes but the last, and any number of values along the last.</param>
    /// <param name="right">Whether a value goes behind equal elements instead of before them.</param>
    /// <remarks>The last axis must be sorted in ascending order, which is not checked. NaN counts as largest, as in <see cref="Sort"/>. Both are promoted to one type. No gradient.</remarks>
    /// <exception cref="ShapeMismatchException">The leading axes differ.</exception>
    public Tensor SearchSorted(Tensor values, bool right = false)
    {
        ArgumentNullException.ThrowIfNull(values);
        return SearchOps.Search(nameof(SearchSorted), this, values, right);
    }

    /// <summary>The number of the bucket between ascending boundaries that each element lies in: bucket i has boundaries[i − 1] &lt; x ≤ boundaries[i]. int64, of this tensor's shape.</summary>
    /// <param name="boundaries">Sorted in ascending order, one axis.</param>
    /// <param name="right">Buckets have their left boundary instead of the right one: boundaries[i − 1] ≤ x &lt; boundaries[i].</param>
    /// <exception cref="ShapeMismatchException">The boundaries have more or fewer axes than one.</exception>
    public Tensor Bucketize(Tensor boundaries, bool right = false)
    {
        ArgumentNullException.ThrowIfNull(boundaries);
        Guard.Rank(nameof(Bucketize), boundaries, 1, "[n]");
        return SearchOps.Search(nameof(Bucketize), boundaries, this, right);
    }

    /// <summary>Whether each element is among the given ones; bool, of this tensor's shape. NaN is equal to nothing.</summary>
    /// <param name="elements">Any shape.</param>
    public Tensor IsIn(Tensor elements)
    {
        ArgumentNullException.ThrowIfNull(elements);
        Guard.SameDevice(nameof(IsIn), this, elements);
        if (elements.ElementCount == 0)
        {
            return Zeros(Shape, DType.Bool, Device);
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        DType common = TypePromotion.Promote(DType, elements.DType);
        Tensor x = ToOrSelf(common), sorted = elements.ToOrSelf(common).ReshapeOrSelf(-1).Sort(0).Values;
        Tensor places = BinarySearch.Count(sorted, x, notAbove: true);
        Pointwise.Into(places, SearchOps.Before, [places]);
        return scope.Keep(sorted.Take(places).EqualTo(x));
    }
}

/// <summary>Types and shapes of searches.</summary>
internal static class SearchOps
{
    /// <summary>max(x − 1, 0).</summary>
    public static readonly MapProgram Before = MapProgram.Compile(1, Expr.Max(Expr.Input(0) - 1, 0));

    public static Tensor Search(string op, Tensor sorted, Tensor values, bool right)
    {
        Guard.SameDevice(op, sorted, values);
        if (sorted.Rank == 0 || (sorted.Rank > 1 && (values.Rank != sorted.Rank || values.Shape.With(values.Rank - 1, 1) != sorted.Shape.With(sorted.Rank - 1, 1))))
        {
            throw new ShapeMismatchException($"{op}: the sorted tensor is {sorted.Shape}, the values are {values.Shape}; it must have one axis, or all axes but the last must be equal.");
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        DType common = TypePromotion.Promote(sorted.DType, values.DType);
        return scope.Keep(BinarySearch.Count(sorted.ToOrSelf(common), values.ToOrSelf(common), right));
    }
}
