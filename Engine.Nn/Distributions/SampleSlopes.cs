namespace Engine.Nn.Distributions;

/// <summary>
/// How samples move with a parameter while their quantile stays: −(∂F/∂a)/p, the gradient of a sample (implicit reparameterisation; Figurnov, Mohamed and
/// Mnih 2018), for gamma and beta distributions, on every device.
/// </summary>
/// <remarks>
/// <para>∂F/∂a is the integral of (T − E T)·p over the values below a sample, or, with the other sign, above it, where T is the statistic that belongs to a: ln x of
/// the gamma distribution and of the first parameter of the beta distribution. On the side where T lies farther from E T than at the sample nothing
/// cancels, and the integral over p at the sample is that of (|T₀ − E T| + |T − T₀|)·e^(−g) with g = 0 at the sample. It is taken over ln x, or the logit, where g is
/// convex: up to g = <see cref="Rule.Depth"/> by Gauss and Legendre's rule, one pass over the device a node. Concentrations below 1 have a flat stretch there; they are
/// traced back to one more, F(a) = F(a + 1) + xᵃ·e⁻ˣ/Γ(a + 1) and its likes.</para>
/// <para>Within 10⁻⁹ in float64; in float32 within 10⁻⁵ for concentrations up to 100, and 10⁻⁴ up to 10⁴ (SampleSlopeTests, quantiles 10⁻⁴ to 1 − 10⁻⁴).</para>
/// </remarks>
internal static class SampleSlopes
{
    private const int GammaSteps = 3, BetaSteps = 8;

    // Up to here 1 − e⁻ˢ has its digits; beyond, logits have.
    private const double NearSteps = 4;

    private static readonly MapProgram s_gamma = MapProgram.Compile(2, GammaSetup(Expr.Input(0), Expr.Input(1)));
    private static readonly MapProgram s_gammaStep = MapProgram.Compile(4, Newton(Expr.Input(0), GammaFall(Expr.Input(0), Expr.Input(1), Expr.Input(2), Expr.Input(3)), GammaSlope(Expr.Input(0), Expr.Input(1), Expr.Input(2), Expr.Input(3))));
    private static readonly MapProgram s_gammaNode = MapProgram.Compile(6, GammaNode());
    private static readonly MapProgram s_gammaEnd = MapProgram.Compile(6, GammaEnd());

    private static readonly MapProgram s_beta = MapProgram.Compile(3, BetaSetup(Expr.Input(0), Expr.Input(1), Expr.Input(2)));
    private static readonly MapProgram s_betaStep = MapProgram.Compile(4, BetaStep());
    private static readonly MapProgram s_betaNode = MapProgram.Compile(6, BetaNode());
    private static readonly MapProgram s_betaEnd = MapProgram.Compile(4, (Expr.Input(2) * Expr.Input(0) * Expr.Input(1)) + Expr.Input(3));

    private static readonly Rule s_single = new(20, 20), s_double = new(48, 38);

    /// <summary>∂ ln x/∂a of gamma numbers with rate 1.</summary>
    /// <param name="log">ln x, float32 or float64.</param>
    /// <param name="concentration">a, of the same type and shape.</param>
    public static Tensor OfLogGamma(Tensor log, Tensor concentration)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope off = GradMode.Off();
        Rule rule = RuleOf(log);
        Tensor[] setup = Empty(log, 5);
        Pointwise.Into(setup, s_gamma, [log, concentration], [rule.Depth]);
        (Tensor a, Tensor x, Tensor side, Tensor gap, Tensor width) = (setup[0], setup[1], setup[2], setup[3], setup[4]);
        for (int i = 0; i < GammaSteps; i++)
        {
            Pointwise.Into(width, s_gammaStep, [width, a, x, side], [rule.Depth]);
        }

        Tensor sum = log.ZerosLike();
        foreach ((double place, double weight) in rule.Nodes)
        {
            Pointwise.Into(sum, s_gammaNode, [sum, width, a, x, side, gap], [place, weight]);
        }

