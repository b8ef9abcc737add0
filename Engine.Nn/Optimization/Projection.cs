using System.Globalization;

namespace Engine.Nn;

/// <summary>The nearest point of a closed convex set, for projected gradient descent.</summary>
/// <remarks>
/// <code>
/// MinimizeResult inBall = Minimize.Run(f, start, x => new Sgd(x, 0.1), new DescentOptions { Projection = Projection.Ball(1) });
/// </code>
/// Between an optimizer's steps it keeps weights in a set too: <c>w.CopyFrom(projection.Apply(w.Detach()))</c>.
/// </remarks>
public sealed class Projection
{
    private readonly Func<Tensor, Tensor> _apply;

    private Projection(string name, Func<Tensor, Tensor> apply) => (Name, _apply) = (name, apply);

    /// <summary>The set in words.</summary>
    public string Name { get; }

    /// <summary>low ≤ xᵢ ≤ high for every element.</summary>
    /// <exception cref="ArgumentException">No number lies between the bounds, or one is NaN.</exception>
    public static Projection Box(double low, double high)
    {
        if (!(low <= high))
        {
            throw new ArgumentException(Invariant($"Projection.Box: no x meets {low} ≤ x ≤ {high}. The lower bound comes first."), nameof(low));
        }

        return new Projection(Invariant($"{low} ≤ x ≤ {high}"), x => x.Clamp(low, high));
    }

    /// <summary>lowᵢ ≤ xᵢ ≤ highᵢ, with bounds that broadcast to the point.</summary>
    /// <exception cref="ArgumentException">No number lies between two bounds, or one is NaN.</exception>
    /// <exception cref="ShapeMismatchException">The bounds do not broadcast to each other.</exception>
    public static Projection Box(Tensor low, Tensor high)
    {
        ArgumentNullException.ThrowIfNull(low);
        ArgumentNullException.ThrowIfNull(high);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        if (low.LessOrEqual(high).All().Item() == 0)
        {
            throw new ArgumentException("Projection.Box: a lower bound is not at or below its upper bound, so that no point meets both. The lower bounds come first.", nameof(low));
        }

        (Tensor lower, Tensor upper) = (Own(low), Own(high));
        return new Projection("low ≤ x ≤ high", x => Tensor.Minimum(Tensor.Maximum(x, Like(lower, x)), Like(upper, x)));
    }

    /// <summary>‖x − center‖ ≤ radius (Euclidean, over all elements): c + (x − c)·min(1, r/‖x − c‖).</summary>
    /// <param name="radius">r.</param>
    /// <param name="center">c, of the point's shape; null for the origin.</param>
    /// <exception cref="ArgumentOutOfRangeException">The radius is negative or not finite.</exception>
    public static Projection Ball(double radius, Tensor? center = null)
    {
        Hyper.NotNegative(radius, owner: "Projection.Ball");
        Tensor? middle = center is null ? null : Own(center);
        return new Projection(Invariant($"‖x − c‖ ≤ {radius}"), x =>
        {
            Tensor from = middle is null ? x : x - Like(middle, x);
            double norm = from.Norm().Item();
            return norm <= radius ? x : middle is null ? from * (radius / norm) : Like(middle, x) + (from * (radius / norm));
        });
    }

    /// <summary>xᵢ ≥ 0 and Σxᵢ = sum, over all elements: probabilities if the sum is 1.</summary>
    /// <remarks>
    /// max(x − τ, 0), with τ from the elements in descending order (Held, Wolfe and Crowder, 1974; Duchi et al., Efficient projections onto the ℓ₁-ball, 2008).
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The sum is not positive or not finite: no such x exists.</exception>
    public static Projection Simplex(double sum = 1)
    {
        Hyper.Positive(sum, owner: "Projection.Simplex");
        return new Projection(Invariant($"x ≥ 0, Σx = {sum}"), x =>
        {
            double[] sorted = Objective.Flatten([x]);
            if (sorted.Length == 0)
            {
                throw new ArgumentException(Invariant($"Projection.Simplex: no elements can have the sum {sum}; the point is {x.Shape}."), nameof(x));
            }

            Array.Sort(sorted, static (a, b) => b.CompareTo(a));
            (double total, double threshold) = (0, 0);
            for (int i = 0; i < sorted.Length; i++)
            {
                total += sorted[i];
                double candidate = (total - sum) / (i + 1);
                if (i > 0 && sorted[i] <= candidate)
                {
                    break;
                }

                threshold = candidate;
            }

            return (x - threshold).Clamp(min: 0);
        });
    }

    /// <summary>A·x = b, with the elements of x in a row: x − A⁺·(A·x − b).</summary>
    /// <param name="a">A, [m, n].</param>
    /// <param name="b">b, [m].</param>
    /// <remarks>A may be of any shape and rank; equations that follow from others are allowed. Computed in double precision on the host.</remarks>
    /// <exception cref="ArgumentException">No x meets the equations, or a number is not finite.</exception>
    /// <exception cref="ShapeMismatchException">a is not a matrix, or b is not a vector with an element for each of its rows.</exception>
    public static Projection Affine(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Rank != 2 || b.Rank != 1 || a.Shape[0] != b.Shape[0])
        {
            throw new ShapeMismatchException($"Projection.Affine: a is {a.Shape}, b {b.Shape}; they must be [m, n] and [m].");
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor matrix = Own(a.Detach().To(Device.Cpu).To(DType.Float64)), right = Own(b.Detach().To(Device.Cpu).To(DType.Float64)), inverse = Own(matrix.Pinv());
        double missing = (matrix.MatMul(inverse.MatMul(right)) - right).Norm().Item(), size = right.Norm().Item();
        if (!(missing <= 1e-8 * size))
        {
            throw new ArgumentException(Invariant($"Projection.Affine: no x meets A·x = b; at best ‖A·x − b‖ is {missing:g3}, where ‖b‖ is {size:g3}."), nameof(b));
        }

        int variables = a.Shape[1];
        return new Projection($"A·x = b ({a.Shape[0]} equations)", x =>
        {
            if (x.ElementCount != variables)
            {
                throw new ShapeMismatchException($"Projection.Apply: the point {x.Shape} has {x.ElementCount} elements, the equations have {variables} variables.");
            }

            Tensor flat = x.Reshape(variables).To(Device.Cpu).To(DType.Float64);
            return (flat - inverse.MatMul(matrix.MatMul(flat) - right)).To(x.DType).To(x.Device).Reshape(x.Shape);
        });
    }

    /// <summary>The nearest point of the set, of the shape, type and device of <paramref name="x"/>.</summary>
    /// <remarks>No gradient flows through it.</remarks>
    /// <exception cref="ShapeMismatchException">The set is of points of another shape.</exception>
    public Tensor Apply(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        Guard.FloatingPoint("Projection.Apply", x);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor y = _apply(x.Detach());
        return y.Shape == x.Shape
            ? scope.Keep(y)
            : throw new ShapeMismatchException($"Projection.Apply: the point is {x.Shape}, the set ({Name}) is of points {y.Shape}.");
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static Tensor Own(Tensor x)
    {
        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        return x.Detach().Clone();
    }

    private static Tensor Like(Tensor own, Tensor x) => own.To(x.DType).To(x.Device);
}
