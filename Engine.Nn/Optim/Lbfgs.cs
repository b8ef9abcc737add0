namespace Engine.Nn;

/// <summary>L-BFGS: w ← w + t·d with d = −H·g, where H is an estimate of the inverse Hessian from the last steps and changes of the gradient.</summary>
/// <remarks>
/// <para>A step computes the loss several times, so it needs a closure. Made for a loss that is the same each time: the whole training set, or a
/// large batch that is kept for the whole step. The history belongs to all parameters together, as one long vector.</para>
/// <code>
/// Lbfgs optimizer = new(model.Parameters, strongWolfe: true);
/// for (int step = 0; step &lt; 20; step++)
/// {
///     Tensor loss = optimizer.Step(() =>
///     {
///         optimizer.ZeroGrad();
///         Tensor loss = model.Forward(x).CrossEntropy(y);
///         loss.Backward();
///         return loss;
///     });
/// }
/// </code>
/// <para>Without a line search t is the learning rate (in the very first step at most 1/‖g‖₁ of it). With strong Wolfe conditions a step
/// is searched so long that the loss falls enough and the slope becomes flat enough; then the loss never grows. PyTorch's defaults, and
/// the names of its state: <c>old_stps</c>, <c>old_dirs</c>, <c>d</c>, <c>t</c>, <c>H_diag</c>, <c>prev_flat_grad</c>, <c>n_iter</c>, <c>func_evals</c>.
/// Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989.</para>
/// </remarks>
public sealed partial class Lbfgs : Optimizer
{
    private static readonly TensorVectorSpace s_space = new();
    private readonly Tensor[] _parameters;
    private readonly LbfgsHistory<Tensor> _history;
    private readonly int _historySize;
    private readonly int _maxIterations;
    private readonly int _maxEvaluations;
    private readonly double _gradientTolerance;
    private readonly double _changeTolerance;
    private readonly bool _strongWolfe;
    private readonly int _count;
    private Tensor? _direction;
    private Tensor? _gradient;
    private double _step;

