namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Root-mean-square normalisation: over the last <paramref name="axes"/> axes together y = x/√(mean(x²) + eps)·γ. The mean is not taken off
    /// (Zhang and Sennrich 2019).
    /// </summary>
    /// <param name="weight">γ with the shape of those axes, or null for 1.</param>
    /// <param name="axes">How many trailing axes are normalised together.</param>
    /// <param name="eps">Keeps the root away from 0; the distance from 1 to the next number of the type that it is computed in if left out, as in PyTorch.</param>
    /// <remarks>Half-precision x is normalised in float32 and gives a result of its own type; the weight keeps its own. Numbers whose squares overflow give 0.</remarks>
    public Tensor RmsNorm(Tensor? weight = null, int axes = 1, double? eps = null)
    {
        const string Op = nameof(RmsNorm);
        Guard.FloatingPoint(Op, this, "x");
        if (axes < 1 || axes > Rank)
        {
            throw new ArgumentOutOfRangeException(nameof(axes), axes, $"{Op}: x is {Shape}; between 1 and {Rank} trailing axes can be normalised.");
        }

        Shape normalized = new(Shape.AsSpan()[^axes..]);
        if (weight is not null && weight.Shape != normalized)
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}, weight is {weight.Shape}; it must be {normalized} (the normalised axes).");
        }

        Guard.ParameterType(Op, this, weight);
        if (ElementCount == 0)
        {
            return Autocast.Widen(this).Clone();
        }

        DType compute = DType.ComputeType();
        if (compute != DType)
        {
            return ToOrSelf(compute).RmsNorm(weight?.ToOrSelf(compute), axes, eps).ToOrSelf(Autocast.Wide(DType));
        }

        Span<int> over = stackalloc int[axes];
        for (int i = 0; i < axes; i++)
        {
            over[i] = Rank - axes + i;
        }

        Tensor meanSquare = Square().Mean(over, keepDims: true);
        double[] parameters = [eps ?? (compute == DType.Float64 ? double.BitIncrement(1) - 1 : float.BitIncrement(1) - 1)];
        return weight is null
            ? Pointwise.Apply(Op, RmsPrograms.Plain, [this, meanSquare], parameters, compute)
            : Pointwise.Apply(Op, RmsPrograms.Scaled, [this, meanSquare, weight], parameters, compute);
    }
}

/// <summary>What follows the mean of the squares, in one pass.</summary>
file static class RmsPrograms
{
    public static readonly MapProgram Plain = MapProgram.Compile(2, Normal);
    public static readonly MapProgram Scaled = MapProgram.Compile(3, Normal * Expr.Input(2));

    private static Expr Normal => Expr.Input(0) * Expr.Rsqrt(Expr.Input(1) + Expr.Parameter(0));
}
