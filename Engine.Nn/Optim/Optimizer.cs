using System.Globalization;

namespace Engine.Nn;

/// <summary>
/// Moves parameters against their gradients: after <see cref="Tensor.Backward"/> has filled <see cref="Tensor.Grad"/>,
/// <see cref="Step()"/> updates every parameter in place.
/// </summary>
/// <remarks>
/// <para>A parameter without a gradient is left alone, its state too: frozen layers and unused branches cost nothing. Each parameter counts
/// its own steps. State tensors are made at a parameter's first step, on its device; of half-precision parameters they are float32.</para>
/// <para>An update is one pass over memory (a program of <see cref="OptimizerTerms"/>) and is not recorded.</para>
/// </remarks>
public abstract partial class Optimizer
{
    private const int MostHyperParameters = 10;
    private readonly Slot[] _slots;
    private Update[] _updates = [];
    private int _updateCount;
    private MapProgram? _conditional;

    /// <summary>Takes charge of groups of parameters.</summary>
    /// <exception cref="ArgumentException">There are no parameters, or one appears twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A hyper-parameter lies outside its range.</exception>
    protected Optimizer(IEnumerable<ParameterGroup> groups, double learningRate, double weightDecay)
    {
        Groups = Guard.NoNulls(groups);
        LearningRate = learningRate;
        WeightDecay = Hyper.NotNegative(weightDecay, owner: GetType().Name);
        List<Slot> slots = [];
        HashSet<Tensor> seen = new(ReferenceEqualityComparer.Instance);
        foreach (ParameterGroup group in Groups)
        {
            for (int i = 0; i < group.Parameters.Count; i++)
            {
                Tensor parameter = group.Parameters[i];
                if (!seen.Add(parameter))
                {
                    throw new ArgumentException($"{GetType().Name}: a parameter {parameter.Shape} is in the list twice; it would be updated twice.", nameof(groups));
                }

                slots.Add(new Slot(parameter, group, group.NameOf(i) ?? slots.Count.ToString()));
            }
        }

        _slots = slots.Count > 0 ? [.. slots] : throw new ArgumentException($"{GetType().Name}: there are no parameters to optimize.", nameof(groups));
    }

    /// <summary>The groups of parameters.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>The step size; schedules change it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double LearningRate
    {
        get;
        set => field = Hyper.NotNegative(value, nameof(LearningRate), GetType().Name);
    }

