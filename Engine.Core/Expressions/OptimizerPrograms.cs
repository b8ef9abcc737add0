namespace Engine.Backends;

/// <summary>
/// The update of each optimizer as one pointwise program: a single pass over the parameter, its gradient and its state, in place.
/// Backends know the hottest of them (<see cref="Adam"/>, <see cref="SgdMomentum"/>, <see cref="Sgd"/>) by identity.
/// </summary>
/// <remarks>
/// Input 0 is the parameter w, input 1 its gradient g, the rest is state. Output 0 is the new parameter, the others are the new state in
/// the order of the inputs; each is meant to overwrite its input. p0, p1, … are the program's parameters: whatever depends on the number
/// of the step is a parameter, so that one program serves all steps. Two are common to most: p0 = keep multiplies the old parameter
/// (1 − lr·decay where weight decay is decoupled, otherwise 1), p1 = decay adds decay·w to the gradient (L2 regularisation, otherwise 0).
/// </remarks>
public static class OptimizerPrograms
{
    private static readonly Expr s_w = Expr.Input(0);
    private static readonly Expr s_g = Expr.Input(1);
    private static readonly Expr s_state0 = Expr.Input(2);
    private static readonly Expr s_state1 = Expr.Input(3);
    private static readonly Expr s_state2 = Expr.Input(4);
    private static readonly Expr[] s_p = [.. Enumerable.Range(0, 10).Select(Expr.Parameter)];

    private static readonly Expr s_kept = s_w * s_p[0];
    private static readonly Expr s_decayed = s_g + (s_p[1] * s_w);

    /// <summary>Gradient descent: w ← p0·w − p2·(g + p1·w) with p2 = lr.</summary>
    public static MapProgram Sgd { get; } = MapProgram.Compile(2, s_kept - (s_p[2] * s_decayed));

    /// <summary>Momentum, state v: v ← p3·v + p4·(g + p1·w), w ← p0·w − p2·v with p2 = lr, p3 = momentum, p4 = 1 − dampening.</summary>
    public static MapProgram SgdMomentum { get; } = MakeSgdMomentum(nesterov: false);

    /// <summary>Nesterov's momentum: as <see cref="SgdMomentum"/>, but w ← p0·w − p2·(g + p1·w + p3·v).</summary>
    public static MapProgram SgdNesterov { get; } = MakeSgdMomentum(nesterov: true);

    /// <summary>
    /// Adam and AdamW, states m and v: g' = g + p1·w, m ← p3·m + p4·g', v ← p5·v + p6·g'², w ← p0·w − p2·m / (p7·√v + p8).
    /// </summary>
    /// <remarks>p2 = lr/(1 − β₁ᵗ), p3 = β₁, p4 = 1 − β₁, p5 = β₂, p6 = 1 − β₂, p7 = 1/√(1 − β₂ᵗ), p8 = epsilon.</remarks>
    public static MapProgram Adam { get; } = MakeAdam(amsgrad: false);

    /// <summary>As <see cref="Adam"/> with a third state u ← max(u, v) that stands in v's place below the line.</summary>
    public static MapProgram AmsGrad { get; } = MakeAdam(amsgrad: true);

    /// <summary>AdaGrad, state r: g' = g + p1·w, r ← r + g'², w ← p0·w − p2·g' / (√r + p3) with p2 = lr, p3 = epsilon.</summary>
    public static MapProgram Adagrad { get; } = MakeAdagrad();

    /// <summary>
    /// RMSProp, state r: g' = g + p1·w, r ← p3·r + p4·g'², w ← p0·w − p2·g' / (√r + p5) with p2 = lr, p3 = α, p4 = 1 − α, p5 = epsilon.
    /// </summary>
    public static MapProgram RmsProp { get; } = MakeRmsProp(centered: false, momentum: false);

    /// <summary>As <see cref="RmsProp"/> with a second state a ← p3·a + p4·g' and √max(r − a², 0) in √r's place.</summary>
    public static MapProgram RmsPropCentered { get; } = MakeRmsProp(centered: true, momentum: false);

    /// <summary>As <see cref="RmsProp"/> with a last state b ← p6·b + g' / (√r + p5) and w ← p0·w − p2·b.</summary>
    public static MapProgram RmsPropMomentum { get; } = MakeRmsProp(centered: false, momentum: true);

    /// <summary>Both changes: states r, a and b.</summary>
    public static MapProgram RmsPropCenteredMomentum { get; } = MakeRmsProp(centered: true, momentum: true);

