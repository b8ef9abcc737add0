namespace Engine.Nn;

/// <summary>LAMB, Adam with steps in proportion to each tensor's length: w ← w − lr·‖w‖/‖u‖·u with u = m̂ / (√v̂ + ε) + λ·w.</summary>
/// <remarks>
/// The trust ratio ‖w‖/‖u‖, which is 1 where either is 0, lets all layers move by the same part of their length, so that one rate suits batches of thousands.
/// m̂ and v̂ as in <see cref="Adam"/>. States: <c>exp_avg</c>, <c>exp_avg_sq</c>. You et al., Large Batch Optimization for Deep Learning, 2020, algorithm 2
/// with φ(z) = z.
/// </remarks>
public sealed class Lamb : Optimizer
{
    private static readonly Expr[] s_p = [.. Enumerable.Range(0, 10).Select(Expr.Parameter)];
    private static readonly Expr s_mean = (s_p[3] * Expr.Input(2)) + (s_p[4] * Expr.Input(1));
    private static readonly Expr s_square = (s_p[5] * Expr.Input(3)) + (s_p[6] * Expr.Square(Expr.Input(1)));

    /// <summary>u of w, g, m and v.</summary>
    private static readonly MapProgram s_direction = MapProgram.Compile(
        4, (s_p[2] * s_mean / ((s_p[7] * Expr.Sqrt(s_square)) + s_p[8])) + (s_p[1] * Expr.Input(0)));

    /// <summary>w, m and v of w, g, m, v, u, ‖w‖ and ‖u‖.</summary>
    private static readonly ConditionalProgram s_update = new(MapProgram.Compile(
        7, (s_p[0] * Expr.Input(0)) - (s_p[9] * TrustRatio(Expr.Input(5), Expr.Input(6)) * Expr.Input(4)), s_mean, s_square));

    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">The step size, as a part of each tensor's length.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="epsilon">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">λ: this times the parameter is part of the direction.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Lamb(
        IEnumerable<Tensor> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-6, double weightDecay = 1e-2)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, epsilon, weightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">What is trained.</param>
    /// <param name="learningRate">The step size, as a part of each tensor's length.</param>
    /// <param name="beta1">How much of the old mean of the gradient a step keeps.</param>
    /// <param name="beta2">How much of the old mean of the squared gradient a step keeps.</param>
    /// <param name="epsilon">Keeps the denominator away from 0.</param>
    /// <param name="weightDecay">λ: this times the parameter is part of the direction.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Lamb(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-6, double weightDecay = 1e-2)
        : base(groups, learningRate, weightDecay)
    {
        _beta1 = Hyper.Decay(beta1, owner: nameof(Lamb));
        _beta2 = Hyper.Decay(beta2, owner: nameof(Lamb));
        _epsilon = Hyper.NotNegative(epsilon, owner: nameof(Lamb));
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
        p[2] = 1 / BiasCorrection(_beta1, step);
        (p[3], p[4]) = (_beta1, 1 - _beta1);
        (p[5], p[6]) = (_beta2, 1 - _beta2);
        p[7] = 1 / Math.Sqrt(BiasCorrection(_beta2, step));
        (p[8], p[9]) = (_epsilon, learningRate);
    }

    private static void Update(TensorUpdate update)
    {
        (Tensor w, Tensor g, Tensor m, Tensor v) = (update.Parameter, update.Gradient, update.State[0], update.State[1]);
        Tensor u = update.Compute(w.Shape, s_direction, w, g, m, v);
        update.Overwrite([w, m, v], s_update, w, g, m, v, u, Tensor.GlobalNorm([w]), Tensor.GlobalNorm([u]));
    }

    private static Expr TrustRatio(Expr length, Expr step) => Expr.Where(length > 0, Expr.Where(step > 0, length / step, 1), 1);
}
