using Engine.Nn;

namespace Engine.Tests.RollCall;

/// <summary>An optimizer and its recurrence for a tensor of one axis.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Make">With rate 0.05 and no weight decay unless it says so.</param>
/// <param name="StepAll">The new w from w, g, the number of the step from 1, and four numbers of state an element that begin as 0.</param>
internal sealed record OptimizerCase(string Name, Func<Tensor[], Optimizer> Make, Func<double[], double[], int, double[][], double[]> StepAll)
{
    /// <summary>A recurrence that is the same for each number by itself.</summary>
    public OptimizerCase(string name, Func<Tensor[], Optimizer> make, Func<double, double, int, double[], double> step)
        : this(name, make, (w, g, t, s) => [.. w.Select((x, i) => step(x, g[i], t, s[i]))])
    {
    }

    public override string ToString() => Name;
}

/// <summary>PyTorch 2's formulas, one line a step.</summary>
internal static class OptimizerCases
{
    private const double Lr = 0.05, B1 = 0.9, B2 = 0.999, Eps = 1e-8, Decay = 0.1;

    public static IReadOnlyList<OptimizerCase> All { get; } =
    [
        new("Sgd", static p => new Sgd(p, Lr, weightDecay: Decay), static (w, g, _, _) => w - (Lr * (g + (Decay * w)))),
        new("Sgd, momentum", static p => new Sgd(p, Lr, 0.9, dampening: 0.2), static (w, g, t, s) => w - (Lr * (s[0] = t == 1 ? g : (0.9 * s[0]) + (0.8 * g)))),
        new("Sgd, Nesterov", static p => new Sgd(p, Lr, 0.9, nesterov: true), static (w, g, t, s) => w - (Lr * (g + (0.9 * (s[0] = t == 1 ? g : (0.9 * s[0]) + g))))),
        new("Adagrad", static p => new Adagrad(p, Lr, learningRateDecay: 0.01, weightDecay: Decay, initialAccumulator: 0.1, eps: 1e-10), static (w, g, t, s) =>
        {
            double d = g + (Decay * w);
            s[0] = (t == 1 ? 0.1 : s[0]) + (d * d);
            return w - (Lr / (1 + ((t - 1) * 0.01)) * d / (Math.Sqrt(s[0]) + 1e-10));
        }),
        new("RmsProp", static p => new RmsProp(p, Lr, 0.95, weightDecay: Decay), static (w, g, _, s) => RmsProp(w, g + (Decay * w), s, momentum: 0, centered: false)),
        new("RmsProp, momentum", static p => new RmsProp(p, Lr, 0.95, momentum: 0.8), static (w, g, _, s) => RmsProp(w, g, s, momentum: 0.8, centered: false)),
        new("RmsProp, centered", static p => new RmsProp(p, Lr, 0.95, momentum: 0.8, centered: true), static (w, g, _, s) => RmsProp(w, g, s, momentum: 0.8, centered: true)),
        new("Adadelta", static p => new Adadelta(p, Lr, rho: 0.9, eps: 1e-6, weightDecay: Decay), static (w, g, _, s) =>
        {
            double d = g + (Decay * w);
            s[0] = (0.9 * s[0]) + (0.1 * d * d);
            double step = Math.Sqrt(s[1] + 1e-6) / Math.Sqrt(s[0] + 1e-6) * d;
            s[1] = (0.9 * s[1]) + (0.1 * step * step);
            return w - (Lr * step);
        }),
        new("Adam", static p => new Adam(p, Lr, weightDecay: Decay), static (w, g, t, s) => w - AdamStep(g + (Decay * w), t, s, amsgrad: false)),
        new("Adam, amsgrad", static p => new Adam(p, Lr, amsgrad: true), static (w, g, t, s) => w - AdamStep(g, t, s, amsgrad: true)),
        new("AdamW", static p => new AdamW(p, Lr, weightDecay: Decay), static (w, g, t, s) => (w * (1 - (Lr * Decay))) - AdamStep(g, t, s, amsgrad: false)),
        new("AdamW, amsgrad", static p => new AdamW(p, Lr, weightDecay: Decay, amsgrad: true), static (w, g, t, s) => (w * (1 - (Lr * Decay))) - AdamStep(g, t, s, amsgrad: true)),
        new("Adamax", static p => new Adamax(p, Lr, weightDecay: Decay), static (w, g, t, s) =>
        {
            double d = g + (Decay * w);
            s[0] = (B1 * s[0]) + ((1 - B1) * d);
            s[1] = Math.Max(B2 * s[1], Math.Abs(d) + Eps);
            return w - (Lr / (1 - Math.Pow(B1, t)) * s[0] / s[1]);
        }),
        new("NAdam", static p => new NAdam(p, Lr, weightDecay: Decay), static (w, g, t, s) => w - NAdamStep(g + (Decay * w), t, s)),
        new("NAdam, decoupled", static p => new NAdam(p, Lr, weightDecay: Decay, decoupledWeightDecay: true), static (w, g, t, s) => (w * (1 - (Lr * Decay))) - NAdamStep(g, t, s)),
        new("RAdam", static p => new RAdam(p, Lr, weightDecay: Decay), static (w, g, t, s) => w - RAdamStep(g + (Decay * w), t, s)),
        new("RAdam, decoupled", static p => new RAdam(p, Lr, weightDecay: Decay, decoupledWeightDecay: true), static (w, g, t, s) => (w * (1 - (Lr * Decay))) - RAdamStep(g, t, s)),
        new("Lion", static p => new Lion(p, Lr, weightDecay: Decay), static (w, g, _, s) =>
        {
            double sign = Math.Sign((0.9 * s[0]) + (0.1 * g));
            s[0] = (0.99 * s[0]) + (0.01 * g);
            return (w * (1 - (Lr * Decay))) - (Lr * sign);
        }),
        new("Rprop", static p => new Rprop(p, Lr, maximumStep: 0.2), static (w, g, t, s) =>
        {
            int agreement = Math.Sign(g) * Math.Sign(s[0]);
            s[1] = Math.Clamp((t == 1 ? Lr : s[1]) * (agreement > 0 ? 1.2 : agreement < 0 ? 0.5 : 1), 1e-6, 0.2);
            s[0] = agreement < 0 ? 0 : g;
            return w - (s[1] * Math.Sign(s[0]));
        }),
        new("Asgd", static p => new Asgd(p, Lr, lambda: 0.1, alpha: 0.5, weightDecay: Decay), static (w, g, t, _) =>
        {
            double rate = Lr / Math.Sqrt(1 + (0.1 * Lr * (t - 1)));
            return (w * (1 - (0.1 * rate))) - (rate * (g + (Decay * w)));
        }),
        new("Lamb", static p => new Lamb(p, Lr, weightDecay: Decay), static (w, g, t, s) =>
        {
            double[] u = [.. w.Select((x, i) =>
            {
                Moments(g[i], s[i]);
                return (s[i][0] / (1 - Math.Pow(B1, t)) / (Math.Sqrt(s[i][1] / (1 - Math.Pow(B2, t))) + 1e-6)) + (Decay * x);
            })];
            double ratio = Length(w) / Length(u);
            return [.. w.Select((x, i) => x - (Lr * ratio * u[i]))];
        }),
        new("Adafactor", static p => new Adafactor(p, Lr, weightDecay: Decay), static (w, g, t, s) =>
        {
            double fresh = Math.Pow(t, -0.8), n = Math.Sqrt(w.Length);
            double[] u = [.. g.Select((x, i) => x / Math.Sqrt(s[i][0] = ((1 - fresh) * s[i][0]) + (fresh * x * x)))];
            double rate = Math.Max(1e-3, Length(w) / n) * Math.Min(Lr, 1 / Math.Sqrt(t)) / Math.Max(1, Length(u) / n);
            return [.. w.Select((x, i) => (x * (1 - (Lr * Decay))) - (rate * u[i]))];
        }),
    ];

