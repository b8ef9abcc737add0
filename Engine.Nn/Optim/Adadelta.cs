using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>Adadelta: s = √(d + ε) / √(r + ε) · g, w ← w − lr·s with running means r of g² and d of s².</summary>
/// <remarks>
/// The two roots give the step the parameter's own unit, so that no learning rate has to be found; 1 is the usual one.
/// States: <c>square_avg</c>, <c>acc_delta</c>. Zeiler, 2012.
/// </remarks>
public sealed class Adadelta : Optimizer
{
    // The numbers of the program's parameters; Rest = 1 − Rho.
    private const int Rate = FirstOwn, Rho = Rate + 1, Rest = Rho + 1, Epsilon = Rest + 1;

    private static readonly MapProgram s_program = Compile();

    private readonly double _rho;
    private readonly double _epsilon;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="rho">How much of the old means a step keeps.</param>
    /// <param name="eps">Keeps the roots away from 0 and starts the first step.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adadelta(
        IEnumerable<Tensor> parameters, double learningRate = 1, double rho = 0.9, double eps = 1e-6, double weightDecay = 0)
        : this([new ParameterGroup(parameters)], learningRate, rho, eps, weightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="rho">How much of the old means a step keeps.</param>
    /// <param name="eps">Keeps the roots away from 0 and starts the first step.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adadelta(
        IEnumerable<ParameterGroup> groups, double learningRate = 1, double rho = 0.9, double eps = 1e-6, double weightDecay = 0)
        : base(groups, learningRate, weightDecay)
    {
        _rho = Hyper.Decay(rho, owner: nameof(Adadelta));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(Adadelta));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["square_avg", "acc_delta"];

    /// <inheritdoc/>
    protected override MapProgram Program => s_program;

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[Rate] = learningRate;
        (p[Rho], p[Rest]) = (_rho, 1 - _rho);
        p[Epsilon] = _epsilon;
    }

    private static MapProgram Compile()
    {
        Expr eps = Expr.Parameter(Epsilon);
        Expr square = Average(State(0), Expr.Square(DecayedGradient), Rho, Rest);
        Expr step = Expr.Sqrt(State(1) + eps) / Expr.Sqrt(square + eps) * DecayedGradient;
        return MapProgram.Compile(4, KeptWeight - (Expr.Parameter(Rate) * step), square, Average(State(1), Expr.Square(step), Rho, Rest));
    }
}
