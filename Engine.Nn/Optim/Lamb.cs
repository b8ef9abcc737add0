using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>LAMB, Adam with steps in proportion to each tensor's length: w ← w − lr·‖w‖/‖u‖·u with u = m̂ / (√v̂ + ε) + λ·w.</summary>
/// <remarks>
/// The trust ratio ‖w‖/‖u‖, which is 1 where either is 0, lets all layers move by the same part of their length, so that one rate suits batches of thousands.
/// m̂ and v̂ as in <see cref="Adam"/>. States: <c>exp_avg</c>, <c>exp_avg_sq</c>. You et al., Large Batch Optimization for Deep Learning, 2020, algorithm 2
/// with φ(z) = z.
/// </remarks>
public sealed class Lamb : Optimizer
{
    // The numbers of the programs' parameters: the factors that correct m and √v for their start from 0, and Rest1 = 1 − Beta1, Rest2 = 1 − Beta2.
    private const int MeanCorrection = FirstOwn, Beta1 = MeanCorrection + 1, Rest1 = Beta1 + 1, Beta2 = Rest1 + 1, Rest2 = Beta2 + 1;
    private const int RootCorrection = Rest2 + 1, Epsilon = RootCorrection + 1, Rate = Epsilon + 1;

    private static readonly Expr s_mean = Average(State(0), Gradient, Beta1, Rest1);
    private static readonly Expr s_square = Average(State(1), Expr.Square(Gradient), Beta2, Rest2);

    /// <summary>u of w, g, m and v.</summary>
    private static readonly MapProgram s_direction = CompileDirection();

    /// <summary>w, m and v of w, g, m, v, u, ‖w‖ and ‖u‖.</summary>
    private static readonly ConditionalProgram s_update = new(CompileUpdate());

    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The step size, as a part of each tensor's length.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">λ: this times the parameter is part of the direction.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Lamb(
        IEnumerable<Tensor> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-6, double weightDecay = 1e-2)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The step size, as a part of each tensor's length.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="eps">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">λ: this times the parameter is part of the direction.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Lamb(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-6, double weightDecay = 1e-2)
        : base(groups, learningRate, weightDecay)
    {
        _beta1 = Hyper.Decay(beta1, owner: nameof(Lamb));
        _beta2 = Hyper.Decay(beta2, owner: nameof(Lamb));
        _epsilon = Hyper.NotNegative(eps, owner: nameof(Lamb));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = ["exp_avg", "exp_avg_sq"];

    /// <inheritdoc/>
    protected override MapProgram Program => s_update.Always;

    /// <inheritdoc/>
    private protected override TensorRule Rule => Update;

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[MeanCorrection] = 1 / BiasCorrection(_beta1, step);
        (p[Beta1], p[Rest1]) = (_beta1, 1 - _beta1);
        (p[Beta2], p[Rest2]) = (_beta2, 1 - _beta2);
        p[RootCorrection] = 1 / Math.Sqrt(BiasCorrection(_beta2, step));
        (p[Epsilon], p[Rate]) = (_epsilon, learningRate);
    }

    private static void Update(TensorUpdate update)
    {
        (Tensor w, Tensor g, Tensor m, Tensor v) = (update.Parameter, update.Gradient, update.State[0], update.State[1]);
        Tensor u = update.Compute(w.Shape, s_direction, w, g, m, v);
        update.Overwrite([w, m, v], s_update, w, g, m, v, u, Tensor.GlobalNorm([w]), Tensor.GlobalNorm([u]));
    }

    private static MapProgram CompileDirection()
    {
        Expr denominator = (Expr.Parameter(RootCorrection) * Expr.Sqrt(s_square)) + Expr.Parameter(Epsilon);
        return MapProgram.Compile(4, (Expr.Parameter(MeanCorrection) * s_mean / denominator) + (Expr.Parameter(Decay) * Weight));
    }

    private static MapProgram CompileUpdate()
    {
        Expr u = Expr.Input(4), lengthOfW = Expr.Input(5), lengthOfU = Expr.Input(6);
        return MapProgram.Compile(7, (Expr.Parameter(Keep) * Weight) - (Expr.Parameter(Rate) * TrustRatio(lengthOfW, lengthOfU) * u), s_mean, s_square);
    }

    private static Expr TrustRatio(Expr length, Expr step) => Expr.Where(length > 0, Expr.Where(step > 0, length / step, 1), 1);
}
