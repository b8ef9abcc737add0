using System.Collections.Concurrent;
using static Engine.Backends.OptimizerTerms;

namespace Engine.Nn;

/// <summary>Adafactor, an Adam with little memory: of a matrix's squared gradients only the means of rows and of columns are kept.</summary>
/// <remarks>
/// <para>β₂ = 1 − t^decay; R ← β₂·R + (1 − β₂)·(row means of g²), C likewise of columns; v = R·C / mean(R), u = g / √v. The step is
/// w ← (1 − lr·λ)·w − max(ε₂, RMS(w))·min(lr, 1/√t) · u / max(1, RMS(u)/d): relative to the parameter's size, and clipped at d. An [m, n] matrix has m + n
/// numbers of state, <c>row_var</c> [m, 1] and <c>col_var</c> [1, n], where Adam has 2·m·n; tensors of more axes have them for their last two.
/// Tensors of one axis have the whole <c>variance</c>.</para>
/// <para>Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018, in the form of PyTorch's <c>Adafactor</c>: ε₁ is a lower
/// bound of √v rather than added to g².</para>
/// </remarks>
public sealed class Adafactor : Optimizer
{
    // The numbers of the programs' parameters: min(lr, 1/√t), 1 − β₂, β₂, ε₂ and 1/d.
    private const int RelativeStep = FirstOwn, Fresh = RelativeStep + 1, Beta2 = Fresh + 1, LeastSize = Beta2 + 1, InverseClip = LeastSize + 1;

    private static readonly string[] s_factored = ["row_var", "col_var"];
    private static readonly string[] s_whole = ["variance"];

    // By ε₁, which depends on the element type.
    private static readonly ConcurrentDictionary<double, MapProgram> s_factoredSteps = [];
    private static readonly ConcurrentDictionary<double, MapProgram> s_wholeSteps = [];

    /// <summary>A running mean of itself and a fresh value.</summary>
    private static readonly ConditionalProgram s_average = new(MapProgram.Compile(2, Average(Expr.Input(0), Expr.Input(1), Beta2, Fresh)));

    /// <summary>w of w, u, RMS(w) and RMS(u).</summary>
    private static readonly ConditionalProgram s_update = new(CompileUpdate());

