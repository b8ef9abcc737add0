namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// The p-norm (Σ|x|ᵖ)^(1/p): the largest size for p = ∞, the smallest for −∞, the number of elements other than 0 for p = 0. The powers do not overflow
    /// where the norm does not. The gradient is 0 where the norm is 0, and at elements that are 0.
    /// </summary>
    /// <param name="ord">p; 2 is <see cref="Norm(ReadOnlySpan{int}, bool)"/>.</param>
    /// <param name="axes">The axes; none takes all.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is NaN.</exception>
    /// <exception cref="ShapeMismatchException">A reduced axis is empty and p is infinite.</exception>
    public Tensor VectorNorm(double ord = 2, ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        if (double.IsNaN(ord))
        {
            throw new ArgumentOutOfRangeException(nameof(ord), ord, "VectorNorm: the order must be a number or ±infinity.");
        }

        Tensor x = ToOrSelf(Autocast.Wide(TypePromotion.ToFloating(DType)));
        return ord switch
        {
            2 => x.Norm(axes, keepDims),
            1 => x.Abs().Sum(axes, keepDims),
            0 => x.NotEqualTo(0).ToOrSelf(x.DType).Sum(axes, keepDims),
            double.PositiveInfinity => x.Abs().Max(axes, keepDims),
            double.NegativeInfinity => x.Abs().Min(axes, keepDims),
            _ => x.PowerNorm(ord, axes, keepDims),
        };
    }
}

/// <summary>Norms of any other order.</summary>
file static class VectorNormOps
{
    // Inputs x and a scale of its row, parameter p.
    private static readonly MapProgram s_power = MapProgram.Compile(
        2, Expr.Where(Expr.And(Expr.Equal(Expr.Input(0), 0), Expr.Parameter(0) > 0), 0, Expr.Pow(Expr.Abs(Expr.Input(0)) / Expr.Input(1), Expr.Parameter(0))));

    // Inputs the sum of powers and the scale, parameter 1/p.
    private static readonly MapProgram s_root = MapProgram.Compile(
        2, Expr.Where(Expr.And(Expr.Equal(Expr.Input(0), 0), Expr.Parameter(0) > 0), 0, Expr.Pow(Expr.Input(0), Expr.Parameter(0)) * Expr.Input(1)));

    private static readonly MapProgram s_scale = Programs.Unary(static m => Expr.Where(Expr.And(m > 0, m < double.PositiveInfinity), m, 1));

    public static Tensor PowerNorm(this Tensor x, double order, ReadOnlySpan<int> axes, bool keepDims)
    {
        AxisSet set = Guard.Axes(nameof(Tensor.VectorNorm), x.Shape, axes);
        if (x.CountOver(set) == 0)
        {
            return x.Sum(axes, keepDims);
        }

        Tensor scale;
        using (GradMode.Off())
        {
            // The term that counts most is 1: the largest number, and of negative orders the smallest.
            Tensor sizes = x.Detach().Abs();
            scale = Pointwise.Apply(nameof(Tensor.VectorNorm), s_scale, [order > 0 ? sizes.Max(axes, keepDims: true) : sizes.Min(axes, keepDims: true)]);
        }

        Tensor sum = Pointwise.Apply(nameof(Tensor.VectorNorm), s_power, [x, scale], [order]).Sum(axes, keepDims: true);
        Tensor y = Pointwise.Apply(nameof(Tensor.VectorNorm), s_root, [sum, scale], [1 / order]);
        return keepDims ? y : y.ReshapeOrSelf(x.ReducedShape(set, keepDims: false));
    }
}