    private static double Length(double[] x) => Math.Sqrt(x.Sum(static a => a * a));

    private static double RmsProp(double w, double g, double[] s, double momentum, bool centered)
    {
        s[0] = (0.95 * s[0]) + (0.05 * g * g);
        s[1] = (0.95 * s[1]) + (0.05 * g);
        double root = Math.Sqrt(centered ? s[0] - (s[1] * s[1]) : s[0]) + 1e-8;
        s[2] = (momentum * s[2]) + (g / root);
        return w - (Lr * s[2]);
    }

    private static void Moments(double g, double[] s) => (s[0], s[1]) = ((B1 * s[0]) + ((1 - B1) * g), (B2 * s[1]) + ((1 - B2) * g * g));

    private static double AdamStep(double g, int t, double[] s, bool amsgrad)
    {
        Moments(g, s);
        s[2] = Math.Max(s[2], s[1]);
        double square = amsgrad ? s[2] : s[1];
        return Lr / (1 - Math.Pow(B1, t)) * s[0] / ((Math.Sqrt(square) / Math.Sqrt(1 - Math.Pow(B2, t))) + Eps);
    }

    private static double NAdamStep(double g, int t, double[] s)
    {
        Moments(g, s);
        double now = Momentum(t), next = Momentum(t + 1);
        s[3] = (t == 1 ? 1 : s[3]) * now;
        double root = Math.Sqrt(s[1] / (1 - Math.Pow(B2, t))) + Eps;
        return (Lr * (1 - now) / (1 - s[3]) * g / root) + (Lr * next / (1 - (s[3] * next)) * s[0] / root);

        static double Momentum(int t) => B1 * (1 - (0.5 * Math.Pow(0.96, t * 0.004)));
    }

    private static double RAdamStep(double g, int t, double[] s)
    {
        Moments(g, s);
        double mean = s[0] / (1 - Math.Pow(B1, t)), most = (2 / (1 - B2)) - 1;
        double length = most - (2 * t * Math.Pow(B2, t) / (1 - Math.Pow(B2, t)));
        if (length <= 5)
        {
            return Lr * mean;
        }

        double rectified = Math.Sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length));
        return Lr * mean * rectified * Math.Sqrt(1 - Math.Pow(B2, t)) / (Math.Sqrt(s[1]) + Eps);
    }
}