    /// <summary>"Adam(learning rate 0.001, 4 parameters)".</summary>
    public override string ToString()
    {
        int parameters = Groups.Sum(static group => group.Parameters.Count);
        return string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}(learning rate {LearningRate}, {parameters} parameter{(parameters == 1 ? string.Empty : "s")}{(Groups.Count == 1 ? string.Empty : $" in {Groups.Count} groups")})");
    }

    /// <summary>The weight decay of groups that have none of their own.</summary>
    public double WeightDecay { get; }

    /// <summary>The names of the state tensors that parameters have, in the order of the program's inputs; PyTorch's names.</summary>
    public abstract IReadOnlyList<string> StateNames { get; }

    /// <summary>The update, in the order of <see cref="OptimizerTerms"/>: inputs parameter, gradient, state …; outputs parameter, state …</summary>
    protected abstract MapProgram Program { get; }

    /// <summary>Whether weight decay shrinks the parameter itself rather than adding to its gradient.</summary>
    protected virtual bool HasDecoupledDecay => false;

    /// <summary>All parameters of all groups.</summary>
    public IEnumerable<Tensor> Parameters => _slots.Select(static s => s.Parameter);

    /// <summary>Updates every parameter that has a gradient.</summary>
    /// <remarks>
    /// It can be captured (<see cref="Device.Capture(Action, IReadOnlyList{Tensor}, int)"/>): before each replay the hyper-parameters are
    /// computed for the present <see cref="LearningRate"/> and the next number of the step, and sent to the device in one piece.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The optimizer needs a closure (<see cref="NeedsClosure"/>).</exception>
    public void Step() => RunStep(Program, condition: null);

    /// <summary>Whether the optimizer computes the loss several times a step, so that only <see cref="Step(Func{Tensor})"/> can make one.</summary>
    public virtual bool NeedsClosure => false;

    /// <summary>Computes the loss and its gradients, then updates every parameter that has one.</summary>
    /// <param name="closure">Drops the old gradients (<see cref="ZeroGrad"/>), computes the loss, calls <see cref="Tensor.Backward"/> on it and returns it.</param>
    /// <returns>The loss before the step.</returns>
    public virtual Tensor Step(Func<Tensor> closure)
    {
        Tensor loss = Run(closure);
        Step();
        return loss;
    }

    /// <summary>
    /// As <see cref="Step()"/> where the condition is not 0; else parameters and state keep their bits. The device decides: nothing waits.
    /// </summary>
    /// <param name="condition">One number, on the parameters' device.</param>
    /// <remarks>
    /// <see cref="StepsOf"/> counts the step in either case, because the host does not know the condition. After k steps that changed nothing,
    /// Adam's bias corrections are k steps ahead. The next updates are then somewhat smaller; the effect fades with further steps.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">The condition has several elements.</exception>
    /// <exception cref="DeviceMismatchException">It is on another device than a parameter.</exception>
    /// <exception cref="InvalidOperationException">The optimizer needs a closure (<see cref="NeedsClosure"/>).</exception>
    public void StepIf(Tensor condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        if (condition.ElementCount != 1)
        {
            throw new ShapeMismatchException($"StepIf: the condition is {condition.Shape}; it must be one number.");
        }

        RunStep(_conditional ??= OptimizerPrograms.Conditional(Program), condition);
    }

    private protected virtual void RunStep(MapProgram program, Tensor? condition)
    {
        _updateCount = 0;
        foreach (Slot slot in _slots)
        {
            if (slot.Parameter.Grad is not { } gradient || !slot.Parameter.RequiresGrad)
            {
                continue;
            }

            Prepare(slot);
            slot.Inputs[1] = gradient;
            if (condition is not null)
            {
                Guard.SameDevice(nameof(StepIf), slot.Parameter, condition);
                slot.Inputs[^1] = condition;
            }

            UpdateOf(slot, program).Add(slot);
        }

        CapturePass? pass = CapturePass.Current;
        Span<double> hyper = stackalloc double[MostHyperParameters];
        foreach (Update update in _updates.AsSpan(0, _updateCount))
        {
            if (pass is not null && Recorded(update, pass) is { } memory)
            {
                update.Run(memory);
                continue;
            }

            update.CountStep();
            SetHyperParameters(update.Group, update.Steps, hyper);
            update.Run(hyper);
        }
    }

    /// <summary>The loss of a closure, which may differentiate whatever mode the caller is in.</summary>
    private protected Tensor Run(Func<Tensor> closure)
    {
        ArgumentNullException.ThrowIfNull(closure);
        using GradMode.Scope mode = GradMode.On();
        return Guard.Returned(closure(), $"{GetType().Name}.Step", "the closure");
    }

    /// <summary>Counts a step of all parameters that are trained.</summary>
    private protected void CountStep()
    {
        foreach (Slot slot in _slots)
        {
            slot.Steps += slot.Parameter.RequiresGrad ? 1 : 0;
        }
    }

    /// <summary>Drops the gradients of all parameters.</summary>
    public void ZeroGrad()
    {
        foreach (Slot slot in _slots)
        {
            slot.Parameter.ClearGrad();
        }
    }

    /// <summary>How many updates a parameter has had.</summary>
    public long StepsOf(Tensor parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Find(parameter).Steps;
    }

    /// <summary>
    /// A state tensor of a parameter, such as Adam's <c>exp_avg</c>; null before its first step, and where a parameter of that shape has no such
    /// state. It changes with every step.
    /// </summary>
    /// <exception cref="ArgumentException">The parameter is not this optimizer's, or there is no such state.</exception>
    public Tensor? StateOf(Tensor parameter, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(parameter);
        if (!StateNames.Contains(name))
        {
            throw new ArgumentException($"{GetType().Name} has no state '{name}'; it has {string.Join(", ", StateNames)}.", nameof(name));
        }

        Slot slot = Find(parameter);
        int index = StateNamesOf(parameter.Shape).ToList().IndexOf(name);
        return slot.Outputs.Length > 0 && index >= 0 ? slot.Outputs[1 + index] : null;
    }

    /// <summary>Fills in the program's parameters from <see cref="OptimizerTerms.FirstOwn"/> on; those before are set.</summary>
    /// <param name="learningRate">The group's.</param>
    /// <param name="step">The number of the step, from 1.</param>
    /// <param name="p">The parameters.</param>
    protected abstract void SetHyperParameters(double learningRate, long step, Span<double> p);

    /// <summary>The values of a state tensor before the first step.</summary>
    protected virtual double InitialState(int index) => 0;

    /// <summary>1 − decayᵗ, which corrects a running average that started from 0.</summary>
    protected static double BiasCorrection(double decay, long step) => 1 - Math.Pow(decay, step);

    private void SetHyperParameters(ParameterGroup group, long step, Span<double> p)
    {
        double rate = LearningRate * group.LearningRateFactor;
        double decay = group.WeightDecay ?? WeightDecay;
        (p[OptimizerTerms.Keep], p[OptimizerTerms.Decay]) = HasDecoupledDecay ? (1 - (rate * decay), 0.0) : (1.0, decay);
        SetHyperParameters(rate, step, p);
    }

    private Slot Find(Tensor parameter) => Array.Find(_slots, s => ReferenceEquals(s.Parameter, parameter))
        ?? throw new ArgumentException($"{GetType().Name}: the tensor is not one of its parameters.", nameof(parameter));

    /// <summary>Makes the state tensors at the first step, and moves them after the parameter where that has moved.</summary>
    private void Prepare(Slot slot)
    {
        Tensor parameter = slot.Parameter;
        if (slot.Outputs.Length > 0 && slot.Outputs[^1].Device == parameter.Device)
        {
            return;
        }

        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        int states = StateNamesOf(parameter.Shape).Count;
        Tensor[] inputs = new Tensor[3 + states];
        Tensor[] outputs = new Tensor[1 + states];
        inputs[0] = outputs[0] = parameter;
        for (int i = 0; i < states; i++)
        {
            Tensor state = slot.Outputs.Length > 0
                ? slot.Outputs[1 + i].To(parameter.Device)
                : Tensor.Full(StateShape(parameter.Shape, i), InitialState(i), parameter.DType.ComputeType(), parameter.Device);
            inputs[2 + i] = outputs[1 + i] = state.InOrderOf(parameter);
        }

        (slot.Inputs, slot.Outputs) = (inputs, outputs);
    }

    /// <summary>The update of this step that a slot belongs to: all whose hyper-parameters, element type and device are its own.</summary>
    private Update UpdateOf(Slot slot, MapProgram program)
    {
        foreach (Update update in _updates.AsSpan(0, _updateCount))
        {
            if (update.Takes(slot))
            {
                return update;
            }
        }

        if (_updateCount == _updates.Length)
        {
            Array.Resize(ref _updates, _updateCount + 1);
        }

        ref Update kept = ref _updates[_updateCount++];
        Update fresh = kept?.Program == program ? kept : kept = new Update(program, Rule);
        fresh.Begin(slot);
        return fresh;
    }

    /// <summary>A parameter with its state in the optimizer.</summary>
    private sealed class Slot(Tensor parameter, ParameterGroup group, string name)
    {
        public Tensor Parameter { get; } = parameter;

        public ParameterGroup Group { get; } = group;

        public string Name { get; } = name;

        public long Steps { get; set; }

        /// <summary>Parameter, gradient, state …, condition; gradient and condition only during a step. Empty before the first one.</summary>
        public Tensor[] Inputs { get; set; } = [];

        /// <summary>Parameter, state …; empty before the first step.</summary>
        public Tensor[] Outputs { get; set; } = [];

        /// <summary>Whether the state tensors go with the parameter as it is now.</summary>
        public bool HasFittingState(Func<Shape, int, Shape> shapeOf) => Outputs.Length > 1
            && Outputs[^1].Shape == shapeOf(Parameter.Shape, Outputs.Length - 2)
            && Outputs[^1].DType == Parameter.DType.ComputeType() && Outputs[^1].Device == Parameter.Device;

        public void Forget()
        {
            foreach (Tensor state in Outputs.AsSpan(Math.Min(1, Outputs.Length)))
            {
                state.Dispose();
            }

            (Inputs, Outputs) = ([], []);
        }
    }
}
