namespace Engine.Nn;

/// <summary>A step of one's own: computes losses of a batch, and lets optimizers follow them by <see cref="StepContext.Minimize"/>, each as often as it likes.</summary>
/// <example><code>
/// Trainer trainer = new(gan, [forG, forD], (step, batch) =>
/// {
///     Tensor fake = gan.Generator.Forward(Tensor.Randn([batch.Count, 16]));
///     Tensor lossD = gan.LossD(batch.Inputs, fake.Detach());
///     step.Minimize(lossD, forD);
///     Tensor lossG = gan.LossG(fake);
///     step.Minimize(lossG, forG);
///     step.Log("d_loss", lossD);
///     return lossG;
/// }) { Figures = ["d_loss"] };
/// </code></example>
/// <param name="step">Optimizers, figures and position.</param>
/// <param name="batch">The batch; the trainer disposes it.</param>
/// <returns>The figure <c>loss</c>, a scalar.</returns>
public delegate Tensor TrainingStep(StepContext step, Batch batch);

/// <summary>What a <see cref="TrainingStep"/> works with.</summary>
public sealed class StepContext
{
    private readonly TrainingContext _context;
    private readonly Batch _batch;
    private readonly HashSet<Optimizer> _stepped = new(ReferenceEqualityComparer.Instance);

    internal StepContext(Trainer trainer, TrainingContext context, Batch batch) => (Trainer, _context, _batch) = (trainer, context, batch);

    /// <summary>The trainer.</summary>
    public Trainer Trainer { get; }

    /// <summary>The model.</summary>
    public Module Model => Trainer.Model;

    /// <summary>The trainer's optimizers.</summary>
    public IReadOnlyList<Optimizer> Optimizers => Trainer.Optimizers;

    /// <summary>The epoch, from 0.</summary>
    public int Epoch => _context.Epoch;

    /// <summary>How many steps were made before this one.</summary>
    public long Step => Trainer.Step;

    internal bool HasScaledSteps => _stepped.Count > 0;

    /// <summary>
    /// Drops the gradients of the optimizer's parameters, computes those of the loss, clips them as the trainer says, and makes the optimizer's step; with float16 by way of
    /// the trainer's <see cref="LossScaler"/>. Gradients that the loss has for parameters of other optimizers stay until these are minimised.
    /// </summary>
    /// <param name="loss">A scalar; its graph is consumed.</param>
    /// <param name="optimizer">One of the trainer's.</param>
    /// <exception cref="ArgumentException">The optimizer is not the trainer's.</exception>
    public void Minimize(Tensor loss, Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(optimizer);
        Trainer.Minimize(loss, optimizer, _stepped);
    }

    /// <summary>Adds a value to a figure of the epoch, the mean over its samples.</summary>
    /// <param name="name">One of <see cref="Trainer.Figures"/>.</param>
    /// <param name="value">Where it is not a scalar its mean is taken; nothing waits for it.</param>
    /// <exception cref="InvalidOperationException">It is none of the trainer's figures.</exception>
    public void Log(string name, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        Trainer.LogFigure(name, value, _batch);
    }

    /// <summary>Counts outputs in the trainer's metrics.</summary>
    public void Measure(Tensors predictions) => Trainer.UpdateMetrics(predictions, _batch);
}
