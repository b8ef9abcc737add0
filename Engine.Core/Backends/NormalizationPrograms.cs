namespace Engine.Backends;

/// <summary>The programs that normalisation in training mode is made of, where a backend has no kernel for it. The only parameter of each is named with it.</summary>
internal static class NormalizationPrograms
{
    private const int InverseCount = 0, Epsilon = 0;

    /// <summary>Σ(x − first)/count of a group, whose first number keeps the digits where the mean is large beside the standard deviation. Inputs x and first.</summary>
    public static readonly ReduceProgram ShiftedMean = MeanOf(MapProgram.Compile(2, Expr.Input(0) - Expr.Input(1)));

    /// <summary>The biased variance. Inputs as in <see cref="Forward.Deviation"/>.</summary>
    public static readonly ReduceProgram Variance = MeanOf(MapProgram.Compile(3, Expr.Square(Forward.Deviation)));

    /// <summary>1/√(variance + epsilon).</summary>
    public static readonly MapProgram InverseStd = MapProgram.Compile(1, Expr.Rsqrt(Expr.Input(0) + Expr.Parameter(Epsilon)));

    /// <summary>y. Inputs x, first, shifted mean, inverse std, scale and shift.</summary>
    public static readonly MapProgram Normalize = MapProgram.Compile(6, Forward.Y);

    /// <summary>As <see cref="Normalize"/>; negative results become 0.</summary>
    public static readonly MapProgram NormalizeRelu = MapProgram.Compile(6, Expr.Relu(Forward.Y));

    /// <summary>As <see cref="Normalize"/>, and a residual, the last input, is added.</summary>
    public static readonly MapProgram NormalizeAdd = MapProgram.Compile(7, Forward.Y + Forward.Residual);

    /// <summary>As <see cref="NormalizeAdd"/>; negative results become 0.</summary>
    public static readonly MapProgram NormalizeAddRelu = MapProgram.Compile(7, Expr.Relu(Forward.Y + Forward.Residual));

    /// <summary>Σdy and Σdy·x̂. Inputs x, mean, inverse std and dy.</summary>
    public static readonly ReduceProgram GradientSums = CompileGradientSums();

    /// <summary>dx. Inputs x, mean, inverse std, scale, dy, Σdy and Σdy·x̂; parameter 1/count.</summary>
    public static readonly MapProgram BatchNormBackward = MapProgram.Compile(
        7, Backward.Scale * Backward.InverseStd * (Backward.GradY - Backward.MeanParts));

    /// <summary>As <see cref="BatchNormBackward"/>, added to the last input.</summary>
    public static readonly MapProgram BatchNormBackwardAdd = MapProgram.Compile(
        8, (Backward.Scale * Backward.InverseStd * (Backward.GradY - Backward.MeanParts)) + Expr.Input(7));

    /// <summary>
    /// Σdy·scale and Σdy·scale·x̂: where rows have their own statistics the gradient is weighted by the scale before it is summed. Inputs x, mean, inverse std, dy and scale.
    /// </summary>
    public static readonly ReduceProgram WeightedGradientSums = CompileWeightedGradientSums();

    /// <summary>dx of a row. Inputs x, mean, inverse std, scale, dy and the sums of <see cref="WeightedGradientSums"/>; parameter 1/count.</summary>
    public static readonly MapProgram LayerNormBackward = MapProgram.Compile(
        7, Backward.InverseStd * ((Backward.GradY * Backward.Scale) - Backward.MeanParts));

    private static ReduceProgram MeanOf(MapProgram term) =>
        ReduceProgram.Create(term, [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0) * Expr.Parameter(InverseCount)));

    private static ReduceProgram SumsOf(MapProgram terms) =>
        ReduceProgram.Create(terms, [Combiner.Sum, Combiner.Sum], MapProgram.Compile(2, Expr.Input(0), Expr.Input(1)));

    private static ReduceProgram CompileGradientSums()
    {
        Expr x = Expr.Input(0), mean = Expr.Input(1), inverseStd = Expr.Input(2), dy = Expr.Input(3);
        return SumsOf(MapProgram.Compile(4, dy, dy * (x - mean) * inverseStd));
    }

    private static ReduceProgram CompileWeightedGradientSums()
    {
        Expr x = Expr.Input(0), mean = Expr.Input(1), inverseStd = Expr.Input(2), dy = Expr.Input(3), scale = Expr.Input(4);
        return SumsOf(MapProgram.Compile(5, dy * scale, dy * scale * (x - mean) * inverseStd));
    }

    private static class Forward
    {
        private static readonly Expr s_x = Expr.Input(0);
        private static readonly Expr s_first = Expr.Input(1);
        private static readonly Expr s_shiftedMean = Expr.Input(2);
        private static readonly Expr s_inverseStd = Expr.Input(3);
        private static readonly Expr s_scale = Expr.Input(4);
        private static readonly Expr s_shift = Expr.Input(5);

        public static readonly Expr Residual = Expr.Input(6);

        public static readonly Expr Deviation = s_x - s_first - s_shiftedMean;

        public static readonly Expr Y = (Deviation * s_inverseStd * s_scale) + s_shift;
    }

    private static class Backward
    {
        private static readonly Expr s_x = Expr.Input(0);
        private static readonly Expr s_mean = Expr.Input(1);
        private static readonly Expr s_sum = Expr.Input(5);
        private static readonly Expr s_product = Expr.Input(6);

        public static readonly Expr InverseStd = Expr.Input(2);

        public static readonly Expr Scale = Expr.Input(3);

        public static readonly Expr GradY = Expr.Input(4);

        /// <summary>The terms that the gradients to mean and variance subtract.</summary>
        public static readonly Expr MeanParts = Expr.Parameter(InverseCount) * (s_sum + ((s_x - s_mean) * InverseStd * s_product));
    }
}
