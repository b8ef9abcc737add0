namespace Engine.Nn;

/// <summary>Rprop, resilient back-propagation: every element has a step of its own, which grows while its gradient keeps its sign and shrinks where it changes.</summary>
/// <remarks>
/// s ← s·η⁺ where the gradient has the sign of the last one, s ← s·η⁻ where it has the other, within bounds; w ← w − s·sign(g), and where the sign has
/// changed w waits for a step. Only signs count, not sizes: for gradients of all the data, not of mini-batches, whose noise changes signs. The learning
/// rate is the first s and without effect afterwards. States: <c>prev</c>, <c>step_size</c>. Riedmiller and Braun, 1993.
/// </remarks>
public sealed class Rprop : Optimizer
{
    private readonly double _etaMinus;
    private readonly double _etaPlus;
    private readonly double _minimumStep;
    private readonly double _maximumStep;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">The first step of every element.</param>
    /// <param name="etaMinus">η⁻, what a step is multiplied by where the sign has changed; in (0, 1).</param>
    /// <param name="etaPlus">η⁺, what it is multiplied by where it has not; above 1.</param>
    /// <param name="minimumStep">No step gets smaller.</param>
    /// <param name="maximumStep">No step gets larger.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Rprop(
        IEnumerable<Tensor> parameters, double learningRate = 1e-2, double etaMinus = 0.5, double etaPlus = 1.2, double minimumStep = 1e-6, double maximumStep = 50, double weightDecay = 0)
        : this([new ParameterGroup(parameters)], learningRate, etaMinus, etaPlus, minimumStep, maximumStep, weightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">What is trained.</param>
    /// <param name="learningRate">The first step of every element.</param>
    /// <param name="etaMinus">η⁻, what a step is multiplied by where the sign has changed; in (0, 1).</param>
    /// <param name="etaPlus">η⁺, what it is multiplied by where it has not; above 1.</param>
    /// <param name="minimumStep">No step gets smaller.</param>
    /// <param name="maximumStep">No step gets larger.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Rprop(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-2, double etaMinus = 0.5, double etaPlus = 1.2, double minimumStep = 1e-6, double maximumStep = 50, double weightDecay = 0)
        : base(groups, learningRate, weightDecay)
    {
        _etaMinus = etaMinus is > 0 and < 1 ? etaMinus : throw new ArgumentOutOfRangeException(nameof(etaMinus), etaMinus, "Rprop: etaMinus must lie in (0, 1).");
        _etaPlus = etaPlus > 1 && double.IsFinite(etaPlus) ? etaPlus : throw new ArgumentOutOfRangeException(nameof(etaPlus), etaPlus, "Rprop: etaPlus must be finite and above 1.");
        _minimumStep = Hyper.NotNegative(minimumStep, owner: nameof(Rprop));
        _maximumStep = Hyper.NotNegative(maximumStep, owner: nameof(Rprop));
        if (minimumStep > maximumStep)
        {
            throw new ArgumentOutOfRangeException(nameof(minimumStep), minimumStep, $"Rprop: minimumStep must not be above maximumStep, which is {maximumStep}.");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["prev", "step_size"];

    /// <inheritdoc/>
    protected override MapProgram Program => OptimizerPrograms.Rprop;

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[2] = step == 1 ? learningRate : 0;
        (p[3], p[4], p[5], p[6]) = (_etaMinus, _etaPlus, _minimumStep, _maximumStep);
    }
}
