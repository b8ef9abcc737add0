namespace Engine.Backends;

/// <summary>
/// √Σv² where squares would leave the range of the compute type although the root does not: three sums, of the squares of large numbers scaled
/// down, of small ones scaled up, and of all others as they are (Blue 1978).
/// </summary>
/// <remarks>
/// Scales are powers of two, so no digit is lost, and numbers of ordinary size are squared and summed as always. Infinities are large, NaN is
/// among the others, and both reach the result.
/// </remarks>
public static class ScaledSquares
{
    /// <summary>Number of the parameter that large numbers are above.</summary>
    public const int LargeBound = 0;

    /// <summary>The factor of large numbers.</summary>
    public const int Down = 1;

    /// <summary>The bound that small numbers are below.</summary>
    public const int SmallBound = 2;

    /// <summary>The factor of small numbers.</summary>
    public const int Up = 3;

    /// <summary>1/<see cref="Down"/>.</summary>
    public const int DownInverse = 4;

    /// <summary>1/<see cref="Up"/>.</summary>
    public const int UpInverse = 5;

    /// <summary>The factor of the sum of squares.</summary>
    public const int Weight = 6;

    /// <summary>Length of the parameter list.</summary>
    public const int ParameterCount = 7;

    /// <summary>A reduction of √(weight·Σv²).</summary>
    /// <param name="inputs">Number of inputs.</param>
    /// <param name="v">The formula to square, in terms of the inputs.</param>
    public static ReduceProgram Root(int inputs, Expr v)
    {
        ArgumentNullException.ThrowIfNull(v);
        Expr down = Expr.Parameter(Down), back = Expr.Parameter(DownInverse), smallBack = Expr.Parameter(UpInverse), weight = Expr.Parameter(Weight);
        Expr size = Expr.Abs(v), isLarge = size > Expr.Parameter(LargeBound), isSmall = size < Expr.Parameter(SmallBound);
        Expr large = Expr.Where(isLarge, Expr.Square(v * down), 0);
        Expr middle = Expr.Where(isLarge, 0, Expr.Where(isSmall, 0, Expr.Square(v)));
        Expr small = Expr.Where(isSmall, Expr.Square(v * Expr.Parameter(Up)), 0);

        Expr sumLarge = Expr.Input(0), sum = Expr.Input(1), sumSmall = Expr.Input(2);
        Expr root = Expr.Where(
            Expr.NotEqual(sumLarge, 0),
            Expr.Sqrt((sumLarge + (sum * down * down)) * weight) * back,
            Expr.Where(
                Expr.NotEqual(sum, 0),
                Expr.Sqrt((sum + (sumSmall * smallBack * smallBack)) * weight),
                Expr.Sqrt(sumSmall * weight) * smallBack));
        return ReduceProgram.Create(MapProgram.Compile(inputs, large, middle, small), [Combiner.Sum, Combiner.Sum, Combiner.Sum], MapProgram.Compile(3, root));
    }

    /// <summary>The parameters for a compute type and the weight 1.</summary>
    public static double[] Parameters(DType computeType)
    {
        double[] parameters = new double[ParameterCount];
        SetParameters(computeType, 1, parameters);
        return parameters;
    }

    /// <summary>The parameters for a compute type.</summary>
    /// <param name="computeType">float32 or float64.</param>
    /// <param name="weight">The factor of the sum: 1, or one over a number of elements.</param>
    /// <param name="parameters">Receives <see cref="ParameterCount"/> numbers.</param>
    /// <remarks>
    /// The exponents leave room for 2²⁷ terms in each sum: in float32 numbers from 2⁻⁵⁰ to 2⁵⁰ have squares between 2⁻¹⁰⁰ and 2¹⁰⁰, larger ones
    /// times 2⁻⁸⁰ and smaller ones times 2⁹⁰ as well.
    /// </remarks>
    /// <exception cref="ArgumentException">There is room for fewer numbers.</exception>
    public static void SetParameters(DType computeType, double weight, Span<double> parameters)
    {
        if (parameters.Length < ParameterCount)
        {
            throw new ArgumentException($"ScaledSquares: {ParameterCount} parameters do not fit into {parameters.Length}.", nameof(parameters));
        }

        (int bound, int down, int up) = computeType == DType.Float64 ? (400, 600, 700) : (50, 80, 90);
        parameters[LargeBound] = Math.ScaleB(1, bound);
        parameters[Down] = Math.ScaleB(1, -down);
        parameters[SmallBound] = Math.ScaleB(1, -bound);
        parameters[Up] = Math.ScaleB(1, up);
        parameters[DownInverse] = Math.ScaleB(1, down);
        parameters[UpInverse] = Math.ScaleB(1, -up);
        parameters[Weight] = weight;
    }
}
