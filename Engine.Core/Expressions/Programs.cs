namespace Engine.Backends;

/// <summary>The pointwise programs that operations are made of. Backends know the hottest of them by identity or equality.</summary>
public static class Programs
{
    private static readonly Expr s_x = Expr.Input(0);
    private static readonly Expr s_y = Expr.Input(1);
    private static readonly Expr s_p0 = Expr.Parameter(0);
    private static readonly Expr s_p1 = Expr.Parameter(1);

    /// <summary>x.</summary>
    public static MapProgram Copy { get; } = MapProgram.Compile(1, s_x);

    /// <summary>p0.</summary>
    public static MapProgram Fill { get; } = MapProgram.Compile(0, s_p0);

    /// <summary>p0 + i·p1 for the element with row-major number i.</summary>
    public static MapProgram Ramp { get; } = MapProgram.Compile(0, s_p0 + (Expr.Index * s_p1));

    /// <summary>The same of fractions, rounded once: with fused multiply-add or without, a device gives the same bits.</summary>
    public static MapProgram FractionRamp { get; } = MapProgram.Compile(0, Expr.Fma(Expr.Index, s_p1, s_p0));

    /// <summary>Uniform numbers in [p4, p4 + p5) from the draw p0 … p3.</summary>
    public static MapProgram Uniform { get; } = MapProgram.Compile(
        0, Expr.Parameter(RandomParameters.Uniform.Low) + (Expr.Parameter(RandomParameters.Uniform.Width) * Expr.Random(RandomParameters.Uniform.Draw)));

    /// <summary>
    /// Normal numbers with mean p8 and standard deviation p9, by Box and Muller's transform of two uniform ones, from the draws p0 … p3 and p4 … p7; in float32 the
    /// same bits on every device.
    /// </summary>
    public static MapProgram Normal { get; } = MapProgram.Compile(
        0,
        Expr.Fma(
            NormalTransform.Of(Expr.Random(RandomParameters.Normal.Draw), Expr.Random(RandomParameters.Normal.SecondDraw)),
            Expr.Parameter(RandomParameters.Normal.Std),
            Expr.Parameter(RandomParameters.Normal.Mean)));

    /// <summary>x·p1 + p0, rounded once.</summary>
    internal static MapProgram Affine { get; } = MapProgram.Compile(1, Expr.Fma(s_x, s_p1, s_p0));

    /// <summary>x + y.</summary>
    public static MapProgram Add { get; } = MapProgram.Compile(2, s_x + s_y);

    /// <summary>x − y.</summary>
    public static MapProgram Sub { get; } = MapProgram.Compile(2, s_x - s_y);

    /// <summary>x·y.</summary>
    public static MapProgram Mul { get; } = MapProgram.Compile(2, s_x * s_y);

    /// <summary>x / y.</summary>
    public static MapProgram Div { get; } = MapProgram.Compile(2, s_x / s_y);

    /// <summary>x + p0.</summary>
    public static MapProgram AddScalar { get; } = MapProgram.Compile(1, s_x + s_p0);

    /// <summary>x·p0.</summary>
    public static MapProgram MulScalar { get; } = MapProgram.Compile(1, s_x * s_p0);

    /// <summary>x / p0.</summary>
    public static MapProgram DivScalar { get; } = MapProgram.Compile(1, s_x / s_p0);

    /// <summary>p0 − x.</summary>
    public static MapProgram ScalarSub { get; } = MapProgram.Compile(1, s_p0 - s_x);

    /// <summary>p0 / x.</summary>
    public static MapProgram ScalarDiv { get; } = MapProgram.Compile(1, s_p0 / s_x);

    /// <summary>x + p0·y.</summary>
    public static MapProgram AddScaled { get; } = MapProgram.Compile(2, s_x + (s_p0 * s_y));

    /// <summary>p0·x + p1·y.</summary>
    public static MapProgram Blend { get; } = MapProgram.Compile(2, (s_p0 * s_x) + (s_p1 * s_y));

    /// <summary>max(x, 0).</summary>
    public static MapProgram Relu { get; } = MapProgram.Compile(1, Expr.Relu(s_x));

    /// <summary>max(x + y, 0).</summary>
    public static MapProgram AddRelu { get; } = MapProgram.Compile(2, Expr.Relu(s_x + s_y));

    /// <summary>The gradient of a ReLU from its result: x (that is, dy) where y is positive, otherwise 0.</summary>
    public static MapProgram ReluBackward { get; } = MapGradient.For(Relu, 1).Program;

    /// <summary>x where the first input is true, otherwise y.</summary>
    public static MapProgram Where { get; } = MapProgram.Compile(3, Expr.Where(s_x, s_y, Expr.Input(2)));

    /// <summary>Inverted dropout: keeps x with probability 1 − p4 and scales it by p5 = 1/(1 − p4); the mask follows from p0 … p3.</summary>
    public static MapProgram Dropout { get; } = MapProgram.Compile(
        1,
        Expr.Where(
            Expr.Random(RandomParameters.Dropout.Draw) >= Expr.Parameter(RandomParameters.Dropout.Probability),
            s_x * Expr.Parameter(RandomParameters.Dropout.Scale),
            0));

    /// <summary>A whole number in two parameters, from <paramref name="first"/> on: exact in int64, where one parameter, a double, would not be.</summary>
    internal static Expr Whole(int first) => (Expr.Parameter(first) * (1L << 32)) + Expr.Parameter(first + 1);

    /// <summary>The parameters of <see cref="Whole"/>.</summary>
    internal static (double High, double Low) Parts(long value) => (value >> 32, value & uint.MaxValue);

    /// <summary>Whether a double holds the number.</summary>
    internal static bool IsExact(long value) => value is >= -(long)TypePromotion.ExactInDouble and <= (long)TypePromotion.ExactInDouble;

    /// <summary>A program with one input and a <see cref="Whole"/> number.</summary>
    internal static MapProgram UnaryWhole(Func<Expr, Expr, Expr> f) => MapProgram.Compile(1, f(s_x, Whole(0)));

    /// <summary>A program with one input.</summary>
    internal static MapProgram Unary(Func<Expr, Expr> f) => MapProgram.Compile(1, f(s_x));

    /// <summary>A program with two inputs.</summary>
    internal static MapProgram Binary(Func<Expr, Expr, Expr> f) => MapProgram.Compile(2, f(s_x, s_y));

    /// <summary>A program with one input and one parameter.</summary>
    internal static MapProgram UnaryScalar(Func<Expr, Expr, Expr> f) => MapProgram.Compile(1, f(s_x, s_p0));
}
