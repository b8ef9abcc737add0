using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>Averaged stochastic gradient descent: w ← (1 − λ·η)·w − η·g with a falling rate η, and beside it the average of the w, which is the result.</summary>
/// <remarks>
/// η = lr / (1 + λ·lr·(t − 1))^α; the average a ← a + μ·(w − a) with μ = 1 / max(1, t − 1 − t₀) is w itself up to step t₀ and from there on the mean. The noise
/// of single steps cancels in it: read it by <c>StateOf(w, "ax")</c>, or let <see cref="UseAverages"/> put it into the parameters. State: <c>ax</c>.
/// Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992; PyTorch's <c>ASGD</c>.
/// </remarks>
public sealed class Asgd : Optimizer
{
    // The numbers of the program's parameters: 1 − λ·η, η, μ and 1 − μ.
    private const int Shrink = FirstOwn, Rate = Shrink + 1, Fresh = Rate + 1, Kept = Fresh + 1;

    private static readonly MapProgram s_program = Compile();

    private readonly double _lambda;
    private readonly double _alpha;
    private readonly double _t0;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The first step size.</param>
    /// <param name="lambda">How fast the rate falls, and how much each step shrinks the parameter.</param>
    /// <param name="alpha">The power with which the rate falls.</param>
    /// <param name="t0">The step at which averaging begins.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Asgd(
        IEnumerable<Tensor> parameters, double learningRate = 1e-2, double lambda = 1e-4, double alpha = 0.75, double t0 = 1e6, double weightDecay = 0)
        : this([new ParameterGroup(parameters)], learningRate, lambda, alpha, t0, weightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The first step size.</param>
    /// <param name="lambda">How fast the rate falls, and how much each step shrinks the parameter.</param>
    /// <param name="alpha">The power with which the rate falls.</param>
    /// <param name="t0">The step at which averaging begins.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Asgd(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-2, double lambda = 1e-4, double alpha = 0.75, double t0 = 1e6, double weightDecay = 0)
        : base(groups, learningRate, weightDecay)
    {
        _lambda = Hyper.NotNegative(lambda, owner: nameof(Asgd));
        _alpha = Hyper.NotNegative(alpha, owner: nameof(Asgd));
        _t0 = Hyper.NotNegative(t0, owner: nameof(Asgd));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["ax"];

    /// <inheritdoc/>
    protected override MapProgram Program => s_program;

    /// <summary>Overwrites the parameters with their averages, at the end of training; those that have had no step stay as they are.</summary>
    public void UseAverages()
    {
        using GradMode.Scope mode = GradMode.Off();
        foreach (Tensor parameter in Parameters)
        {
            if (StateOf(parameter, "ax") is { } average)
            {
                parameter.CopyFrom(average);
            }
        }
    }

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        double rate = learningRate / Math.Pow(1 + (_lambda * learningRate * (step - 1)), _alpha);
        (p[Shrink], p[Rate]) = (1 - (_lambda * rate), rate);
        p[Fresh] = 1 / Math.Max(1, step - 1 - _t0);
        p[Kept] = 1 - p[Fresh];
    }

    private static MapProgram Compile()
    {
        Expr w = (KeptWeight * Expr.Parameter(Shrink)) - (Expr.Parameter(Rate) * DecayedGradient);
        return MapProgram.Compile(3, w, Average(State(0), w, Kept, Fresh));
    }
}
