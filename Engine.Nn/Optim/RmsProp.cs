using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>RMSProp: r ← α·r + (1 − α)·g², w ← w − lr·g / (√r + ε).</summary>
/// <remarks>
/// r remembers about 1/(1 − α) steps, so that steps do not die as AdaGrad's do. Centred, the root is of r − a², the variance, with the
/// running mean a of the gradient. With momentum, b ← μ·b + g/(√r + ε) and w ← w − lr·b.
/// States: <c>square_avg</c>, then <c>grad_avg</c> if centred, then <c>momentum_buffer</c> with momentum. Tieleman and Hinton, 2012.
/// </remarks>
public sealed class RmsProp : Optimizer
{
    // The numbers of the program's parameters; Rest = 1 − Alpha.
    private const int Rate = FirstOwn, Alpha = Rate + 1, Rest = Alpha + 1, Epsilon = Rest + 1, Momentum = Epsilon + 1;

    private static readonly MapProgram s_plain = Compile(centered: false, momentum: false);
    private static readonly MapProgram s_centered = Compile(centered: true, momentum: false);
    private static readonly MapProgram s_withMomentum = Compile(centered: false, momentum: true);
    private static readonly MapProgram s_centeredWithMomentum = Compile(centered: true, momentum: true);

    private readonly double _alpha;
    private readonly double _momentum;
    private readonly double _epsilon;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="alpha">How much of the old mean a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="momentum">μ; 0 is without.</param>
    /// <param name="centered">Whether to divide by the standard deviation of the gradient.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public RmsProp(
        IEnumerable<Tensor> parameters, double learningRate = 1e-2, double alpha = 0.99, double eps = 1e-8, double weightDecay = 0, double momentum = 0, bool centered = false)
        : this([new ParameterGroup(parameters)], learningRate, alpha, eps, weightDecay, momentum, centered)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="alpha">How much of the old mean a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">Adds this times the parameter to its gradient (L2 regularisation).</param>
    /// <param name="momentum">μ; 0 is without.</param>
    /// <param name="centered">Whether to divide by the standard deviation of the gradient.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public RmsProp(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-2, double alpha = 0.99, double eps = 1e-8, double weightDecay = 0, double momentum = 0, bool centered = false)
        : base(groups, learningRate, weightDecay)
    {
        _alpha = Hyper.Decay(alpha, owner: nameof(RmsProp));
        _momentum = Hyper.NotNegative(momentum, owner: nameof(RmsProp));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(RmsProp));
        (Program, StateNames) = (centered, momentum > 0) switch
        {
            (false, false) => (s_plain, ["square_avg"]),
            (true, false) => (s_centered, ["square_avg", "grad_avg"]),
            (false, true) => (s_withMomentum, ["square_avg", "momentum_buffer"]),
            (true, true) => (s_centeredWithMomentum, (string[])["square_avg", "grad_avg", "momentum_buffer"]),
        };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; }

    /// <inheritdoc/>
    protected override MapProgram Program { get; }

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[Rate] = learningRate;
        (p[Alpha], p[Rest]) = (_alpha, 1 - _alpha);
        (p[Epsilon], p[Momentum]) = (_epsilon, _momentum);
    }

    private static MapProgram Compile(bool centered, bool momentum)
    {
        Expr square = Average(State(0), Expr.Square(DecayedGradient), Alpha, Rest);
        Expr mean = Average(State(1), DecayedGradient, Alpha, Rest);

        // The variance is never negative but for rounding, which a gradient that hardly changes makes visible.
        Expr variance = Expr.Relu(square - Expr.Square(mean));
        Expr denominator = Expr.Sqrt(centered ? variance : square) + Expr.Parameter(Epsilon);
        Expr velocity = (Expr.Parameter(Momentum) * State(centered ? 2 : 1)) + (DecayedGradient / denominator);
        Expr rate = Expr.Parameter(Rate);
        Expr w = KeptWeight - (momentum ? rate * velocity : rate * DecayedGradient / denominator);
        return (centered, momentum) switch
        {
            (false, false) => MapProgram.Compile(3, w, square),
            (true, false) => MapProgram.Compile(4, w, square, mean),
            (false, true) => MapProgram.Compile(4, w, square, velocity),
            _ => MapProgram.Compile(5, w, square, mean, velocity),
        };
    }
}
