using System.Runtime.CompilerServices;

namespace Engine.Nn;

// What a trainer is made of: a model, the function of a batch, an optimizer, a loss.
public sealed partial class Trainer
{
    private readonly Func<Batch, Tensors> _forward;
    private readonly BatchLossFunction _loss;

    /// <summary>A trainer of a model that turns one tensor into another.</summary>
    /// <exception cref="ArgumentException">The optimizer holds none of the model's parameters, so that nothing would be trained.</exception>
    [OverloadResolutionPriority(1)]
    public Trainer(Layer model, Optimizer optimizer, LossFunction loss)
        : this(model, OfInputs(Call(model)), optimizer, OfPair(loss))
    {
    }

    /// <summary>A trainer of a model that turns one tensor into another, with a loss of the whole batch: without targets, say.</summary>
    /// <exception cref="ArgumentException">The optimizer holds none of the model's parameters, so that nothing would be trained.</exception>
    public Trainer(Layer model, Optimizer optimizer, BatchLossFunction loss)
        : this(model, OfInputs(Call(model)), optimizer, loss)
    {
    }

    /// <summary>A trainer of any module, given the function of the inputs of a batch.</summary>
    /// <remarks>
    /// The optimizer may hold a part of the model's parameters (the others stay as they are) and tensors beside the model's (weights of a
    /// loss, say).
    /// </remarks>
    /// <exception cref="ArgumentException">The optimizer holds none of the model's parameters, so that nothing would be trained.</exception>
    [OverloadResolutionPriority(1)]
    public Trainer(Module model, Func<Tensor, Tensor> forward, Optimizer optimizer, LossFunction loss)
        : this(model, OfInputs(forward), optimizer, OfPair(loss))
    {
    }

    /// <summary>A trainer of a module with several inputs and one output.</summary>
    /// <param name="model">The model.</param>
    /// <param name="forward">Calls it: <c>batch => model.Forward(batch["image"], batch["table"])</c>.</param>
    /// <param name="optimizer">Of the model's parameters.</param>
    /// <param name="loss">Of the output and the batch's one target.</param>
    /// <exception cref="ArgumentException">The optimizer holds none of the model's parameters, so that nothing would be trained.</exception>
    public Trainer(Module model, Func<Batch, Tensors> forward, Optimizer optimizer, LossFunction loss)
        : this(model, forward, optimizer, OfPair(loss))
    {
    }

    /// <summary>A trainer of a module with several inputs, outputs or targets.</summary>
    /// <param name="model">The model.</param>
    /// <param name="forward">Calls it and returns its outputs, by place or by name: <c>batch => model.Forward(batch.Inputs)</c> of a method that returns a pair, say.</param>
    /// <param name="optimizer">Of the model's parameters.</param>
    /// <param name="loss">Of outputs and batch: <c>(y, batch) => Losses.CrossEntropy(y[0], batch["kind"]) + (0.1 * Losses.Mse(y[1], batch["price"]))</c>.</param>
    /// <exception cref="ArgumentException">The optimizer holds none of the model's parameters, so that nothing would be trained.</exception>
    public Trainer(Module model, Func<Batch, Tensors> forward, Optimizer optimizer, BatchLossFunction loss)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(loss);
        CheckOptimizer(model, optimizer, "Trainer");
        (Model, _own, _active, _forward, _loss) = (model, optimizer, optimizer, forward, loss);
    }

    /// <summary>A trainer whose steps are code of one's own, with several optimizers: a GAN, say.</summary>
    /// <param name="model">The model that holds all parts.</param>
    /// <param name="optimizers">The optimizers; all their states are saved and resumed.</param>
    /// <param name="step">Makes a step of a batch.</param>
    /// <param name="forward">The outputs of a batch, for <see cref="Predict(Tensors, int, CancellationToken)"/> and <see cref="Evaluate"/>; null where nobody asks for them.</param>
    /// <param name="loss">The loss of outputs and batch, for <see cref="Evaluate"/>; null where nobody asks for it.</param>
    /// <exception cref="ArgumentException">There are no optimizers, one is there twice, or one holds none of the model's parameters.</exception>
    public Trainer(Module model, IReadOnlyList<Optimizer> optimizers, TrainingStep step, Func<Batch, Tensors>? forward = null, BatchLossFunction? loss = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Optimizer[] all = Guard.NoNulls(optimizers);
        ArgumentNullException.ThrowIfNull(step);
        if (all.Length == 0 || all.Distinct<Optimizer>(ReferenceEqualityComparer.Instance).Count() < all.Length)
        {
            throw new ArgumentException($"Trainer: there are {all.Length} optimizers; there must be one or more, each once.", nameof(optimizers));
        }

        foreach (Optimizer optimizer in all)
        {
            CheckOptimizer(model, optimizer, "Trainer");
        }

        (Model, _own, _active, _others, _step) = (model, all[0], all[0], all[1..], step);
        (_forward, _loss) = (forward ?? Missing<Tensors>("forward"), loss ?? ((_, _) => Missing<Tensor>("loss")(default)));
        (_hasForward, _hasLoss) = (forward is not null, loss is not null);
    }

    /// <summary>The model.</summary>
    public Module Model { get; }

    private static Func<Batch, T> Missing<T>(string what) => _ =>
        throw new InvalidOperationException($"Trainer: it was made with a step of its own and without the function '{what}', which evaluation and prediction need. Pass {what}: to the constructor.");

    private static Func<Tensor, Tensor> Call(Layer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Call;
    }

    private static Func<Batch, Tensors> OfInputs(Func<Tensor, Tensor> forward)
    {
        ArgumentNullException.ThrowIfNull(forward);
        return batch => forward(batch.Inputs);
    }

    private static BatchLossFunction OfPair(LossFunction loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return (predictions, batch) => batch.Weights is null
            ? loss(predictions.SingleFor("Fit", "output"), batch.Targets)
            : throw new InvalidOperationException(
                "Fit: the batch has weights of its samples, and a loss of prediction and target does not heed them. Pass Losses.Weighted((y, t) => Losses.CrossEntropy(y, t, reduction: Reduction.None)) or another loss of the whole batch.");
    }
}