    private readonly double _beta2Decay;
    private readonly double? _epsilon1;
    private readonly double _epsilon2;
    private readonly double _clipping;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The largest relative step.</param>
    /// <param name="beta2Decay">The power with which the memory of squared gradients grows; not positive.</param>
    /// <param name="eps1">Keeps √v away from 0; the spacing of the parameter's numbers at 1 where left out.</param>
    /// <param name="eps2">The size that parameters count as at least.</param>
    /// <param name="d">The root mean square from which on u is clipped.</param>
    /// <param name="weightDecay">Each step shrinks the parameter by this times the learning rate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adafactor(
        IEnumerable<Tensor> parameters, double learningRate = 1e-2, double beta2Decay = -0.8, double? eps1 = null, double eps2 = 1e-3, double d = 1, double weightDecay = 0)
        : this([new ParameterGroup(parameters)], learningRate, beta2Decay, eps1, eps2, d, weightDecay)
    {
    }

    /// <summary>Trains groups of parameters with settings of their own.</summary>
    /// <param name="groups">The groups of parameters to train.</param>
    /// <param name="learningRate">The largest relative step.</param>
    /// <param name="beta2Decay">The power with which the memory of squared gradients grows; not positive.</param>
    /// <param name="eps1">Keeps √v away from 0; the spacing of the parameter's numbers at 1 where left out.</param>
    /// <param name="eps2">The size that parameters count as at least.</param>
    /// <param name="d">The root mean square from which on u is clipped.</param>
    /// <param name="weightDecay">Each step shrinks the parameter by this times the learning rate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Adafactor(
        IEnumerable<ParameterGroup> groups, double learningRate = 1e-2, double beta2Decay = -0.8, double? eps1 = null, double eps2 = 1e-3, double d = 1, double weightDecay = 0)
        : base(groups, learningRate, weightDecay)
    {
        _beta2Decay = beta2Decay <= 0 && double.IsFinite(beta2Decay)
            ? beta2Decay
            : throw new ArgumentOutOfRangeException(nameof(beta2Decay), beta2Decay, "Adafactor: beta2Decay must be finite and not positive.");
        _epsilon1 = eps1 is { } least ? Hyper.NotNegative(least, nameof(eps1), nameof(Adafactor)) : null;
        _epsilon2 = Hyper.NotNegative(eps2, owner: nameof(Adafactor));
        _clipping = Hyper.Positive(d, owner: nameof(Adafactor));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames { get; } = [.. s_factored, .. s_whole];

    /// <inheritdoc/>
    protected override MapProgram Program => s_update.Always;

    /// <inheritdoc/>
    protected override bool HasDecoupledDecay => true;

    /// <inheritdoc/>
    private protected override TensorRule Rule => Update;

    /// <inheritdoc/>
    private protected override IReadOnlyList<string> StateNamesOf(Shape parameter) => parameter.Rank > 1 ? s_factored : s_whole;

    /// <inheritdoc/>
    private protected override Shape StateShape(Shape parameter, int index)
    {
        if (parameter.Rank < 2)
        {
            return parameter;
        }

        int[] sizes = parameter.AsSpan().ToArray();
        sizes[^(1 + index)] = 1;
        return new Shape(sizes);
    }

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p)
    {
        p[RelativeStep] = Math.Min(learningRate, 1 / Math.Sqrt(step));
        p[Fresh] = Math.Pow(step, _beta2Decay);
        p[Beta2] = 1 - p[Fresh];
        (p[LeastSize], p[InverseClip]) = (_epsilon2, 1 / _clipping);
    }

    private void Update(TensorUpdate update)
    {
        Tensor w = update.Parameter, g = update.Gradient.To(update.ComputeType), square = g.Square();
        double least = _epsilon1 ?? Spacing(w.DType);
        Tensor u;
        if (w.Rank > 1)
        {
            (Tensor rows, Tensor columns) = (update.State[0], update.State[1]);
            update.Overwrite([rows], s_average, rows, square.Mean(-1, keepDims: true));
            update.Overwrite([columns], s_average, columns, square.Mean(-2, keepDims: true));
            u = update.Compute(w.Shape, s_factoredSteps.GetOrAdd(least, FactoredStep), g, rows, columns, rows.Mean(-2, keepDims: true));
        }
        else
        {
            Tensor variance = update.State[0];
            update.Overwrite([variance], s_average, variance, square);
            u = update.Compute(w.Shape, s_wholeSteps.GetOrAdd(least, WholeStep), g, variance);
        }

        update.Overwrite([w], s_update, w, u, update.RootMeanSquare(w), update.RootMeanSquare(u));
    }

    private static MapProgram CompileUpdate()
    {
        Expr u = Expr.Input(1), sizeOfW = Expr.Input(2), sizeOfU = Expr.Input(3);
        Expr step = Expr.Max(Expr.Parameter(LeastSize), sizeOfW) * Expr.Parameter(RelativeStep);
        return MapProgram.Compile(4, (Expr.Parameter(Keep) * Weight) - (step / Expr.Max(1, sizeOfU * Expr.Parameter(InverseClip)) * u));
    }

    /// <summary>u of g, R, C and mean(R).</summary>
    private static MapProgram FactoredStep(double least) =>
        Step(4, Expr.Input(1) * Expr.Input(2) / Expr.Max(Expr.Input(3), least), least);

    /// <summary>u of g and v.</summary>
    private static MapProgram WholeStep(double least) => Step(2, Expr.Input(1), least);

    private static MapProgram Step(int inputs, Expr variance, double least) =>
        MapProgram.Compile(inputs, Expr.Input(0) / Expr.Sqrt(Expr.Max(variance, least * least)));

    /// <summary>The distance from 1 to the next larger number.</summary>
    private static double Spacing(DType type) => type switch
    {
        DType.Float64 => double.BitIncrement(1) - 1,
        DType.Float16 => 1.0 / 1024,
        DType.BFloat16 => 1.0 / 128,
        _ => MathF.BitIncrement(1) - 1,
    };
}
