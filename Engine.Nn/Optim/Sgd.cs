namespace Engine.Nn;

/// <summary>(Stochastic) gradient descent, w ← w − lr·g, with momentum if wanted: v ← μ·v + (1 − τ)·g, w ← w − lr·v.</summary>
/// <remarks>
/// With a momentum μ near 1 steps add up along a valley and cancel across it; μ acts as friction. Nesterov's form looks ahead:
/// w ← w − lr·(g + μ·v). The first step takes v = g, whatever the dampening τ. State: <c>momentum_buffer</c>.
/// Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum in deep learning, 2013.
/// </remarks>
public sealed class Sgd : Optimizer
{
    private readonly double _momentum;
    private readonly double _dampening;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="momentum">μ; 0 is plain descent, from 1 on it never comes to rest.</param>
    /// <param name="dampening">τ: how much less than 1 a new gradient counts.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="nesterov">Whether to look ahead; needs momentum without dampening.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Sgd(
        IEnumerable<Tensor> parameters, double learningRate = 1e-3, double momentum = 0, double dampening = 0, double weightDecay = 0, bool nesterov = false)
        : this([new ParameterGroup(parameters)], learningRate, momentum, dampening, weightDecay, nesterov)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="momentum">μ; 0 is plain descent, from 1 on it never comes to rest.</param>
    /// <param name="dampening">τ: how much less than 1 a new gradient counts.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="nesterov">Whether to look ahead; needs momentum without dampening.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Sgd(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double momentum = 0, double dampening = 0, double weightDecay = 0, bool nesterov = false)
        : base(groups, learningRate, weightDecay)
    {
        _momentum = Hyper.NotNegative(momentum, owner: nameof(Sgd));
        _dampening = Hyper.Fraction(dampening, owner: nameof(Sgd));
        if (nesterov && (momentum == 0 || dampening != 0))
        {
            throw new ArgumentException($"Sgd: Nesterov's form needs a momentum and no dampening; they are {momentum} and {dampening}.", nameof(nesterov));
        }

        Program = momentum == 0 ? OptimizerPrograms.Sgd : nesterov ? OptimizerPrograms.SgdNesterov : OptimizerPrograms.SgdMomentum;
        StateNames = momentum == 0 ? [] : ["momentum_buffer"];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; }

    /// <inheritdoc/>
    protected override MapProgram Program { get; }

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[SgdParameters.Rate] = learningRate;
        (p[SgdParameters.Momentum], p[SgdParameters.Fresh]) = (_momentum, step == 1 ? 1 : 1 - _dampening);
    }
}
