namespace Engine.Backends;

/// <summary>Batch normalisation at prediction as pointwise programs. Backends may know them by identity.</summary>
public static class BatchNormPrograms
{
    private static readonly Expr s_folded = (Expr.Input(0) * Expr.Input(1)) + Expr.Input(2);

    // Inputs γ, var, β, mean; parameter epsilon.
    private static readonly Expr s_runningScale = Expr.Input(0) * Expr.Rsqrt(Expr.Input(1) + Expr.Parameter(0));

    /// <summary>Inputs γ, var, β, mean, parameter epsilon; outputs the factor of x and the term that is added to the product.</summary>
    public static MapProgram Fold { get; } = MapProgram.Compile(4, s_runningScale, Expr.Input(2) - (Expr.Input(3) * s_runningScale));

    /// <summary>x · factor + offset.</summary>
    public static MapProgram ScaleShift { get; } = MapProgram.Compile(3, s_folded);

    /// <summary>As <see cref="ScaleShift"/>; negative results become 0.</summary>
    public static MapProgram ScaleShiftRelu { get; } = MapProgram.Compile(3, Expr.Relu(s_folded));

    /// <summary>x · factor + offset + residual.</summary>
    public static MapProgram ScaleShiftAdd { get; } = MapProgram.Compile(4, s_folded + Expr.Input(3));

    /// <summary>As <see cref="ScaleShiftAdd"/>; negative results become 0.</summary>
    public static MapProgram ScaleShiftAddRelu { get; } = MapProgram.Compile(4, Expr.Relu(s_folded + Expr.Input(3)));

    /// <summary>Whether a program is one of those with a factor.</summary>
    public static bool IsScaleShift(MapProgram program) => HasRelu(program) || ReferenceEquals(program, ScaleShift) || ReferenceEquals(program, ScaleShiftAdd);

    /// <summary>Whether a program is one of those with a factor and a ReLU.</summary>
    public static bool HasRelu(MapProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return ReferenceEquals(program, ScaleShiftRelu) || ReferenceEquals(program, ScaleShiftAddRelu);
    }
}
