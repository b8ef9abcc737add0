namespace Engine.Nn;

/// <content>Negative log-likelihoods of counts and of numbers with a variance.</content>
public static partial class Losses
{
    private static readonly MapProgram s_poissonOfLog = MapProgram.Compile(2, Expr.Exp(Expr.Input(0)) - (Expr.Input(1) * Expr.Input(0)));

    private static readonly MapProgram s_poissonOfRate = MapProgram.Compile(2, Expr.Input(0) - (Expr.Input(1) * Expr.Log(Expr.Input(0) + Expr.Parameter(0))));

    // ln t! by Stirling, where t exceeds 1.
    private static readonly MapProgram s_stirling = MapProgram.Compile(1, Expr.Where(
        Expr.Input(0) > 1, (Expr.Input(0) * Expr.Log(Expr.Input(0))) - Expr.Input(0) + (0.5 * Expr.Log(2 * Math.PI * Expr.Input(0))), 0));

    private static readonly MapProgram s_gaussian = MapProgram.Compile(3, 0.5 * (Expr.Log(Expr.Input(2)) + (Expr.Square(Expr.Input(0) - Expr.Input(1)) / Expr.Input(2))));

    // d + ln(1 + e^(−2d)) − ln 2: no large exponential, and smooth at 0, where |d| would have a corner.
    private static readonly MapProgram s_logCosh = MapProgram.Compile(
        2, Expr.Input(0) - Expr.Input(1) + Expr.Softplus(-2 * (Expr.Input(0) - Expr.Input(1)), 1, 40) - Math.Log(2));

    /// <summary>The mean of <see cref="PoissonNll(Tensor, Tensor, bool, bool, double, Reduction)"/> of logarithms of rates.</summary>
    public static Tensor PoissonNll(Tensor input, Tensor target) => PoissonNll(input, target, logInput: true);

    /// <summary>eˣ − t·x of the logarithm x of a rate, or x − t·ln(x + eps) of a rate x: −ln of the Poisson probability of a count t, without ln t!.</summary>
    /// <remarks>PyTorch: <c>F.poisson_nll_loss</c>.</remarks>
    /// <param name="input">Logarithms of rates, or rates.</param>
    /// <param name="target">Counts of the same shape.</param>
    /// <param name="logInput">Whether the input holds logarithms.</param>
    /// <param name="full">Whether ln t! is added, by Stirling's formula where t exceeds 1.</param>
    /// <param name="eps">Keeps the logarithm of a rate 0 finite.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor PoissonNll(Tensor input, Tensor target, bool logInput, bool full = false, double eps = 1e-8, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(PoissonNll);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        Hyper.NotNegative(eps);
        Tensor losses = logInput
            ? LossTerms.Pairs(Op, s_poissonOfLog, input, target, [], Reduction.None, nameof(input))
            : LossTerms.Pairs(Op, s_poissonOfRate, input, target, [eps], Reduction.None, nameof(input));
        return (full ? losses + Pointwise.Apply(Op, s_stirling, [target.Wide()], computeAs: losses.DType) : losses).Reduced(reduction);
    }

    /// <summary>½·(ln v + (x − t)²/v): −ln of the density of a normal distribution with mean x and variance v at t, without ½·ln 2π.</summary>
    /// <remarks>
    /// PyTorch: <c>F.gaussian_nll_loss</c>. Like there, a variance below eps counts as eps, and its gradient is that at eps.
    /// </remarks>
    /// <param name="input">x, the means.</param>
    /// <param name="target">t, of the same shape.</param>
    /// <param name="variance">v: of the same shape, or with 1 as last size, or without the last axis: one for all of it.</param>
    /// <param name="full">Whether ½·ln 2π is added.</param>
    /// <param name="eps">The least variance.</param>
    /// <param name="reduction">Mean by default.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    public static Tensor GaussianNll(Tensor input, Tensor target, Tensor variance, bool full = false, double eps = 1e-6, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(GaussianNll);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(variance);
        Guard.FloatingPoint(Op, input, nameof(input));
        Guard.FloatingPoint(Op, variance, nameof(variance));
        Guard.SamePairs(Op, input, target, nameof(input));
        Hyper.Positive(eps);
        Tensor v = variance.Wide();
        if (v.Shape != input.Shape)
        {
            v = input.Rank > 0 && v.Shape == input.Shape.Remove(-1) ? v.Unsqueeze(-1)
                : input.Rank > 0 && v.Shape == input.Shape.With(-1, 1) ? v
                : throw new ShapeMismatchException($"{Op}: input is {input.Shape}, variance is {variance.Shape}; it must have the same shape, or one variance for the last axis.");
        }

        // The bound is added as a number, so that the gradient passes it.
        v += (v.Detach().Clamp(eps) - v.Detach());
        Tensor losses = Pointwise.Apply(Op, s_gaussian, [input.Wide(), target.Wide(), v]);
        return (full ? losses + (0.5 * Math.Log(2 * Math.PI)) : losses).Reduced(reduction);
    }

    /// <summary>The mean of ln cosh(y − t).</summary>
    public static Tensor LogCosh(Tensor prediction, Tensor target) => LogCosh(prediction, target, Reduction.Mean);

    /// <summary>ln cosh(y − t): (y − t)²/2 near 0, |y − t| − ln 2 far out, and smooth.</summary>
    /// <remarks>Keras: <c>LogCosh</c>.</remarks>
    public static Tensor LogCosh(Tensor prediction, Tensor target, Reduction reduction) =>
        LossTerms.Pairs(nameof(LogCosh), s_logCosh, prediction, target, [], reduction, nameof(prediction));
}