    /// <summary>
    /// Adadelta, states r and d: g' = g + p1·w, r ← p3·r + p4·g'², s = √(d + p5) / √(r + p5) · g', d ← p3·d + p4·s², w ← p0·w − p2·s.
    /// </summary>
    /// <remarks>p2 = lr, p3 = ρ, p4 = 1 − ρ, p5 = epsilon.</remarks>
    public static MapProgram Adadelta { get; } = MakeAdadelta();

    /// <summary>
    /// Adamax, states m and u: g' = g + p1·w, m ← p3·m + p4·g', u ← max(p5·u, |g'| + p6), w ← p0·w − p2·m / u.
    /// </summary>
    /// <remarks>p2 = lr/(1 − β₁ᵗ), p3 = β₁, p4 = 1 − β₁, p5 = β₂, p6 = epsilon.</remarks>
    public static MapProgram Adamax { get; } = MakeAdamax();

    /// <summary>
    /// NAdam, states m and v: g' = g + p1·w, m ← p3·m + p4·g', v ← p5·v + p6·g'², w ← p0·w − (p2·m + p9·g') / (p7·√v + p8).
    /// </summary>
    /// <remarks>p2 and p9 weigh the average and the gradient by the momentum schedule; p3 … p8 as in <see cref="Adam"/>.</remarks>
    public static MapProgram NAdam { get; } = MakeNAdam();

    /// <summary>
    /// RAdam, states m and v: g' = g + p1·w, m ← p3·m + p4·g', v ← p5·v + p6·g'², w ← p0·w − p2·m·(p7 > 0 ? p7 / (√v + p8) : 1).
    /// </summary>
    /// <remarks>p2 = lr/(1 − β₁ᵗ); p7 = rectification·√(1 − β₂ᵗ), or 0 while the variance of the step is intractable; the rest as in <see cref="Adam"/>.</remarks>
    public static MapProgram RAdam { get; } = MakeRAdam();

    /// <summary>Lion, state m: g' = g + p1·w, w ← p0·w − p2·sign(p3·m + p4·g'), m ← p5·m + p6·g'.</summary>
    /// <remarks>p2 = lr, p3 = β₁, p4 = 1 − β₁, p5 = β₂, p6 = 1 − β₂.</remarks>
    public static MapProgram Lion { get; } = MakeLion();

    /// <summary>
    /// Rprop, states g₀ and s: g' = g + p1·w, s ← s·p4 where g' has the sign of g₀, s·p3 where it has the other, limited to [p5, p6];
    /// w ← p0·w − s·sign(g'), but w ← p0·w where the sign has changed; g₀ ← g', but 0 where the sign has changed.
    /// </summary>
    /// <remarks>p2 = lr at the first step, where it stands in s's place, later 0; p3 = η⁻, p4 = η⁺, p5 and p6 the smallest and largest step.</remarks>
    public static MapProgram Rprop { get; } = MakeRprop();

    /// <summary>Averaged gradient descent, state a: w ← p0·p2·w − p3·(g + p1·w), a ← p5·a + p4·w.</summary>
    /// <remarks>p2 = 1 − λ·η, p3 = η, the rate of this step; p4 = μ, p5 = 1 − μ.</remarks>
    public static MapProgram Asgd { get; } = MakeAsgd();

    /// <summary>
    /// An update under a condition, a further input at the end: where that is 0 each output is what it is meant to overwrite, whatever the
    /// gradient holds.
    /// </summary>
    /// <param name="update">
    /// A program in the form described above, of a custom optimizer too; inputs that no output belongs to may follow the state.
    /// </param>
    public static MapProgram Conditional(MapProgram update)
    {
        ArgumentNullException.ThrowIfNull(update);
        Expr condition = Expr.Input(update.InputCount);
        Expr[] outputs = new Expr[update.OutputCount];
        for (int i = 0; i < outputs.Length; i++)
        {
            // Input 1 is the gradient, which has no output.
            outputs[i] = Expr.Where(condition, update.Expressions[i], Expr.Input(i == 0 ? 0 : i + 1));
        }

        return MapProgram.Compile(update.InputCount + 1, outputs);
    }

    private static MapProgram MakeSgdMomentum(bool nesterov)
    {
        Expr velocity = (s_p[3] * s_state0) + (s_p[4] * s_decayed);
        Expr step = nesterov ? s_decayed + (s_p[3] * velocity) : velocity;
        return MapProgram.Compile(3, s_kept - (s_p[2] * step), velocity);
    }

    private static MapProgram MakeAdam(bool amsgrad)
    {
        (Expr mean, Expr square) = Moments();
        Expr largest = Expr.Max(s_state2, square);
        Expr denominator = (s_p[7] * Expr.Sqrt(amsgrad ? largest : square)) + s_p[8];
        Expr w = s_kept - (s_p[2] * mean / denominator);
        return amsgrad ? MapProgram.Compile(5, w, mean, square, largest) : MapProgram.Compile(4, w, mean, square);
    }

