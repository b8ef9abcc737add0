using static Engine.Backends.OptimizerTerms;

namespace Engine.Backends;

/// <summary>
/// Updates of optimizers that backends know by what they compute, each one pointwise program: a single pass over the parameter, its gradient and its
/// state, in place. Other optimizers have their programs beside them.
/// </summary>
/// <remarks>
/// Inputs and outputs are in the order of <see cref="OptimizerTerms"/>. In the formulas g' = g + decay·w is <see cref="DecayedGradient"/>; the other names are those of
/// <see cref="SgdParameters"/> and <see cref="AdamParameters"/>.
/// </remarks>
public static class OptimizerPrograms
{
    /// <summary>Gradient descent: w ← keep·w − rate·g'.</summary>
    public static MapProgram Sgd { get; } = MapProgram.Compile(2, KeptWeight - (Expr.Parameter(SgdParameters.Rate) * DecayedGradient));

    /// <summary>Momentum, state v: v ← momentum·v + fresh·g', w ← keep·w − rate·v.</summary>
    public static MapProgram SgdMomentum { get; } = MakeSgdMomentum(nesterov: false);

    /// <summary>Nesterov's momentum: as <see cref="SgdMomentum"/>, but w ← keep·w − rate·(g' + momentum·v).</summary>
    public static MapProgram SgdNesterov { get; } = MakeSgdMomentum(nesterov: true);

    /// <summary>
    /// Adam and AdamW, states m and v: m ← β₁·m + (1 − β₁)·g', v ← β₂·v + (1 − β₂)·g'², w ← keep·w − rate·m / (correction·√v + epsilon).
    /// </summary>
    public static MapProgram Adam { get; } = MakeAdam(amsgrad: false);

    /// <summary>As <see cref="Adam"/> with a third state u ← max(u, v) that replaces v in the denominator.</summary>
    public static MapProgram AmsGrad { get; } = MakeAdam(amsgrad: true);

    /// <summary>NAdam: as <see cref="Adam"/>, but w ← keep·w − (rate·m + gradient rate·g') / (correction·√v + epsilon).</summary>
    public static MapProgram NAdam { get; } = MakeNAdam();

    /// <summary>
    /// RAdam: as <see cref="Adam"/>, but w ← keep·w − rate·m·s, where s = rectification / (√v + epsilon) if the rectification is positive, and otherwise 1.
    /// </summary>
    public static MapProgram RAdam { get; } = MakeRAdam();

    /// <summary>
    /// An update under a condition, which is one more input at the end. Where it is 0, each output is the value that it overwrites, also for a
    /// gradient of NaN.
    /// </summary>
    /// <param name="update">
    /// A program in the order of <see cref="OptimizerTerms"/>, of a custom optimizer too; inputs that no output belongs to may follow the state.
    /// </param>
    public static MapProgram Conditional(MapProgram update)
    {
        ArgumentNullException.ThrowIfNull(update);
        Expr condition = Expr.Input(update.InputCount);
        Expr[] outputs = new Expr[update.OutputCount];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = Expr.Where(condition, update.Expressions[i], i == 0 ? Weight : State(i - 1));
        }

        return MapProgram.Compile(update.InputCount + 1, outputs);
    }

    private static MapProgram MakeSgdMomentum(bool nesterov)
    {
        Expr momentum = Expr.Parameter(SgdParameters.Momentum);
        Expr velocity = (momentum * State(0)) + (Expr.Parameter(SgdParameters.Fresh) * DecayedGradient);
        Expr step = nesterov ? DecayedGradient + (momentum * velocity) : velocity;
        return MapProgram.Compile(3, KeptWeight - (Expr.Parameter(SgdParameters.Rate) * step), velocity);
    }

    private static MapProgram MakeAdam(bool amsgrad)
    {
        (Expr mean, Expr square) = Moments();
        Expr largest = Expr.Max(State(2), square);
        Expr w = KeptWeight - (Expr.Parameter(AdamParameters.Rate) * mean / Denominator(amsgrad ? largest : square));
        return amsgrad ? MapProgram.Compile(5, w, mean, square, largest) : MapProgram.Compile(4, w, mean, square);
    }

    private static MapProgram MakeNAdam()
    {
        (Expr mean, Expr square) = Moments();
        Expr direction = (Expr.Parameter(AdamParameters.Rate) * mean) + (Expr.Parameter(AdamParameters.GradientRate) * DecayedGradient);
        return MapProgram.Compile(4, KeptWeight - (direction / Denominator(square)), mean, square);
    }

    private static MapProgram MakeRAdam()
    {
        (Expr mean, Expr square) = Moments();
        Expr rectification = Expr.Parameter(AdamParameters.Rectification);
        Expr adaptive = Expr.Where(rectification > 0, rectification / (Expr.Sqrt(square) + Expr.Parameter(AdamParameters.Epsilon)), 1);
        return MapProgram.Compile(4, KeptWeight - (Expr.Parameter(AdamParameters.Rate) * mean * adaptive), mean, square);
    }

    /// <summary>The running averages of the gradient and of its square.</summary>
    private static (Expr Mean, Expr Square) Moments() => (
        Average(State(0), DecayedGradient, AdamParameters.Beta1, AdamParameters.Rest1),
        Average(State(1), Expr.Square(DecayedGradient), AdamParameters.Beta2, AdamParameters.Rest2));

    private static Expr Denominator(Expr square) => (Expr.Parameter(AdamParameters.Correction) * Expr.Sqrt(square)) + Expr.Parameter(AdamParameters.Epsilon);
}
