namespace Engine.Nn;

/// <summary>RAdam, Adam with a rectified step: w ← w − lr·m̂·ρ / (√v̂ + ε), or w ← w − lr·m̂ while too few steps have been seen.</summary>
/// <remarks>
/// In the first steps the variance of 1/√v̂ is too large to trust; ρ grows from 0 to 1 with the number of steps that v remembers, which
/// replaces a warm-up by a formula. m̂ and v̂ as in <see cref="Adam"/>. States: <c>exp_avg</c>, <c>exp_avg_sq</c>. Liu et al., 2020.
/// </remarks>
public sealed class RAdam : Optimizer
{
    // Below this many remembered steps the variance is intractable.
    private const double FewestRememberedSteps = 5;

    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="decoupledWeightDecay">Whether weight decay shrinks the parameter itself instead, as in AdamW.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public RAdam(
        IEnumerable<Tensor> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0, bool decoupledWeightDecay = false)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay, decoupledWeightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="decoupledWeightDecay">Whether weight decay shrinks the parameter itself instead, as in AdamW.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public RAdam(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0, bool decoupledWeightDecay = false)
        : base(groups, learningRate, weightDecay)
    {
        _beta1 = Hyper.Decay(beta1, owner: nameof(RAdam));
        _beta2 = Hyper.Decay(beta2, owner: nameof(RAdam));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(RAdam));
        HasDecoupledDecay = decoupledWeightDecay;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["exp_avg", "exp_avg_sq"];

    /// <inheritdoc/>
    protected override MapProgram Program => OptimizerPrograms.RAdam;

    /// <inheritdoc/>
    protected override bool HasDecoupledDecay { get; }

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[AdamParameters.Rate] = learningRate / BiasCorrection(_beta1, step);
        (p[AdamParameters.Beta1], p[AdamParameters.Rest1]) = (_beta1, 1 - _beta1);
        (p[AdamParameters.Beta2], p[AdamParameters.Rest2]) = (_beta2, 1 - _beta2);
        p[AdamParameters.Rectification] = Rectification(step) * Math.Sqrt(BiasCorrection(_beta2, step));
        p[AdamParameters.Epsilon] = _epsilon;
    }

    private double Rectification(long step)
    {
        double most = (2 / (1 - _beta2)) - 1;
        double remembered = most - (2 * step * Math.Pow(_beta2, step) / BiasCorrection(_beta2, step));
        return remembered > FewestRememberedSteps
            ? Math.Sqrt((remembered - 4) * (remembered - 2) * most / ((most - 4) * (most - 2) * remembered))
            : 0;
    }
}
