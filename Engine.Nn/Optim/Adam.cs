namespace Engine.Nn;

/// <summary>Adam: w ← w − lr·m̂ / (√v̂ + ε) with running means m of the gradient and v of its square, both corrected for their start from 0.</summary>
/// <remarks>
/// m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ). Every parameter gets a step size of its own, at most
/// about lr. States: <c>exp_avg</c>, <c>exp_avg_sq</c>, with AMSGrad <c>max_exp_avg_sq</c>. Kingma and Ba, 2015; Reddi, Kale and Kumar, 2018.
/// </remarks>
public sealed class Adam : Optimizer
{
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
    /// <param name="amsgrad">Whether to divide by the largest v so far, which never lets a step grow.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adam(
        IEnumerable<Tensor> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0, bool amsgrad = false)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay, amsgrad)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="amsgrad">Whether to divide by the largest v so far, which never lets a step grow.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adam(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0, bool amsgrad = false)
        : base(groups, learningRate, weightDecay)
    {
        _beta1 = Hyper.Decay(beta1, owner: nameof(Adam));
        _beta2 = Hyper.Decay(beta2, owner: nameof(Adam));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(Adam));
        Program = amsgrad ? OptimizerPrograms.AmsGrad : OptimizerPrograms.Adam;
        StateNames = amsgrad ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; }

    /// <inheritdoc/>
    protected override MapProgram Program { get; }

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[AdamParameters.Rate] = learningRate / BiasCorrection(_beta1, step);
        (p[AdamParameters.Beta1], p[AdamParameters.Rest1]) = (_beta1, 1 - _beta1);
        (p[AdamParameters.Beta2], p[AdamParameters.Rest2]) = (_beta2, 1 - _beta2);
        p[AdamParameters.Correction] = 1 / Math.Sqrt(BiasCorrection(_beta2, step));
        p[AdamParameters.Epsilon] = _epsilon;
    }
}
