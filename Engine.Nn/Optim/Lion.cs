using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>Lion, sign descent with momentum: w ← (1 − lr·λ)·w − lr·sign(β₁·m + (1 − β₁)·g), then m ← β₂·m + (1 − β₂)·g.</summary>
/// <remarks>
/// Every element moves by the learning rate, so that it wants a rate three to ten times smaller than <see cref="AdamW"/>'s, and a decay larger by the
/// same factor. Half of Adam's state: <c>exp_avg</c>. Chen et al., Symbolic Discovery of Optimization Algorithms, 2023.
/// </remarks>
public sealed class Lion : Optimizer
{
    // The numbers of the program's parameters; Rest1 = 1 − Beta1, Rest2 = 1 − Beta2.
    private const int Rate = FirstOwn, Beta1 = Rate + 1, Rest1 = Beta1 + 1, Beta2 = Rest1 + 1, Rest2 = Beta2 + 1;

    private static readonly MapProgram s_program = Compile();

    private readonly double _beta1;
    private readonly double _beta2;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the mean counts in the step, against the present gradient.</param>
    /// <param name="beta2">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="weightDecay">Each step shrinks the parameter by this times the learning rate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Lion(
        IEnumerable<Tensor> parameters, double learningRate = 1e-4, double beta1 = 0.9, double beta2 = 0.99, double weightDecay = 0)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, weightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the mean counts in the step, against the present gradient.</param>
    /// <param name="beta2">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="weightDecay">Each step shrinks the parameter by this times the learning rate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Lion(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-4, double beta1 = 0.9, double beta2 = 0.99, double weightDecay = 0)
        : base(groups, learningRate, weightDecay)
    {
        _beta1 = Hyper.Decay(beta1, owner: nameof(Lion));
        _beta2 = Hyper.Decay(beta2, owner: nameof(Lion));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["exp_avg"];

    /// <inheritdoc/>
    protected override MapProgram Program => s_program;

    /// <inheritdoc/>
    protected override bool HasDecoupledDecay => true;

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[Rate] = learningRate;
        (p[Beta1], p[Rest1]) = (_beta1, 1 - _beta1);
        (p[Beta2], p[Rest2]) = (_beta2, 1 - _beta2);
    }

    private static MapProgram Compile()
    {
        Expr direction = Expr.Sign(Average(State(0), DecayedGradient, Beta1, Rest1));
        return MapProgram.Compile(3, KeptWeight - (Expr.Parameter(Rate) * direction), Average(State(0), DecayedGradient, Beta2, Rest2));
    }
}