    private static MapProgram MakeAdagrad()
    {
        Expr sum = s_state0 + Expr.Square(s_decayed);
        return MapProgram.Compile(3, s_kept - (s_p[2] * s_decayed / (Expr.Sqrt(sum) + s_p[3])), sum);
    }

    private static MapProgram MakeRmsProp(bool centered, bool momentum)
    {
        Expr square = Average(s_state0, Expr.Square(s_decayed));
        Expr mean = Average(s_state1, s_decayed);
        // The variance is never negative but for rounding, which a gradient that hardly changes makes visible.
        Expr variance = Expr.Relu(square - Expr.Square(mean));
        Expr denominator = Expr.Sqrt(centered ? variance : square) + s_p[5];
        Expr velocity = (s_p[6] * (centered ? s_state2 : s_state1)) + (s_decayed / denominator);
        Expr w = s_kept - (momentum ? s_p[2] * velocity : s_p[2] * s_decayed / denominator);
        return (centered, momentum) switch
        {
            (false, false) => MapProgram.Compile(3, w, square),
            (true, false) => MapProgram.Compile(4, w, square, mean),
            (false, true) => MapProgram.Compile(4, w, square, velocity),
            _ => MapProgram.Compile(5, w, square, mean, velocity),
        };
    }

    private static MapProgram MakeAdadelta()
    {
        Expr square = Average(s_state0, Expr.Square(s_decayed));
        Expr step = Expr.Sqrt(s_state1 + s_p[5]) / Expr.Sqrt(square + s_p[5]) * s_decayed;
        return MapProgram.Compile(4, s_kept - (s_p[2] * step), square, Average(s_state1, Expr.Square(step)));
    }

    private static MapProgram MakeAdamax()
    {
        Expr mean = Average(s_state0, s_decayed);
        Expr largest = Expr.Max(s_p[5] * s_state1, Expr.Abs(s_decayed) + s_p[6]);
        return MapProgram.Compile(4, s_kept - (s_p[2] * mean / largest), mean, largest);
    }

    private static MapProgram MakeNAdam()
    {
        (Expr mean, Expr square) = Moments();
        Expr step = ((s_p[2] * mean) + (s_p[9] * s_decayed)) / ((s_p[7] * Expr.Sqrt(square)) + s_p[8]);
        return MapProgram.Compile(4, s_kept - step, mean, square);
    }

    private static MapProgram MakeRAdam()
    {
        (Expr mean, Expr square) = Moments();
        Expr adaptive = Expr.Where(s_p[7] > 0, s_p[7] / (Expr.Sqrt(square) + s_p[8]), 1);
        return MapProgram.Compile(4, s_kept - (s_p[2] * mean * adaptive), mean, square);
    }

    private static MapProgram MakeLion()
    {
        Expr direction = Expr.Sign(Average(s_state0, s_decayed));
        return MapProgram.Compile(3, s_kept - (s_p[2] * direction), (s_p[5] * s_state0) + (s_p[6] * s_decayed));
    }

    private static MapProgram MakeRprop()
    {
        // A product of signs, where one of the gradients themselves would vanish in rounding for small ones.
        Expr agreement = Expr.Sign(s_decayed) * Expr.Sign(s_state0);
        Expr factor = Expr.Where(agreement > 0, s_p[4], Expr.Where(agreement < 0, s_p[3], 1));
        Expr size = Expr.Clamp(Expr.Where(s_p[2] > 0, s_p[2], s_state1) * factor, s_p[5], s_p[6]);
        Expr used = Expr.Where(agreement < 0, 0, s_decayed);
        return MapProgram.Compile(4, s_kept - (Expr.Sign(used) * size), used, size);
    }

    private static MapProgram MakeAsgd()
    {
        Expr w = (s_kept * s_p[2]) - (s_p[3] * s_decayed);
        return MapProgram.Compile(3, w, (s_p[5] * s_state0) + (s_p[4] * w));
    }

    /// <summary>The running averages of the gradient (p3, p4) and of its square (p5, p6).</summary>
    private static (Expr Mean, Expr Square) Moments() =>
        (Average(s_state0, s_decayed), (s_p[5] * s_state1) + (s_p[6] * Expr.Square(s_decayed)));

    /// <summary>p3·old + p4·fresh.</summary>
    private static Expr Average(Expr old, Expr fresh) => (s_p[3] * old) + (s_p[4] * fresh);
}
