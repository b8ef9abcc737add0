namespace Engine;

/// <summary>Products of vectors and of grids of them.</summary>
public sealed partial class Tensor
{
    /// <summary>xᵢ·yⱼ of two vectors: [n], [m] → [n, m].</summary>
    /// <exception cref="ShapeMismatchException">An operand is no vector.</exception>
    public Tensor Outer(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        Guard.Rank(nameof(Outer), this, 1, "[n]", "x");
        Guard.Rank(nameof(Outer), y, 1, "[m]");
        return Unsqueeze(1) * y.Unsqueeze(0);
    }

    /// <summary>Σ xᵢ·yᵢ of two vectors of one size.</summary>
    /// <exception cref="ShapeMismatchException">An operand is no vector, or the sizes differ: nothing is broadcast.</exception>
    public Tensor Dot(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        Guard.Rank(nameof(Dot), this, 1, "[n]", "x");
        Guard.Rank(nameof(Dot), y, 1, "[n]");
        return Shape == y.Shape ? (this * y).Sum() : throw new ShapeMismatchException($"Dot: x is {Shape}, y is {y.Shape}; the sizes must be equal.");
    }

    /// <summary>Kronecker's product: each element of x times the whole of y, of any ranks; the sizes multiply.</summary>
    public Tensor Kron(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        int rank = Math.Max(Rank, y.Rank);
        int[] left = new int[2 * rank], right = new int[2 * rank], result = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            int a = i - (rank - Rank), b = i - (rank - y.Rank);
            (left[2 * i], left[(2 * i) + 1]) = (a < 0 ? 1 : Shape[a], 1);
            (right[2 * i], right[(2 * i) + 1]) = (1, b < 0 ? 1 : y.Shape[b]);
            result[i] = Guard.Size(nameof(Kron), (long)left[2 * i] * right[(2 * i) + 1]);
        }

        return (Reshape(left) * y.Reshape(right)).Reshape(result);
    }

    /// <summary>The vector product of three-dimensional vectors along an axis, which is 3 in both; other axes are broadcast.</summary>
    /// <exception cref="ShapeMismatchException">The axis has another size, or the shapes do not broadcast.</exception>
    public Tensor Cross(Tensor y, int axis = -1)
    {
        ArgumentNullException.ThrowIfNull(y);
        Shape shape = Guard.Broadcast(nameof(Cross), Shape, y.Shape);
        int at = Guard.Axis(axis, shape.Rank) - shape.Rank;
        if (-at > Rank || -at > y.Rank || Shape[at] != 3 || y.Shape[at] != 3)
        {
            throw new ShapeMismatchException($"Cross: x is {Shape}, y is {y.Shape}; axis {axis} must be 3 in both.");
        }

        Tensor[] a = Split(1, at), b = y.Split(1, at);
        return Concat([(a[1] * b[2]) - (a[2] * b[1]), (a[2] * b[0]) - (a[0] * b[2]), (a[0] * b[1]) - (a[1] * b[0])], at);
    }

    /// <summary>The sum of the diagonal of a matrix.</summary>
    /// <exception cref="ShapeMismatchException">This is no matrix.</exception>
    public Tensor Trace()
    {
        Guard.Rank(nameof(Trace), this, 2, "[rows, columns]", "x");
        int rows = Math.Min(Shape[0], Shape[1]), columns = Shape[1];
        return rows == 0 ? Sum() : Narrow(0, 0, rows).Reshape(-1).Slice(0, 0, Guard.Size(nameof(Trace), (long)rows * columns), columns + 1).Sum();
    }

    /// <summary>The sum over the last <paramref name="axes"/> axes of x and the first ones of y, pair by pair; 0 axes is the outer product.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An operand has fewer axes.</exception>
    /// <exception cref="ShapeMismatchException">The sizes of a pair differ.</exception>
    public Tensor TensorDot(Tensor y, int axes = 2)
    {
        ArgumentNullException.ThrowIfNull(y);
        ArgumentOutOfRangeException.ThrowIfNegative(axes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(axes, Math.Min(Rank, y.Rank));
        int[] last = new int[axes], first = new int[axes];
        for (int i = 0; i < axes; i++)
        {
            (last[i], first[i]) = (Rank - axes + i, i);
        }

        return TensorDot(y, last, first);
    }

    /// <summary>The sum over pairs of axes; the other axes of x, then those of y, are the result's.</summary>
    /// <param name="y">The other operand.</param>
    /// <param name="axes">Axes of x.</param>
    /// <param name="axesOfY">Axes of y, each of the size of its partner.</param>
    /// <exception cref="ArgumentException">The lists have different lengths, or an axis twice.</exception>
    /// <exception cref="ShapeMismatchException">The sizes of a pair differ.</exception>
    public Tensor TensorDot(Tensor y, ReadOnlySpan<int> axes, ReadOnlySpan<int> axesOfY)
    {
        ArgumentNullException.ThrowIfNull(y);
        if (axes.Length != axesOfY.Length)
        {
            throw new ArgumentException($"TensorDot: {axes.Length} axes of x and {axesOfY.Length} of y; they are pairs.", nameof(axesOfY));
        }

        (Tensor a, int[] left) = this.Arranged(axes, isFirst: true);
        (Tensor b, int[] right) = y.Arranged(axesOfY, isFirst: false);
        for (int i = 0; i < axes.Length; i++)
        {
            if (Shape[axes[i]] != y.Shape[axesOfY[i]])
            {
                throw new ShapeMismatchException($"TensorDot: x is {Shape}, y is {y.Shape}; axis {axes[i]} of x and axis {axesOfY[i]} of y must have one size.");
            }
        }

        return a.MatMul(b).ReshapeOrSelf([.. left, .. right]);
    }

    /// <summary>x·y/(|x|·|y|) along an axis, from −1 to 1. Lengths below <paramref name="eps"/> count as eps.</summary>
    public static Tensor CosineSimilarity(Tensor x, Tensor y, int axis = 1, double eps = 1e-8)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        Shape shape = Guard.Broadcast(nameof(CosineSimilarity), x.Shape, y.Shape);
        int at = Guard.Axis(axis, shape.Rank);
        Tensor a = x.Expand(shape), b = y.Expand(shape);
        // Directions first: products of long vectors would overflow where the quotient does not.
        return (a / a.Norm(at, keepDims: true).Clamp(eps) * (b / b.Norm(at, keepDims: true).Clamp(eps))).Sum(at);
    }

    /// <summary>The distances of all rows of x [..., n, m] to all rows of y [..., r, m] in the p-norm: [..., n, r]. The gradient of a distance 0 is 0.</summary>
    /// <remarks>
    /// Where the differences of all pairs would be many, Euclidean distances come from one matrix product, of rows relative to y's mean; they lose digits where two rows
    /// are closer to each other than to the mean by some powers of ten.
    /// </remarks>
    /// <param name="y">The other rows.</param>
    /// <param name="p">The order of the norm: from 0 to ∞.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is negative or NaN.</exception>
    /// <exception cref="ShapeMismatchException">An operand has fewer than two axes, the last sizes differ or the others do not broadcast.</exception>
    public Tensor Cdist(Tensor y, double p = 2)
    {
        ArgumentNullException.ThrowIfNull(y);
        if (!(p >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "Cdist: the order of the norm must lie in [0, ∞].");
        }

        if (Rank < 2 || y.Rank < 2 || Shape[-1] != y.Shape[-1])
        {
            throw new ShapeMismatchException($"Cdist: x is {Shape}, y is {y.Shape}; they must be [..., n, m] and [..., r, m] with one m.");
        }

        return p == 2 && (long)Shape.ElementCount * y.Shape[-2] > DistanceOps.ManyDifferences
            ? DistanceOps.ByProducts(this, y)
            : (Unsqueeze(-2) - y.Unsqueeze(-3)).VectorNorm(p, [-1]);
    }
}

