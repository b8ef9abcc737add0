namespace Engine.Nn;

/// <summary>
/// Dynamic loss scaling, which float16 needs: gradients below 6·10⁻⁸ are 0 in it. The loss is multiplied by a large number before the backward
/// pass and the gradients are divided by it after; a step whose gradients overflowed is left out, and the scale halved.
/// </summary>
/// <remarks>
/// <code>
/// using (Autocast.Scope half = Autocast.To(DType.Float16))
/// {
///     loss = Losses.CrossEntropy(model.Forward(x), y);
/// }
///
/// scaler.Scale(loss).Backward();
/// scaler.Unscale(optimizer);                       // only where gradients are looked at: clipping
/// optimizer.Parameters.ClipGradNorm(1);
/// scaler.Step(optimizer);
/// scaler.Update();
/// </code>
/// <para>Scale, count of good steps and verdict stay on the device, which leaves the update out by itself (<see cref="Optimizer.StepIf"/>): the host
/// never waits, and the whole can be captured. bfloat16 has float32's range and needs none of it. Names and defaults are those of PyTorch's
/// GradScaler. (Micikevicius et al., Mixed precision training, 2018.)</para>
/// </remarks>
public sealed class LossScaler
{
    // The reciprocal of a smaller one would be infinite, and no scale would come back from that.
    private const double LeastScale = 1.2e-38;

    // The numbers of the state tensors, which are the first inputs of the update, and of the update's parameters.
    private const int CurrentScale = 0, GoodSteps = 1, SkippedSteps = 2, StateCount = 3;
    private const int GrowthFactor = 0, BackoffFactor = 1, GrowthInterval = 2, ParameterCount = 3;

    private static readonly MapProgram s_isFinite = MapProgram.Compile(
        1, Expr.Where(Expr.Less(Expr.Abs(Expr.Input(0)), double.PositiveInfinity), 1, 0));

    private static readonly MapProgram s_update = MakeUpdate();

    private readonly double _growthFactor;
    private readonly double _backoffFactor;
    private readonly double _growthInterval;
    private readonly Dictionary<Optimizer, Verdict> _verdicts = new(ReferenceEqualityComparer.Instance);

    // Scale, good steps since it last changed, steps left out altogether; until the first use where they were made.
    private readonly double _initialScale;
    private Tensor[] _state = [];

    /// <summary>A scaler with PyTorch's defaults.</summary>
    /// <param name="initialScale">The first scale. Too large a one costs some left-out steps, as it is halved at each.</param>
    /// <param name="growthFactor">The factor of the scale after <paramref name="growthInterval"/> good steps in a row; more than 1.</param>
    /// <param name="backoffFactor">The factor of the scale after an overflow; between 0 and 1.</param>
    /// <param name="growthInterval">How many good steps it takes to try a larger scale.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range.</exception>
    public LossScaler(double initialScale = 65536, double growthFactor = 2, double backoffFactor = 0.5, int growthInterval = 2000)
    {
        if (!(growthFactor > 1 && double.IsFinite(growthFactor)))
        {
            throw new ArgumentOutOfRangeException(nameof(growthFactor), growthFactor, "LossScaler: the scale grows by a finite factor of more than 1.");
        }

        if (!(backoffFactor > 0 && backoffFactor < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(backoffFactor), backoffFactor, "LossScaler: the scale shrinks by a factor between 0 and 1.");
        }

        _initialScale = Hyper.Positive(initialScale);
        (_growthFactor, _backoffFactor, _growthInterval) = (growthFactor, backoffFactor, Hyper.Count(growthInterval));
    }

    /// <summary>The loss times the scale, whose gradients are then scaled alike.</summary>
    public Tensor Scale(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        Prepare(loss.Device);
        return loss * _state[CurrentScale];
    }

    /// <summary>
    /// Divides the gradients of an optimizer's parameters by the scale. <see cref="Step"/> does so by itself; to be called before it only where
    /// gradients are looked at or clipped in between.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are unscaled already, or no loss was scaled.</exception>
    /// <exception cref="DTypeMismatchException">A parameter is float16: a division of the gradient in float16 would lose the digits that scaling keeps.</exception>
    public void Unscale(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        if (_verdicts.ContainsKey(optimizer))
        {
            throw new InvalidOperationException("LossScaler: the gradients of this optimizer are unscaled already. Call Unscale once a step, before Step, and Update after it.");
        }

        if (_state.Length == 0)
        {
            throw new InvalidOperationException("LossScaler: no loss was scaled. Call Scale(loss).Backward().");
        }

        List<Tensor> gradients = GradientClipping.GradientsOf(optimizer.Parameters);
        if (gradients.Find(static g => g.DType == DType.Float16) is { } narrow)
        {
            throw new DTypeMismatchException($"LossScaler: a parameter {narrow.Shape} is f16. Keep parameters in f32; Autocast converts them where products want it.");
        }

        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        using Tensor inverse = _state[CurrentScale].Reciprocal();
        GradientClipping.Multiply(gradients, inverse);

        // One number covers all elements: the norm is finite if they are.
        using Tensor norm = gradients.Count > 0 ? Tensor.GlobalNorm(gradients) : _state[CurrentScale].ZerosLike();
        _verdicts.Add(optimizer, new Verdict(Pointwise.Apply(nameof(LossScaler), s_isFinite, [norm], resultAs: DType.Float32)));
    }

