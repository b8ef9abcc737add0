using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>AdaGrad: r ← r + g², w ← w − lr·g / (√r + ε).</summary>
/// <remarks>
/// Rarely moved parameters take larger steps; as r only grows, all steps shrink in the end. With a decay the rate of step t is
/// lr/(1 + (t − 1)·decay). State: <c>sum</c>. Duchi, Hazan and Singer, 2011.
/// </remarks>
public sealed class Adagrad : Optimizer
{
    // The numbers of the program's parameters.
    private const int Rate = FirstOwn, Epsilon = Rate + 1;

    private static readonly MapProgram s_program = Compile();

    private readonly double _learningRateDecay;
    private readonly double _initialAccumulator;
    private readonly double _epsilon;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="learningRateDecay">How fast the rate falls with the number of steps.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="initialAccumulator">The start value of r.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adagrad(
        IEnumerable<Tensor> parameters, double learningRate = 1e-2, double learningRateDecay = 0, double weightDecay = 0, double initialAccumulator = 0, double eps = 1e-10)
        : this([new ParameterGroup(parameters)], learningRate, learningRateDecay, weightDecay, initialAccumulator, eps)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="learningRateDecay">How fast the rate falls with the number of steps.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="initialAccumulator">The start value of r.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adagrad(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-2, double learningRateDecay = 0, double weightDecay = 0, double initialAccumulator = 0, double eps = 1e-10)
        : base(groups, learningRate, weightDecay)
    {
        _learningRateDecay = Hyper.NotNegative(learningRateDecay, owner: nameof(Adagrad));
        _initialAccumulator = Hyper.NotNegative(initialAccumulator, owner: nameof(Adagrad));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(Adagrad));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["sum"];

    /// <inheritdoc/>
    protected override MapProgram Program => s_program;

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p) =>
        (p[Rate], p[Epsilon]) = (learningRate / (1 + ((step - 1) * _learningRateDecay)), _epsilon);

    /// <inheritdoc/>
    protected override double InitialState(int index) => _initialAccumulator;

    private static MapProgram Compile()
    {
        Expr sum = State(0) + Expr.Square(DecayedGradient);
        return MapProgram.Compile(3, KeptWeight - (Expr.Parameter(Rate) * DecayedGradient / (Expr.Sqrt(sum) + Expr.Parameter(Epsilon))), sum);
    }
}
