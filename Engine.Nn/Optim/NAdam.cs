namespace Engine.Nn;

/// <summary>NAdam, Adam with Nesterov's look ahead: w ← w − lr·(μₜ₊₁·m/(1 − ∏μ·μₜ₊₁) + (1 − μₜ)·g/(1 − ∏μ)) / (√v̂ + ε).</summary>
/// <remarks>
/// μₜ = β₁·(1 − ½·0.96^(t·ψ)) grows from β₁/2 to β₁; ∏μ is the product of μ₁ … μₜ; m, v and v̂ as in <see cref="Adam"/>. This is
/// PyTorch 2's formula and Dozat's; for PyTorch 1's see <see cref="RepeatsMomentum"/>.
/// States: <c>exp_avg</c>, <c>exp_avg_sq</c>. Dozat, 2016.
/// </remarks>
public sealed class NAdam : Optimizer
{
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;
    private readonly double _momentumDecay;

    // The product of the momenta up to a step, so that it need not be multiplied out anew at every step.
    private double _product = 1;
    private long _productSteps;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="momentumDecay">ψ, how fast μ grows.</param>
    /// <param name="decoupledWeightDecay">Whether weight decay shrinks the parameter itself instead, as in AdamW.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public NAdam(
        IEnumerable<Tensor> parameters, double learningRate = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0, double momentumDecay = 4e-3, bool decoupledWeightDecay = false)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay, momentumDecay, decoupledWeightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="momentumDecay">ψ, how fast μ grows.</param>
    /// <param name="decoupledWeightDecay">Whether weight decay shrinks the parameter itself instead, as in AdamW.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public NAdam(
        IEnumerable<ParameterGroup> groups, double learningRate = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0, double momentumDecay = 4e-3, bool decoupledWeightDecay = false)
        : base(groups, learningRate, weightDecay)
    {
        _beta1 = Hyper.Decay(beta1, owner: nameof(NAdam));
        _beta2 = Hyper.Decay(beta2, owner: nameof(NAdam));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(NAdam));
        _momentumDecay = Hyper.NotNegative(momentumDecay, owner: nameof(NAdam));
        HasDecoupledDecay = decoupledWeightDecay;
    }

    /// <summary>
    /// Whether μₜ stands once more in the first denominator, 1 − ∏μ·μₜ·μₜ₊₁, as PyTorch 1.10 to 1.13 had it: to go on with a run from there, or
    /// to compare with its numbers. The difference is below a hundredth of the first step and fades as ∏μ goes to 0.
    /// </summary>
    public bool RepeatsMomentum { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["exp_avg", "exp_avg_sq"];

    /// <inheritdoc/>
    protected override MapProgram Program => OptimizerPrograms.NAdam;

    /// <inheritdoc/>
    protected override bool HasDecoupledDecay { get; }

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        double product = ProductOfMomenta(step);
        double current = Momentum(step);
        double next = Momentum(step + 1);
        p[AdamParameters.Rate] = learningRate * next / (1 - (product * next * (RepeatsMomentum ? current : 1)));
        p[AdamParameters.GradientRate] = learningRate * (1 - current) / (1 - product);
        (p[AdamParameters.Beta1], p[AdamParameters.Rest1]) = (_beta1, 1 - _beta1);
        (p[AdamParameters.Beta2], p[AdamParameters.Rest2]) = (_beta2, 1 - _beta2);
        p[AdamParameters.Correction] = 1 / Math.Sqrt(BiasCorrection(_beta2, step));
        p[AdamParameters.Epsilon] = _epsilon;
    }

    private double Momentum(long step) => _beta1 * (1 - (0.5 * Math.Pow(0.96, step * _momentumDecay)));

    private double ProductOfMomenta(long step)
    {
        if (step < _productSteps)
        {
            (_product, _productSteps) = (1, 0);
        }

        // One minus so little is one: a number of steps from a file must not cost a loop of that length.
        const double Vanishing = 1e-300;
        while (_productSteps < step && _product > Vanishing)
        {
            _product *= Momentum(++_productSteps);
        }

        _productSteps = step;
        return _product;
    }
}