    /// <summary>Updates the parameters with their unscaled gradients; if one of those is infinite or NaN, nothing changes.</summary>
    /// <exception cref="InvalidOperationException">The optimizer has made its step since the last <see cref="Update"/>, or no loss was scaled.</exception>
    public void Step(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        if (!_verdicts.TryGetValue(optimizer, out Verdict? verdict))
        {
            Unscale(optimizer);
            verdict = _verdicts[optimizer];
        }

        if (verdict.HasStepped)
        {
            throw new InvalidOperationException("LossScaler: this optimizer has made its step already. Call Update after the steps of all optimizers.");
        }

        verdict.HasStepped = true;
        optimizer.StepIf(verdict.IsFinite);
    }

    /// <summary>Sets the scale for the next step: smaller if a gradient overflowed, larger after enough steps without.</summary>
    /// <exception cref="InvalidOperationException">No optimizer has made a step.</exception>
    public void Update()
    {
        if (_verdicts.Count == 0)
        {
            throw new InvalidOperationException("LossScaler: there is nothing to go by. Call Step(optimizer) before Update().");
        }

        using (TensorScope scope = TensorScope.Begin())
        using (GradMode.Scope mode = GradMode.Off())
        {
            Tensor? all = null;
            foreach (Verdict verdict in _verdicts.Values)
            {
                all = all is null ? verdict.IsFinite : all * verdict.IsFinite;
            }

            Span<double> p = stackalloc double[ParameterCount];
            (p[GrowthFactor], p[BackoffFactor], p[GrowthInterval]) = (_growthFactor, _backoffFactor, _growthInterval);
            Pointwise.Into(_state, s_update, [.. _state, all!], p);
        }

        Abandon();
    }

    /// <summary>The present scale; waits for the device.</summary>
    public double ReadScale() => _state.Length == 0 ? _initialScale : _state[CurrentScale].Item();

    /// <summary>How many steps were left out because a gradient overflowed; waits for the device.</summary>
    public long ReadSkippedSteps() => _state.Length == 0 ? 0 : (long)_state[SkippedSteps].Item();

    /// <summary>Writes the state that the next step depends on. The tensors are referred to, not copied.</summary>
    public void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Prepare(_state.Length == 0 ? Device.Default : _state[0].Device);
        for (int i = 0; i < _state.Length; i++)
        {
            state.Add(NameOf(i), _state[i]);
        }
    }

    /// <summary>Goes to a state that <see cref="Save"/> wrote.</summary>
    /// <exception cref="ModelFileException">It is not a scaler's.</exception>
    public void Load(TrainingState state) => PrepareLoad(state)();

    /// <summary>Checks a state; the action that it returns restores it.</summary>
    internal Action PrepareLoad(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Tensor[] saved = new Tensor[StateCount];
        for (int i = 0; i < saved.Length; i++)
        {
            saved[i] = state.Tensor(NameOf(i));
            if (saved[i].ElementCount != 1 || saved[i].DType != DType.Float32)
            {
                throw new ModelFileException($"The loss scaler's state '{NameOf(i)}' is {saved[i].DType.ShortName()} {saved[i].Shape}, not one f32 number.");
            }
        }

        return () => Apply(saved);
    }

    private void Apply(Tensor[] saved)
    {
        // Written over in place: captured steps go on with it.
        Prepare(_state.Length == 0 ? Device.Default : _state[0].Device);
        for (int i = 0; i < saved.Length; i++)
        {
            _state[i].CopyFrom(saved[i].Reshape(shape: Shape.Scalar));
        }

        Abandon();
    }

    /// <summary>Forgets a step that was not finished.</summary>
    internal void Abandon()
    {
        foreach (Verdict verdict in _verdicts.Values)
        {
            verdict.IsFinite.Dispose();
        }

        _verdicts.Clear();
    }

    private static string NameOf(int index) => index switch { CurrentScale => "scale", GoodSteps => "growth_tracker", _ => "skipped_steps" };

    private static MapProgram MakeUpdate()
    {
        Expr scale = Expr.Input(CurrentScale), good = Expr.Input(GoodSteps), skipped = Expr.Input(SkippedSteps), isFinite = Expr.Input(StateCount);
        Expr larger = scale * Expr.Parameter(GrowthFactor), smaller = Expr.Max(scale * Expr.Parameter(BackoffFactor), LeastScale);
        Expr grows = Expr.LessEqual(Expr.Parameter(GrowthInterval), good + 1);
        return MapProgram.Compile(
            4,
            Expr.Where(isFinite, Expr.Where(Expr.And(grows, Expr.LessEqual(larger, float.MaxValue)), larger, scale), smaller),
            Expr.Where(isFinite, Expr.Where(grows, 0, good + 1), 0),
            skipped + (1 - isFinite));
    }

    /// <summary>Makes the state at the first use, and moves it after the losses where those have moved.</summary>
    private void Prepare(Device device)
    {
        if (_state.Length > 0 && _state[0].Device == device)
        {
            return;
        }

        using TensorScope outside = TensorScope.Suspend();
        Tensor[] before = _state;
        _state = before.Length > 0
            ? Array.ConvertAll(before, s => s.To(device))
            : [Tensor.Full(Shape.Scalar, _initialScale, DType.Float32, device), Tensor.Zeros(Shape.Scalar, device: device), Tensor.Zeros(Shape.Scalar, device: device)];
        foreach (Tensor moved in before)
        {
            moved.Dispose();
        }
    }

    /// <summary>The verdict on an optimizer's gradients: 1 if all are finite, else 0.</summary>
    private sealed class Verdict(Tensor isFinite)
    {
        public Tensor IsFinite { get; } = isFinite;

        public bool HasStepped { get; set; }
    }
}
