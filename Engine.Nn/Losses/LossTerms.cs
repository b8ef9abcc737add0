namespace Engine.Nn;

/// <summary>Steps that losses share.</summary>
internal static class LossTerms
{
    /// <summary>The losses of the elements, or their mean or sum.</summary>
    public static Tensor Reduced(this Tensor x, Reduction reduction) => reduction switch
    {
        Reduction.None => x,
        Reduction.Mean => x.Mean(),
        Reduction.Sum => x.Sum(),
        Reduction.BatchMean => x.Sum() / Math.Max(1, x.Rank == 0 ? 1 : x.Shape[0]),
        _ => throw new ArgumentOutOfRangeException(nameof(reduction)),
    };

    /// <summary>Losses need more digits than half precision has, where <see cref="Autocast"/> chose it.</summary>
    public static Tensor Wide(this Tensor x) => x.DType.IsHalf() && Autocast.Type is not null ? x.To(DType.Float32) : x;

    /// <summary>A program over pairs of one shape.</summary>
    public static Tensor Pairs(string op, MapProgram program, Tensor x, Tensor target, ReadOnlySpan<double> parameters, Reduction reduction, string name)
    {
        ArgumentNullException.ThrowIfNull(x, name);
        ArgumentNullException.ThrowIfNull(target);
        Guard.FloatingPoint(op, x, name);
        Guard.SamePairs(op, x, target, name);
        return Pointwise.Apply(op, program, [x.Wide(), target.Wide()], parameters).Reduced(reduction);
    }

    /// <summary>Class numbers [N] for scores [N, C] as int64.</summary>
    public static Tensor ClassNumbers(string op, Tensor x, Tensor target, string name)
    {
        Guard.FloatingPoint(op, x, name);
        if (x.Rank != 2 || target.Rank != 1 || target.Shape[0] != x.Shape[0])
        {
            throw new ShapeMismatchException($"{op}: {name} is {x.Shape}, target is {target.Shape}; for {name} [N, C] the target must be [N].");
        }

        return Whole(op, target);
    }

    /// <summary>Integers as int64.</summary>
    public static Tensor Whole(string op, Tensor numbers, string name = "target")
    {
        if (numbers.DType.IsFloatingPoint() || numbers.DType == DType.Bool)
        {
            throw new DTypeMismatchException($"{op}: {name} is {numbers.DType.ShortName()}; class numbers and lengths are i64. Convert it with To(DType.Int64).");
        }

        return numbers.To(DType.Int64);
    }

    /// <summary>[C] of the type of the scores.</summary>
    public static void CheckWeights(string op, Tensor x, int classes, Tensor? weight, string name = "weight")
    {
        if (weight is not null && (weight.Rank != 1 || weight.Shape[0] != classes || weight.DType != x.DType))
        {
            throw new ShapeMismatchException($"{op}: {name} is {weight.DType.ShortName()} {weight.Shape}; it must be {x.DType.ShortName()} [{classes}] (the classes).");
        }
    }
}
