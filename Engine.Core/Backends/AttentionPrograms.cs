namespace Engine.Backends;

/// <summary>The programs of attention, where a backend has no kernel for it.</summary>
internal static class AttentionPrograms
{
    private static readonly Expr s_max = Expr.Input(1);

    /// <summary>Scores with what is hidden at −∞, and 0 all along a row that sees nothing. Inputs scores, whether a key is seen, whether the row sees any.</summary>
    /// <remarks>A row of −∞ would have no softmax; one of zeros has, and the gradient 0 as soon as its result is not used.</remarks>
    public static readonly MapProgram Hide = MapProgram.Compile(
        3, Expr.Where(Expr.Input(2), Expr.Where(Expr.Input(1), Expr.Input(0), double.NegativeInfinity), 0));

    /// <summary>Scores with a mask added, and 0 all along a row that sees nothing. Inputs scores, mask, whether the row sees any.</summary>
    public static readonly MapProgram AddMask = MapProgram.Compile(3, Expr.Where(Expr.Input(2), Expr.Input(0) + Expr.Input(1), 0));

    /// <summary>x where the row sees any key, else 0. Inputs x and whether it does.</summary>
    public static readonly MapProgram Seen = MapProgram.Compile(2, Expr.Where(Expr.Input(1), Expr.Input(0), 0));

    /// <summary>Whether a row sees any key, from the largest of its mask.</summary>
    public static readonly MapProgram SeesAny = MapProgram.Compile(1, Expr.NotEqual(Expr.Input(0), double.NegativeInfinity));

    /// <summary>Σ exp(s − max), 0 in a row of −∞. Inputs scores and max.</summary>
    public static readonly ReduceProgram SumExp = ReduceProgram.Create(
        MapProgram.Compile(2, Expr.Where(Expr.Equal(s_max, double.NegativeInfinity), 0, Expr.Exp(Expr.Input(0) - s_max))), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));

    /// <summary>log Σ exp s, +∞ in a row of −∞. Inputs the sum and max.</summary>
    public static readonly MapProgram LogSumExp = MapProgram.Compile(
        2, Expr.Where(Expr.Equal(s_max, double.NegativeInfinity), double.PositiveInfinity, Expr.Log(Expr.Input(0)) + s_max));

    /// <summary>The weights. Inputs scores and their log-sum-exp.</summary>
    public static readonly MapProgram Weights = MapProgram.Compile(2, Expr.Exp(Expr.Input(0) - Expr.Input(1)));

    /// <summary>Gradient of the scores before they were scaled. Inputs weights, gradient of the weights, Σ O·dO; parameter the scale.</summary>
    public static readonly MapProgram GradScores = MapProgram.Compile(3, Expr.Input(0) * (Expr.Input(1) - Expr.Input(2)) * Expr.Parameter(0));
}