/// <summary>Axes brought into the order that a matrix product wants.</summary>
file static class TensorDotOps
{
    public static (Tensor Matrix, int[] Free) Arranged(this Tensor x, ReadOnlySpan<int> summed, bool isFirst)
    {
        List<int> free = [.. Enumerable.Range(0, x.Rank)];
        int[] order = new int[summed.Length];
        long inner = 1, outer = 1;
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = Guard.Axis(summed[i], x.Rank);
            inner *= x.Shape[order[i]];
            if (!free.Remove(order[i]))
            {
                throw new ArgumentException($"TensorDot: axis {summed[i]} is named twice.");
            }
        }

        int[] sizes = [.. free.Select(axis => x.Shape[axis])];
        foreach (int size in sizes)
        {
            outer *= size;
        }

        int rows = Guard.Size(nameof(Tensor.TensorDot), isFirst ? outer : inner), columns = Guard.Size(nameof(Tensor.TensorDot), isFirst ? inner : outer);
        int[] wanted = isFirst ? [.. free, .. order] : [.. order, .. free];
        return (x.Permute(wanted).ReshapeOrSelf(rows, columns), sizes);
    }
}

/// <summary>Euclidean distances from |x|² + |y|² − 2·x·y.</summary>
file static class DistanceOps
{
    public const long ManyDifferences = 1L << 24;

    private static readonly MapProgram s_root = Programs.Unary(static square => Expr.Where(square <= 0, 0, Expr.Sqrt(square)));

    public static Tensor ByProducts(Tensor x, Tensor y)
    {
        Tensor center;
        using (GradMode.Off())
        {
            center = y.Detach().Mean(-2, keepDims: true);
        }

        Tensor a = x - center, b = y - center;
        Tensor square = a.Square().Sum(-1, keepDims: true) + b.Square().Sum(-1).Unsqueeze(-2) - (a.MatMul(b.Transpose(-1, -2)) * 2);
        return Pointwise.Apply(nameof(Tensor.Cdist), s_root, [square]);
    }
}
