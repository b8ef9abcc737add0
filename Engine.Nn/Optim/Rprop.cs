using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>Rprop, resilient back-propagation: every element has a step of its own, which grows while its gradient keeps its sign and shrinks where it changes.</summary>
/// <remarks>
/// s ← s·η⁺ where the gradient has the sign of the last one, s ← s·η⁻ where it has the other, within bounds; w ← w − s·sign(g), and where the sign has
/// changed w waits for a step. Only signs count, not sizes: for gradients of all the data, not of mini-batches, whose noise changes signs. The learning
/// rate is the first s and without effect afterwards. States: <c>prev</c>, <c>step_size</c>. Riedmiller and Braun, 1993.
/// </remarks>
public sealed class Rprop : Optimizer
{
    // The numbers of the program's parameters. FirstStep is the learning rate at the first step, where it replaces the step size, later 0.
    private const int FirstStep = FirstOwn, EtaMinus = FirstStep + 1, EtaPlus = EtaMinus + 1, MinimumStep = EtaPlus + 1, MaximumStep = MinimumStep + 1;

    private static readonly MapProgram s_program = Compile();

    private readonly double _etaMinus;
    private readonly double _etaPlus;
    private readonly double _minimumStep;
    private readonly double _maximumStep;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The first step of every element.</param>
    /// <param name="etaMinus">η⁻, the factor of a step where the sign has changed; in (0, 1).</param>
    /// <param name="etaPlus">η⁺, the factor where it has not; above 1.</param>
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
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The first step of every element.</param>
    /// <param name="etaMinus">η⁻, the factor of a step where the sign has changed; in (0, 1).</param>
    /// <param name="etaPlus">η⁺, the factor where it has not; above 1.</param>
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
    protected override MapProgram Program => s_program;

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[FirstStep] = step == 1 ? learningRate : 0;
        (p[EtaMinus], p[EtaPlus]) = (_etaMinus, _etaPlus);
        (p[MinimumStep], p[MaximumStep]) = (_minimumStep, _maximumStep);
    }

    /// <summary>
    /// States are the gradient before and the step size s: s ← s·η⁺ where both gradients have one sign, s·η⁻ where they have not; w ← w − s·sign(g), but where the
    /// sign has changed w stays and the gradient counts as 0.
    /// </summary>
    private static MapProgram Compile()
    {
        // A product of signs, where one of the gradients themselves would vanish in rounding for small ones.
        Expr agreement = Expr.Sign(DecayedGradient) * Expr.Sign(State(0));
        Expr factor = Expr.Where(agreement > 0, Expr.Parameter(EtaPlus), Expr.Where(agreement < 0, Expr.Parameter(EtaMinus), 1));
        Expr before = Expr.Where(Expr.Parameter(FirstStep) > 0, Expr.Parameter(FirstStep), State(1));
        Expr size = Expr.Clamp(before * factor, Expr.Parameter(MinimumStep), Expr.Parameter(MaximumStep));
        Expr used = Expr.Where(agreement < 0, 0, DecayedGradient);
        return MapProgram.Compile(4, KeptWeight - (Expr.Sign(used) * size), used, size);
    }
}
