using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>Adamax, Adam with the maximum norm: u ← max(β₂·u, |g| + ε), w ← w − lr·m̂ / u.</summary>
/// <remarks>
/// States: <c>exp_avg</c>, <c>exp_inf</c>. Kingma and Ba, 2015, section 7.
/// </remarks>
public sealed class Adamax : Optimizer
{
    // The numbers of the program's parameters; Rest1 = 1 − Beta1.
    private const int Rate = FirstOwn, Beta1 = Rate + 1, Rest1 = Beta1 + 1, Beta2 = Rest1 + 1, Epsilon = Beta2 + 1;

    private static readonly MapProgram s_program = Compile();

    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the largest gradient so far a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adamax(
        IEnumerable<Tensor> parameters, double learningRate = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the largest gradient so far a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adamax(
        IEnumerable<ParameterGroup> groups, double learningRate = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0)
        : base(groups, learningRate, weightDecay)
    {
        _beta1 = Hyper.Decay(beta1, owner: nameof(Adamax));
        _beta2 = Hyper.Decay(beta2, owner: nameof(Adamax));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(Adamax));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["exp_avg", "exp_inf"];

    /// <inheritdoc/>
    protected override MapProgram Program => s_program;

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[Rate] = learningRate / BiasCorrection(_beta1, step);
        (p[Beta1], p[Rest1]) = (_beta1, 1 - _beta1);
        (p[Beta2], p[Epsilon]) = (_beta2, _epsilon);
    }

    private static MapProgram Compile()
    {
        Expr mean = Average(State(0), DecayedGradient, Beta1, Rest1);
        Expr largest = Expr.Max(Expr.Parameter(Beta2) * State(1), Expr.Abs(DecayedGradient) + Expr.Parameter(Epsilon));
        return MapProgram.Compile(4, KeptWeight - (Expr.Parameter(Rate) * mean / largest), mean, largest);
    }
}