    /// <summary>Trains a list of parameters.</summary>
    /// <param name="parameters">The parameters to train; all on one device.</param>
    /// <param name="learningRate">The length of a step as a part of the quasi-Newton step; with <paramref name="strongWolfe"/> the first trial.</param>
    /// <param name="maxIterations">The most updates in one call of <see cref="Step(Func{Tensor})"/>.</param>
    /// <param name="maxEvaluations">After how many losses a call ends; null for 5/4 of <paramref name="maxIterations"/>.</param>
    /// <param name="gradientTolerance">A call ends where no element of the gradient is larger.</param>
    /// <param name="changeTolerance">A call ends where no element of the update, or the change of the loss, is larger.</param>
    /// <param name="historySize">How many steps are remembered; each costs twice the memory of the parameters.</param>
    /// <param name="strongWolfe">Whether the length of a step is searched.</param>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    public Lbfgs(
        IEnumerable<Tensor> parameters,
        double learningRate = 1,
        int maxIterations = 20,
        int? maxEvaluations = null,
        double gradientTolerance = 1e-7,
        double changeTolerance = 1e-9,
        int historySize = 100,
        bool strongWolfe = false)
        : base([new ParameterGroup(parameters)], learningRate, weightDecay: 0)
    {
        _parameters = [.. Parameters];
        _count = Guard.Size(nameof(Lbfgs), _parameters.Sum(static p => p.ElementCount));
        _maxIterations = Hyper.Count(maxIterations, owner: nameof(Lbfgs));
        _maxEvaluations = maxEvaluations is { } most ? Hyper.Count(most, nameof(maxEvaluations), nameof(Lbfgs)) : (int)Math.Min(int.MaxValue, maxIterations * 5L / 4);
        _gradientTolerance = Hyper.NotNegative(gradientTolerance, owner: nameof(Lbfgs));
        _changeTolerance = Hyper.NotNegative(changeTolerance, owner: nameof(Lbfgs));
        _historySize = Hyper.Count(historySize, owner: nameof(Lbfgs));
        _history = new LbfgsHistory<Tensor>(s_space, _historySize);
        _strongWolfe = strongWolfe;
    }

    /// <inheritdoc/>
    public override bool NeedsClosure => true;

    /// <summary>How many updates were begun, in all calls together.</summary>
    public long Iterations { get; private set; }

    /// <summary>How many times the loss was computed.</summary>
    public long Evaluations { get; private set; }

    /// <summary>None for single parameters: the history is of all together.</summary>
    public override IReadOnlyList<string> StateNames => [];

    /// <summary>The last part of an update, w ← w + t·d, is a step of gradient descent along −d.</summary>
    protected override MapProgram Program => OptimizerPrograms.Sgd;

    /// <summary>Makes up to <c>maxIterations</c> updates.</summary>
    /// <param name="closure">Drops the old gradients, computes the loss, calls <see cref="Tensor.Backward"/> on it and returns it. It is called several times.</param>
    /// <returns>The loss before the first update.</returns>
    /// <remarks>The loss is read on the host, so that a step cannot be captured. A loss that is not finite ends the call.</remarks>
    /// <exception cref="ShapeMismatchException">The loss is not one number.</exception>
    public override Tensor Step(Func<Tensor> closure)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor first = Run(closure);
        if (first.ElementCount != 1)
        {
            throw new ShapeMismatchException($"Lbfgs.Step: the loss is {first.Shape}; it must be a scalar. Take its mean or sum.");
        }

        using GradMode.Scope mode = GradMode.Off();
        LinePoint<Tensor> at = new(0, first.Item(), 0, FlatGradient());
        Evaluations++;
        long lastEvaluation = Evaluations + _maxEvaluations - 1;
        for (int i = 0; i < _maxIterations && double.IsFinite(at.Value) && Largest(at.Gradient) > _gradientTolerance; i++)
        {
            double before = at.Value;
            if (Update(closure, at, isLast: i == _maxIterations - 1) is not { } next)
            {
                break;
            }

            at = next;
            if (Evaluations >= lastEvaluation || Largest(_direction!) * Math.Abs(_step) <= _changeTolerance || Math.Abs(at.Value - before) < _changeTolerance)
            {
                break;
            }
        }

        CountStep();
        return scope.Keep(first);
    }

    /// <inheritdoc/>
    private protected override void RunStep(MapProgram program, Tensor? condition) => throw new InvalidOperationException(
        "Lbfgs: a step computes the loss several times; pass a closure to Step that drops the gradients, computes the loss, calls Backward() and returns the loss.");

    /// <inheritdoc/>
    protected override void SetHyperParameters(double learningRate, long step, Span<double> p) => p[SgdParameters.Rate] = learningRate;

    /// <summary>One update; null if none could be made.</summary>
    private LinePoint<Tensor>? Update(Func<Tensor> closure, LinePoint<Tensor> at, bool isLast)
    {
        Iterations++;
        if (_direction is null)
        {
            _history.Clear();
        }
        else
        {
            _history.Add(Kept(_step * _direction), Kept(at.Gradient - _gradient!));
        }

        bool isFirst = _direction is null;
        Replace(ref _direction, _history.Direction(at.Gradient));
        Replace(ref _gradient, at.Gradient);
        _step = isFirst ? Math.Min(1, 1 / at.Gradient.Abs().Sum().Item()) * LearningRate : LearningRate;
        double slope = s_space.Dot(at.Gradient, _direction!);
        if (!(slope <= -_changeTolerance))
        {
            return null;
        }

        return _strongWolfe ? Search(closure, at with { Step = 0, Slope = slope }) : Move(closure, at, isLast);
    }

    /// <summary>A step of the learning rate's length. The loss after the last one of a call is not computed: the next call does.</summary>
    private LinePoint<Tensor> Move(Func<Tensor> closure, LinePoint<Tensor> at, bool isLast)
    {
        int offset = 0;
        foreach (Tensor parameter in _parameters)
        {
            if (parameter.RequiresGrad)
            {
                parameter.AddInPlace(Part(_direction!, offset, parameter), _step);
            }

            offset += (int)parameter.ElementCount;
        }

        return isLast ? at : Evaluate(closure, _step);
    }

    /// <summary>A step that meets the strong Wolfe conditions; without one the parameters are as before.</summary>
    private LinePoint<Tensor>? Search(Func<Tensor> closure, LinePoint<Tensor> at)
    {
        Tensor origin = Flat(static p => p);
        LinePoint<Tensor>? found = WolfeLineSearch.Search(
            step =>
            {
                MoveTo(origin + (step * _direction!));
                return Evaluate(closure, step);
            },
            at,
            _step,
            rounding: s_space.Epsilon);
        _step = found?.Step ?? 0;
        MoveTo(_step > 0 ? origin + (_step * _direction!) : origin);
        return found;
    }

    private LinePoint<Tensor> Evaluate(Func<Tensor> closure, double step)
    {
        Evaluations++;
        using TensorScope scope = TensorScope.Begin();
        double loss = Run(closure).Item();
        Tensor gradient = scope.Keep(FlatGradient());
        return new LinePoint<Tensor>(step, loss, s_space.Dot(gradient, _direction!), gradient);
    }

    private void MoveTo(Tensor flat)
    {
        int offset = 0;
        foreach (Tensor parameter in _parameters)
        {
            if (parameter.RequiresGrad)
            {
                parameter.CopyFrom(Part(flat, offset, parameter));
            }

            offset += (int)parameter.ElementCount;
        }
    }

    private static Tensor Part(Tensor flat, int offset, Tensor parameter) =>
        flat.Narrow(0, offset, (int)parameter.ElementCount).Reshape(parameter.Shape).To(parameter.DType);

    private Tensor FlatGradient() => Flat(static p => p.RequiresGrad && p.Grad is { } gradient ? gradient : p.ZerosLike());

    /// <summary>The type of the most precise parameter, but at least float32.</summary>
    private DType ComputeType => Array.Exists(_parameters, static p => p.DType == DType.Float64) ? DType.Float64 : DType.Float32;

    /// <summary>The tensors of all parameters, flattened into one.</summary>
    private Tensor Flat(Func<Tensor, Tensor> of)
    {
        DType dtype = ComputeType;
        if (_parameters is [var only])
        {
            // Memory of its own, as for several.
            return of(only).Detach().Reshape(_count).To(dtype).Clone();
        }

        return Tensor.Concat([.. _parameters.Select(p => of(p).Detach().Reshape((int)p.ElementCount).To(dtype))]);
    }

    private static double Largest(Tensor vector) => vector.ElementCount == 0 ? 0 : vector.Abs().Max().Item();

    private static Tensor Kept(Tensor vector)
    {
        using TensorScope outside = TensorScope.Suspend();
        return vector.Clone();
    }

    private static void Replace(ref Tensor? held, Tensor vector)
    {
        Tensor kept = Kept(vector);
        held?.Dispose();
        held = kept;
    }
}
