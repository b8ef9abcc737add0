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

    /// <summary>The model.</summary>
    public Module Model { get; }

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
