namespace Engine.Backends;

/// <summary>Batch normalisation at prediction as pointwise programs. Backends may know them by identity.</summary>
public static class BatchNormPrograms
{
    /// <summary>Number of <see cref="Fold"/>'s only parameter.</summary>
    public const int Epsilon = 0;

    /// <summary>Number of the first input of the programs with a factor: the images.</summary>
    public const int X = 0;

    /// <summary>Number of the input that multiplies x.</summary>
    public const int Factor = 1;

    /// <summary>Number of the input that is added to the product.</summary>
    public const int Offset = 2;

    /// <summary>Number of the last input of <see cref="ScaleShiftAdd"/> and <see cref="ScaleShiftAddRelu"/>.</summary>
    public const int Residual = 3;

    private static readonly Expr s_folded = (Expr.Input(X) * Expr.Input(Factor)) + Expr.Input(Offset);

    /// <summary>Inputs γ, var, β, mean, parameter <see cref="Epsilon"/>; outputs the factor of x and the offset that is added to the product.</summary>
    public static MapProgram Fold { get; } = CompileFold();

    /// <summary>x · factor + offset.</summary>
    public static MapProgram ScaleShift { get; } = MapProgram.Compile(3, s_folded);

    /// <summary>As <see cref="ScaleShift"/>; negative results become 0.</summary>
    public static MapProgram ScaleShiftRelu { get; } = MapProgram.Compile(3, Expr.Relu(s_folded));

    /// <summary>x · factor + offset + residual.</summary>
    public static MapProgram ScaleShiftAdd { get; } = MapProgram.Compile(4, s_folded + Expr.Input(Residual));

    /// <summary>As <see cref="ScaleShiftAdd"/>; negative results become 0.</summary>
    public static MapProgram ScaleShiftAddRelu { get; } = MapProgram.Compile(4, Expr.Relu(s_folded + Expr.Input(Residual)));

    /// <summary>Whether a program is one of those with a factor.</summary>
    public static bool IsScaleShift(MapProgram program) => HasRelu(program) || ReferenceEquals(program, ScaleShift) || ReferenceEquals(program, ScaleShiftAdd);

    /// <summary>Whether a program is one of those with a factor and a ReLU.</summary>
    public static bool HasRelu(MapProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return ReferenceEquals(program, ScaleShiftRelu) || ReferenceEquals(program, ScaleShiftAddRelu);
    }

    private static MapProgram CompileFold()
    {
        Expr gamma = Expr.Input(0), variance = Expr.Input(1), beta = Expr.Input(2), mean = Expr.Input(3);
        Expr factor = gamma * Expr.Rsqrt(variance + Expr.Parameter(Epsilon));
        return MapProgram.Compile(4, factor, beta - (mean * factor));
    }
}
