namespace Engine.Nn.Distributions;

/// <summary>Kullback-Leibler divergences in closed form.</summary>
internal static class Divergences
{
    // p·(ln p − ln q), 0 where p is.
    private static readonly MapProgram s_crossTerm = MapProgram.Compile(3, Expr.Where(Expr.Equal(Expr.Input(0), 0), 0, Expr.Input(0) * (Expr.Input(1) - Expr.Input(2))));

    // p·ln(p/q) + (1 − p)·ln((1 − p)/(1 − q)).
    private static readonly MapProgram s_yesOrNo = MapProgram.Compile(2, Term(Expr.Input(0), Expr.Input(1)) + Term(1 - Expr.Input(0), 1 - Expr.Input(1)));

    private static readonly MapProgram s_uniform = MapProgram.Compile(4, Expr.Where(
        Expr.And(Expr.Input(2) <= Expr.Input(0), Expr.Input(1) <= Expr.Input(3)),
        Expr.Log((Expr.Input(3) - Expr.Input(2)) / (Expr.Input(1) - Expr.Input(0))),
        double.PositiveInfinity));

    public static Tensor Of(Distribution p, Distribution q) => (p, q) switch
    {
        (Normal a, Normal b) => Of(a, b),
        (LogNormal a, LogNormal b) => Of(a.Logarithm, b.Logarithm),
        (Laplace a, Laplace b) => Of(a, b),
        (Uniform a, Uniform b) => Pointwise.Apply(nameof(Distribution.Kl), s_uniform, [a.Low, a.High, b.Low, b.High]),
        (Exponential a, Exponential b) => Of(b.Rate / a.Rate),
        (Gamma a, Gamma b) => Of(a, b),
        (Beta a, Beta b) => Of(a, b),
        (Dirichlet a, Dirichlet b) when Match(a, b) => Of(a.Concentration, b.Concentration),
        (Poisson a, Poisson b) => (Parameters.XLogY(a.Rate, a.Rate) - Parameters.XLogY(a.Rate, b.Rate)) - (a.Rate - b.Rate),
        (Geometric a, Geometric b) => -a.Entropy() - (Parameters.XLog1MinusY(1 - a.Probs, b.Probs) / a.Probs) - b.Probs.Log(),
        (Bernoulli a, Bernoulli b) => Pointwise.Apply(nameof(Distribution.Kl), s_yesOrNo, [a.Probs, b.Probs]),
        (Binomial a, Binomial b) when a.TotalCount == b.TotalCount => Pointwise.Apply(nameof(Distribution.Kl), s_yesOrNo, [a.Probs, b.Probs]) * a.TotalCount,
        (Categorical a, Categorical b) when a.Probs.Shape[-1] == b.Probs.Shape[-1] => Of(a, b),
        (OneHotCategorical a, OneHotCategorical b) when Match(a, b) => Of(a.Numbers, b.Numbers),
        (MultivariateNormal a, MultivariateNormal b) when Match(a, b) => Of(a, b),
        (Independent a, Independent b) when a.ReinterpretedBatchNdims == b.ReinterpretedBatchNdims && Match(a, b) => a.Added(Of(a.BaseDistribution, b.BaseDistribution)),
        _ => throw new OperationNotSupportedException($"Kl: there is no closed form for {p} and {q}. p.LogProb(x) - q.LogProb(x) over samples x of p estimates it."),
    };

    private static bool Match(Distribution p, Distribution q) => p.EventShape == q.EventShape;

    private static Tensor Of(Normal p, Normal q)
    {
        Tensor ratio = (p.Scale / q.Scale).Square();
        return (ratio + ((p.Loc - q.Loc) / q.Scale).Square() - 1 - ratio.Log()) * 0.5;
    }

    private static Tensor Of(Laplace p, Laplace q)
    {
        Tensor ratio = p.Scale / q.Scale, distance = (p.Loc - q.Loc).Abs();
        return (distance / q.Scale) + (ratio * (-distance / p.Scale).Exp()) - ratio.Log() - 1;
    }

    /// <summary>Of exponential distributions with the ratio q/p of their rates.</summary>
    private static Tensor Of(Tensor ratio) => ratio - 1 - ratio.Log();

    private static Tensor Of(Gamma p, Gamma q) =>
        (q.Concentration * (p.Rate / q.Rate).Log()) + q.Concentration.Lgamma() - p.Concentration.Lgamma()
        + ((p.Concentration - q.Concentration) * p.Concentration.Digamma()) + ((q.Rate - p.Rate) * (p.Concentration / p.Rate));

    private static Tensor Of(Beta p, Beta q)
    {
        (Tensor a, Tensor b, Tensor c, Tensor d) = (p.Concentration1, p.Concentration0, q.Concentration1, q.Concentration0);
        return Parameters.LogBeta(c, d) - Parameters.LogBeta(a, b) + ((a - c) * a.Digamma()) + ((b - d) * b.Digamma()) + ((c - a + d - b) * (a + b).Digamma());
    }

    /// <summary>Of Dirichlet distributions.</summary>
    private static Tensor Of(Tensor p, Tensor q)
    {
        Tensor sum = p.Sum(-1);
        Tensor terms = q.Lgamma() - p.Lgamma() + ((p - q) * (p.Digamma() - sum.Digamma().Unsqueeze(-1)));
        return terms.Sum(-1) + sum.Lgamma() - q.Sum(-1).Lgamma();
    }

    private static Tensor Of(Categorical p, Categorical q) => Pointwise.Apply(nameof(Distribution.Kl), s_crossTerm, [p.Probs, p.Logits, q.Logits]).Sum(-1);

    private static Tensor Of(MultivariateNormal p, MultivariateNormal q)
    {
        Tensor mixed = q.ScaleTril.SolveTriangular(p.ScaleTril, upper: false), z = q.Whitened(p.Loc - q.Loc);
        Tensor squares = mixed.Square().Sum([mixed.Rank - 2, mixed.Rank - 1]) + z.Square().Sum(-1) - p.EventShape[0];
        return (squares * 0.5) + q.HalfLogDeterminant - p.HalfLogDeterminant;
    }

    private static Expr Term(Expr p, Expr q) => Expr.Where(Expr.Equal(p, 0), 0, p * Expr.Log(p / q));
}
