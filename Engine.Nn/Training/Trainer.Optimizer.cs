namespace Engine.Nn;

// Whose steps are made.
public sealed partial class Trainer
{
    private Optimizer _own;
    private Optimizer _active;

    /// <summary>
    /// The optimizer. It can be exchanged between runs and, by a callback, between two steps: the model keeps its weights and the run its position;
    /// captured steps are captured again. To do so at a certain epoch or when a figure is stuck, see <see cref="SwitchOptimizer"/>.
    /// </summary>
    /// <remarks>
    /// A state that <see cref="Save"/> writes is of the optimizer of that moment, and <see cref="Load"/> wants one of the same kind: where it was
    /// exchanged by hand, exchange it before loading too. <see cref="SwitchOptimizer"/> sees to that itself.
    /// </remarks>
    /// <exception cref="ArgumentException">The new one holds none of the model's parameters, so that nothing would be trained.</exception>
    public Optimizer Optimizer
    {
        get => _active;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckOptimizer(Model, value, nameof(Optimizer));
            _own = value;
            Use(value);
        }
    }

    /// <summary>The optimizer that the run was begun with; it is another than <see cref="Optimizer"/> while a <see cref="SwitchOptimizer"/> has its way.</summary>
    internal Optimizer OwnOptimizer => _own;

    /// <summary>All optimizers that the run's steps may be of, in an order that a state can refer to.</summary>
    private List<Optimizer> KnownOptimizers()
    {
        IEnumerable<Optimizer> others = Callbacks.OfType<SwitchOptimizer>().SelectMany(static c => c.Optimizers);
        return [.. others.Prepend(_own).Distinct<Optimizer>(ReferenceEqualityComparer.Instance)];
    }

    internal void Use(Optimizer optimizer)
    {
        if (ReferenceEquals(optimizer, _active))
        {
            return;
        }

        // A parameter that is not trained any more would keep the gradient of its last step.
        HashSet<Tensor> trained = new(optimizer.Parameters, ReferenceEqualityComparer.Instance);
        foreach (Tensor parameter in _active.Parameters)
        {
            if (!trained.Contains(parameter))
            {
                parameter.ClearGrad();
            }
        }

        EndCapture();
        CaptureRefusal = null;
        _active = optimizer;
    }

    internal static void CheckOptimizer(Module model, Optimizer optimizer, string owner)
    {
        if (optimizer.NeedsClosure)
        {
            throw new ArgumentException(
                $"{owner}: {optimizer.GetType().Name} computes the loss several times a step, which the trainer's loop does not. Write the loop, and call optimizer.Step(closure) in it.", nameof(optimizer));
        }

        HashSet<Tensor> own = new(model.Parameters, ReferenceEqualityComparer.Instance);
        if (!optimizer.Parameters.Any(own.Contains))
        {
            throw new ArgumentException(
                $"{owner}: the {optimizer.GetType().Name} holds none of the {own.Count} parameters of {model.GetType().Name}, so that nothing would be trained. Make it of model.Parameters.",
                nameof(optimizer));
        }
    }
}
