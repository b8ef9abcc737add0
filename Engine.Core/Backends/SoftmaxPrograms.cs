namespace Engine.Backends;

/// <summary>The programs that the softmax family is made of, where a backend has no kernel for it.</summary>
internal static class SoftmaxPrograms
{
    /// <summary>Σ exp(x − max). Inputs x and max.</summary>
    public static readonly ReduceProgram SumExp = SumOf(MapProgram.Compile(2, Expr.Exp(Expr.Input(0) - Expr.Input(1))));

    /// <summary>Σ x·y.</summary>
    public static readonly ReduceProgram Dot = SumOf(MapProgram.Compile(2, Expr.Input(0) * Expr.Input(1)));

    /// <summary>y. Inputs x, max and the sum.</summary>
    public static readonly MapProgram Softmax = MapProgram.Compile(3, Expr.Exp(Expr.Input(0) - Expr.Input(1)) / Expr.Input(2));

    /// <summary>log y. Inputs as in <see cref="Softmax"/>.</summary>
    public static readonly MapProgram LogSoftmax = MapProgram.Compile(3, Expr.Input(0) - Expr.Input(1) - Expr.Log(Expr.Input(2)));

    /// <summary>dx of a softmax. Inputs y, dy and Σ y·dy.</summary>
    public static readonly MapProgram SoftmaxBackward = MapProgram.Compile(3, Expr.Input(0) * (Expr.Input(1) - Expr.Input(2)));

    /// <summary>dx of its logarithm. Inputs log y, dy and Σ dy.</summary>
    public static readonly MapProgram LogSoftmaxBackward = MapProgram.Compile(3, Expr.Input(1) - (Expr.Exp(Expr.Input(0)) * Expr.Input(2)));

    /// <summary>log Σ exp x. Inputs the sum and max.</summary>
    public static readonly MapProgram LogSumExp = MapProgram.Compile(2, Expr.Log(Expr.Input(0)) + Expr.Input(1));

    // Inputs of the cross-entropy: row i, class c. Class numbers are compared, so that the programs need no Index.
    private static readonly Expr s_z = Expr.Input(0);
    private static readonly Expr s_logSumExp = Expr.Input(1);
    private static readonly Expr s_target = Expr.Input(2);
    private static readonly Expr s_classWeight = Expr.Input(3);
    private static readonly Expr s_class = Expr.Input(4);

    private static readonly Expr s_smoothed = Expr.Where(Expr.Equal(s_target, s_class), Expr.Parameter(CrossEntropyParameters.OnTarget), 0)
        + Expr.Parameter(CrossEntropyParameters.OnEach);

    private static readonly Expr s_kept = Expr.Where(Expr.Equal(s_target, Expr.Parameter(CrossEntropyParameters.Ignored)), 0, 1);

    /// <summary>The loss of a row. Inputs z, lse, target, class weight and class number; parameters of <see cref="CrossEntropyParameters"/>, as in the two below.</summary>
    public static readonly ReduceProgram CrossEntropy = SumOf(MapProgram.Compile(
        5, Expr.Where(Expr.Equal(s_kept * s_smoothed, 0), 0, s_smoothed * s_classWeight * (s_logSumExp - s_z))));

    /// <summary>The mass of a row, Σ q·w. Inputs as in <see cref="CrossEntropy"/>.</summary>
    public static readonly ReduceProgram CrossEntropyMass = SumOf(MapProgram.Compile(5, s_kept * s_smoothed * s_classWeight));

    /// <summary>dz = dy·(mass·softmax − q·w). Inputs as in <see cref="CrossEntropy"/>, then the mass of the row and dy.</summary>
    public static readonly MapProgram CrossEntropyBackward = CompileCrossEntropyBackward();

    private static MapProgram CompileCrossEntropyBackward()
    {
        Expr mass = Expr.Input(5), dy = Expr.Input(6);
        return MapProgram.Compile(
            7, Expr.Where(Expr.Equal(s_kept, 0), 0, dy * ((mass * Expr.Exp(s_z - s_logSumExp)) - (s_smoothed * s_classWeight))));
    }

    private static ReduceProgram SumOf(MapProgram term) => ReduceProgram.Create(term, [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));

    /// <summary>Losses and targets; parameter 0 is the target that does not count. Outputs: the mean over those that do, and the share of each of them in it.</summary>
    public static ReduceProgram MeanOfCounted { get; } = ReduceProgram.Create(
        MapProgram.Compile(2, Expr.Input(0), Expr.NotEqual(Expr.Input(1), Expr.Parameter(0))),
        [Combiner.Sum, Combiner.Sum],
        MapProgram.Compile(2, Expr.Input(0) / Expr.Input(1), 1 / Expr.Input(1)));
}