        Pointwise.Into(sum, s_gammaEnd, [sum, width, a, concentration, x, log]);
        return scope.Keep(sum);
    }

    /// <summary>∂y/∂a of beta numbers with logit y; −∂y/∂b is the same of −y with a and b exchanged.</summary>
    /// <param name="logit">y = ln(x/(1 − x)), float32 or float64.</param>
    /// <param name="a">The first parameter, of the same type and shape.</param>
    /// <param name="b">The second one.</param>
    public static Tensor OfBetaLogit(Tensor logit, Tensor a, Tensor b)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope off = GradMode.Off();
        Rule rule = RuleOf(logit);
        Tensor[] setup = Empty(logit, 7);
        Pointwise.Into(setup, s_beta, [logit, a, b], [rule.Depth]);
        (Tensor near, Tensor far, Tensor start, Tensor gap, Tensor width) = (setup[0], setup[1], setup[2], setup[3], setup[4]);
        for (int i = 0; i < BetaSteps; i++)
        {
            Pointwise.Into(width, s_betaStep, [width, near, far, start], [rule.Depth]);
        }

        Tensor sum = logit.ZerosLike();
        foreach ((double place, double weight) in rule.Nodes)
        {
            Pointwise.Into(sum, s_betaNode, [sum, width, near, far, start, gap], [place, weight]);
        }

        Pointwise.Into(sum, s_betaEnd, [sum, width, setup[5], setup[6]]);
        return scope.Keep(sum);
    }

    private static Rule RuleOf(Tensor x) => x.DType == DType.Float64 ? s_double : s_single;

    private static Tensor[] Empty(Tensor like, int count) => [.. Enumerable.Range(0, count).Select(_ => Tensor.Empty(like.Shape, like.DType, like.Device))];

    /// <summary>A step towards the place where a convex function that rises from 0 reaches p0; it stays beyond it.</summary>
    private static Expr Newton(Expr s, Expr value, Expr slope) => s - ((value - Expr.Parameter(0)) / slope);

    // The concentration that is integrated, x, the side (1 above, −1 below), |ln x − ψ|, and a bound of the width.
    private static Expr[] GammaSetup(Expr log, Expr concentration)
    {
        Expr depth = Expr.Parameter(0), digamma = Expr.Digamma(concentration + 1), x = Expr.Exp(log);
        Expr isMoved = Expr.And(concentration < 1, log < digamma);
        Expr a = Expr.Where(isMoved, concentration + 1, concentration);
        Expr gap = Expr.Where(isMoved, log - digamma, log - digamma + (1 / concentration)), isAbove = gap > 0;

        // Above, x·s²/2 − (a − x)·s and x·(eˢ − 1) − a·s bound g from below; under it, a·s − x·s/(1 + s/2).
        Expr flat = ((a - x) + Expr.Sqrt(Expr.Square(a - x) + (2 * depth * x))) / x;
        Expr above = Expr.Min(flat, Expr.Log1p((depth + (a * flat)) / x));
        Expr half = (0.5 * depth) + x - a, below = (half + Expr.Sqrt(Expr.Square(half) + (2 * a * depth))) / a;
        return [a, x, Expr.Where(isAbove, 1, -1), Expr.Abs(gap), Expr.Where(isAbove, above, below)];
    }

    // g = x·(eʸ − 1 − y) − (a − x)·y for y = ±s.
    private static Expr GammaFall(Expr s, Expr a, Expr x, Expr side)
    {
        Expr y = side * s, series = 1;
        for (int n = 12; n > 2; n--)
        {
            series = 1 + (y / n * series);
        }

        Expr curved = Expr.Where(Expr.Abs(y) < 0.3, 0.5 * y * y * series, Expr.Expm1(y) - y);
        return (x * curved) - ((a - x) * y);
    }

    private static Expr GammaSlope(Expr s, Expr a, Expr x, Expr side) => side * ((x * Expr.Exp(side * s)) - a);

    private static Expr GammaNode()
    {
        (Expr sum, Expr width, Expr a, Expr x, Expr side, Expr gap) = (Expr.Input(0), Expr.Input(1), Expr.Input(2), Expr.Input(3), Expr.Input(4), Expr.Input(5));
        Expr s = width * Expr.Parameter(0);
        return sum + (Expr.Parameter(1) * (gap + s) * Expr.Exp(-GammaFall(s, a, x, side)));
    }

    private static Expr GammaEnd()
    {
        (Expr sum, Expr width, Expr a, Expr concentration, Expr x, Expr log) = (Expr.Input(0), Expr.Input(1), Expr.Input(2), Expr.Input(3), Expr.Input(4), Expr.Input(5));
        Expr slope = sum * width;
        return Expr.Where(Expr.NotEqual(a, concentration), ((x * slope) + Expr.Digamma(concentration + 1) - log) / concentration, slope);
    }

    // The parameters of the side that t moves to and of the other, its logit there, ln x − E ln x, a bound of the width, and the line that leads back: c·slope + d.
    private static Expr[] BetaSetup(Expr y, Expr a, Expr b)
    {
        Expr log = Expr.LogSigmoid(y), x = Expr.Sigmoid(y), rest = Expr.Sigmoid(-y), sum = a + b, digammas = DigammaGap(a, b);

        // F(a) = F(a + 1) + xᵃ(1 − x)ᵇ/(a·B), where ln x is below ψ(a + 1) − ψ(a + b).
        Expr limit = (1 / sum) - digammas;
        Expr isMovedA = Expr.And(a < 1, log < limit), movedA = Expr.Where(isMovedA, a + 1, a);
        Expr c = Expr.Where(isMovedA, x * sum / a, 1), d = Expr.Where(isMovedA, (limit - log) / a, 0);

        // F(b) = F(b + 1) − xᵃ(1 − x)ᵇ/(b·B), where ln x is above ψ(a) − ψ(a + b).
        Expr mean = digammas + Expr.Where(isMovedA, 0, b / (a * sum)), total = movedA + b;
        Expr isMovedB = Expr.And(b < 1, log >= -mean), movedB = Expr.Where(isMovedB, b + 1, b);
        d += c * Expr.Where(isMovedB, (log + mean) / b, 0);
        c *= Expr.Where(isMovedB, rest * total / b, 1);

        Expr gap = log + mean + Expr.Where(isMovedB, 1 / total, 0), isAbove = gap >= 0;
        Expr near = Expr.Where(isAbove, movedA, movedB), far = Expr.Where(isAbove, movedB, movedA), start = Expr.Where(isAbove, y, -y);
        Expr room = -Expr.LogSigmoid(start), depth = Expr.Parameter(0);

        // ln t rises by no more than its room, and by no more than s.
        Expr bound = (depth + ((near + far) * room)) / far, most = (depth + (near * Expr.Min(bound, room))) / far;
        Expr curved = Softplus(Expr.Where(most > 20, most, Expr.Log(Expr.Expm1(most))) + room);
        return [near, far, start, gap, Expr.Min(bound, curved), c, d];
    }

    /// <summary>ψ(a + b) − ψ(a + 1) + 1/(a + b): all but the first term of ψ(a + b) − ψ(a) = Σ b/((a + k)(a + b + k)), the far ones by Stirling's series.</summary>
    private static Expr DigammaGap(Expr a, Expr b)
    {
        const int Terms = 8;
        Expr gap = 0;
        for (int k = 1; k < Terms; k++)
        {
            gap += b / ((a + k) * (a + b + k));
        }

        Expr z = a + Terms, w = z + b, u = 1 / (z * z), r = 1 / (w * w), difference = b * (z + w) * u * r;
        Expr second = u + r, third = (u * u) + (u * r) + (r * r), fourth = second * ((u * u) + (r * r)), fifth = (u * u * u * u) + (u * r * third) + (r * r * r * r);
        return gap + Expr.Log1p(b / z) + (0.5 * b / (z * w)) + (difference * ((1.0 / 12) - (second / 120) + (third / 252) - (fourth / 240) + (fifth / 132)));
    }

    // ln t and ln(1 − t) at the logit start + s, less what they are at the start; each has its digits where it is small.
    private static (Expr Rise, Expr Fall) Moves(Expr s, Expr start)
    {
        Expr isBefore = start < 0;
        Expr small = Softplus(-Expr.Abs(start)) - Softplus(Expr.Where(isBefore, start + s, -start - s)), isNear = s < NearSteps;
        Expr rise = Expr.Where(isNear, -Expr.Log1p(Expr.Sigmoid(-start) * Expr.Expm1(-s)), Expr.Where(isBefore, small + s, small));
        Expr fall = Expr.Where(isNear, -Expr.Log1p(Expr.Sigmoid(start) * Expr.Expm1(s)), Expr.Where(isBefore, small, small - s));
        return (rise, fall);
    }

    private static Expr BetaStep()
    {
        (Expr s, Expr near, Expr far, Expr start) = (Expr.Input(0), Expr.Input(1), Expr.Input(2), Expr.Input(3));
        (Expr rise, Expr fall) = Moves(s, start);
        return Newton(s, -((near * rise) + (far * fall)), (far * Expr.Sigmoid(start + s)) - (near * Expr.Sigmoid(-start - s)));
    }

    private static Expr BetaNode()
    {
        (Expr sum, Expr width, Expr near, Expr far, Expr start, Expr gap) = (Expr.Input(0), Expr.Input(1), Expr.Input(2), Expr.Input(3), Expr.Input(4), Expr.Input(5));
        (Expr rise, Expr fall) = Moves(width * Expr.Parameter(0), start);
        Expr distance = Expr.Abs(gap) + Expr.Where(gap >= 0, rise, -fall);
        return sum + (Expr.Parameter(1) * distance * Expr.Exp((near * rise) + (far * fall)));
    }

    private static Expr Softplus(Expr x) => Expr.Max(x, 0) + Expr.Log1p(Expr.Exp(-Expr.Abs(x)));

    /// <summary>Gauss and Legendre's rule on [0, 1] for integrands that fall to e^(−depth).</summary>
    private sealed class Rule
    {
        public Rule(int count, double depth)
        {
            Depth = depth;
            Nodes = new (double, double)[count];
            for (int i = 0; i < count; i++)
            {
                double x = Math.Cos(Math.PI * (i + 0.75) / (count + 0.5)), slope = 1;
                for (int step = 0; step < 8; step++)
                {
                    (double value, double before) = (x, 1);
                    for (int n = 2; n <= count; n++)
                    {
                        (value, before) = ((((2 * n) - 1) * x * value / n) - ((n - 1) * before / n), value);
                    }

                    slope = count * ((x * value) - before) / ((x * x) - 1);
                    x -= value / slope;
                }

                Nodes[i] = ((1 + x) / 2, 1 / ((1 - (x * x)) * slope * slope));
            }
        }

        /// <summary>How far the exponent falls.</summary>
        public double Depth { get; }

        public (double Place, double Weight)[] Nodes { get; }
    }
}
