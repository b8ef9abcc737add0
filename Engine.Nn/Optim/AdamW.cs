namespace Engine.Nn;

/// <summary>Adam with decoupled weight decay: w ← (1 − lr·λ)·w − lr·m̂ / (√v̂ + ε).</summary>
/// <remarks>
/// The decay λ acts on the parameter itself, where <see cref="Adam"/> puts it through the gradient's scaling. m̂ and v̂ as there.
/// States: <c>exp_avg</c>, <c>exp_avg_sq</c>, with AMSGrad <c>max_exp_avg_sq</c>. Loshchilov and Hutter, 2019.
/// </remarks>
public sealed class AdamW : Optimizer
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
    /// <param name="weightDecay">Each step shrinks the parameter by this times the learning rate.</param>
    /// <param name="amsgrad">Whether to divide by the largest v so far, which never lets a step grow.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public AdamW(
        IEnumerable<Tensor> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 1e-2, bool amsgrad = false)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay, amsgrad)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Each step shrinks the parameter by this times the learning rate.</param>
    /// <param name="amsgrad">Whether to divide by the largest v so far, which never lets a step grow.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public AdamW(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 1e-2, bool amsgrad = false)
        : base(groups, learningRate, weightDecay)
    {
        _beta1 = Hyper.Decay(beta1, owner: nameof(AdamW));
        _beta2 = Hyper.Decay(beta2, owner: nameof(AdamW));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(AdamW));
        Program = amsgrad ? OptimizerPrograms.AmsGrad : OptimizerPrograms.Adam;
        StateNames = amsgrad ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; }

    /// <inheritdoc/>
    protected override MapProgram Program { get; }

    /// <inheritdoc/>
    protected override bool HasDecoupledDecay => true;

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
